"""KQL, leaf by leaf and as whole queries, as Microsoft's manual has it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from backends.kql import LONG_LIST, LONGEST, Kql
from transpile.ir.nodes import (
    LEAVES,
    Anchor,
    And,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.source import Member
from transpile.query import Place

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
IMAGE = Field("Image", Type.STRING, source=Member("EventData", ("Image",)))
PARENT = Field("Parent", Type.STRING, source=Member("EventData", ("Parent",)))
COLUMN = Field("Account", Type.STRING)
EVENT_ID = Field("EventID", Type.LONG)
SCORE = Field("Score", Type.DOUBLE)
FLAG = Field("Flag", Type.BOOLEAN)
TIME = Field("TimeGenerated", Type.DATE)
BAG = Field("EventData", Type.DYNAMIC)


def where(node: Node) -> str:
    """The one filter that a query for the condition ends with."""
    written = Kql().write(Search(node, table="T"))
    assert written.text is not None, written.refusals
    lines = written.text.split("\n| where ")
    return lines[-1]


def query(node: Node, *scope: Node) -> str:
    written = Kql().write(Search(node, scope, "T"))
    assert written.text is not None, written.refusals
    return written.text


def refusal(node: Node) -> str:
    written = Kql().write(Search(node, table="T"))
    assert written.text is None
    return written.refusals[0].code


def approximations(node: Node) -> list[str]:
    return [reason.code for reason in Kql().write(Search(node, table="T")).approximations]


def test_every_leaf_is_in_the_table() -> None:
    assert set(Kql.GENERATE) == set(LEAVES)


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        # a string read out of a dynamic value
        (Equals(IMAGE, r"C:\a.exe"), r'Image =~ "C:\\a.exe"'),
        (Equals(IMAGE, "a", cased=True), 'Image == "a"'),
        (Equals(IMAGE, ""), "isnotnull(EventData.Image) and isempty(Image)"),
        (IsNull(IMAGE), "isnull(EventData.Image)"),
        (Exists(IMAGE), "isnotnull(EventData.Image)"),
        (Glob(IMAGE, (RUN,)), "isnotnull(EventData.Image)"),
        (Glob(IMAGE, (RUN, r"\a.exe")), r'Image endswith "\\a.exe"'),
        (Glob(IMAGE, ("a", RUN)), 'Image startswith "a"'),
        (Glob(IMAGE, (RUN, "a", RUN)), 'Image contains "a"'),
        (Glob(IMAGE, (RUN, "a"), cased=True), 'Image endswith_cs "a"'),
        (Glob(IMAGE, ("a", RUN), cased=True), 'Image startswith_cs "a"'),
        (Glob(IMAGE, (RUN, "a", RUN), cased=True), 'Image contains_cs "a"'),
        (Glob(IMAGE, ("a", RUN, ".b")), r'Image matches regex "(?is)^a.*\\.b$"'),
        (Glob(IMAGE, (RUN, "a", ONE, "b", RUN)), 'Image matches regex "(?is)a.b"'),
        (Glob(IMAGE, ("a", ONE), cased=True), 'Image matches regex "(?s)^a.$"'),
        (Glob(IMAGE, (ONE, RUN)), 'Image matches regex "(?is)^."'),
        (Glob(IMAGE, ("*", RUN, "?")), r'Image matches regex "(?is)^\\*.*\\?$"'),
        (Regex(IMAGE, r"a\.b"), r'Image matches regex "a\\.b"'),
        (NumberEquals(IMAGE, 4688), 'Image =~ "4688"'),
        (NumberEquals(IMAGE, 4688.0), 'Image =~ "4688"'),
        (NumberEquals(IMAGE, -1.5), 'Image =~ "-1.5"'),
        (BooleanEquals(IMAGE, True), 'Image =~ "true"'),
        (
            Cidr(IMAGE, ip_network("10.0.0.0/8")),
            'coalesce(ipv6_is_match(Image, "10.0.0.0/8"), false)',
        ),
        (
            Cidr(IMAGE, ip_network("fe80::/10")),
            'coalesce(ipv6_is_in_range(Image, "fe80::/10"), false)',
        ),
        (
            Cidr(IMAGE, ip_network("::ffff:10.0.0.0/104")),
            'coalesce(ipv6_is_match(Image, "10.0.0.0/8"), false)',
        ),
        (Compare(IMAGE, Comparison.GTE, 5), "coalesce(todouble(Image) >= 5, false)"),
        (
            TimePartCompare(IMAGE, TimePart.HOUR, Comparison.LT, 6),
            'coalesce(datetime_part("hour", todatetime(Image)) < 6, false)',
        ),
        (
            SameAs(IMAGE, PARENT),
            "isnotnull(EventData.Image) and isnotnull(EventData.Parent) and Image =~ Parent",
        ),
        (
            SameAs(IMAGE, PARENT, Anchor.START, cased=True),
            "isnotnull(EventData.Image) and isnotnull(EventData.Parent)"
            " and Image startswith_cs Parent",
        ),
        # a string column: it can't be null
        (Equals(COLUMN, "a"), 'Account =~ "a"'),
        (Equals(COLUMN, ""), "isempty(Account)"),
        (IsNull(COLUMN), "isempty(Account)"),
        (Exists(COLUMN), "isnotempty(Account)"),
        (
            SameAs(COLUMN, EVENT_ID),
            "isnotempty(Account) and isnotnull(EventID) and Account =~ tostring(EventID)",
        ),
        # numbers
        (NumberEquals(EVENT_ID, 4688), "EventID == 4688"),
        (NumberEquals(EVENT_ID, -1), "EventID == -1"),
        (NumberEquals(EVENT_ID, 4.5), "EventID == 4.5"),
        (Equals(EVENT_ID, "4688"), "EventID == 4688"),
        (Equals(EVENT_ID, "04688"), 'tostring(EventID) =~ "04688"'),
        (Equals(EVENT_ID, "a"), 'tostring(EventID) =~ "a"'),
        (Equals(EVENT_ID, "9" * 5000), f'tostring(EventID) =~ "{"9" * 5000}"'),
        (Equals(EVENT_ID, ""), "isnotnull(EventID) and isempty(tostring(EventID))"),
        (BooleanEquals(EVENT_ID, False), 'tostring(EventID) =~ "false"'),
        (Glob(EVENT_ID, ("46", RUN)), 'tostring(EventID) startswith "46"'),
        (Regex(EVENT_ID, "^46"), 'tostring(EventID) matches regex "^46"'),
        (Compare(EVENT_ID, Comparison.LT, 9), "coalesce(EventID < 9, false)"),
        (Compare(EVENT_ID, Comparison.LT, 10**30), "coalesce(EventID < 1e+30, false)"),
        (
            Compare(EVENT_ID, Comparison.LT, 10**400),
            "coalesce(EventID < 1.7976931348623157e+308, false)",
        ),
        (IsNull(EVENT_ID), "isnull(EventID)"),
        (Exists(EVENT_ID), "isnotnull(EventID)"),
        (NumberEquals(SCORE, 0.5), "Score == 0.5"),
        (Compare(SCORE, Comparison.GT, 0.5), "coalesce(Score > 0.5, false)"),
        # truth values
        (BooleanEquals(FLAG, True), "Flag == true"),
        (Equals(FLAG, "False"), "Flag == false"),
        (Equals(FLAG, "yes"), 'tostring(Flag) =~ "yes"'),
        (NumberEquals(FLAG, 1), 'tostring(Flag) =~ "1"'),
        # times
        (
            TimePartCompare(TIME, TimePart.HOUR, Comparison.EQ, 6),
            'coalesce(datetime_part("hour", TimeGenerated) == 6, false)',
        ),
        (
            TimePartCompare(TIME, TimePart.WEEK, Comparison.GTE, 6),
            "coalesce(week_of_year(TimeGenerated) >= 6, false)",
        ),
        (IsNull(TIME), "isnull(TimeGenerated)"),
        # JSON
        (IsNull(BAG), "isnull(EventData)"),
        (Exists(BAG), "isnotnull(EventData)"),
        (Glob(BAG, (RUN, 'a\\"b', RUN)), r'tostring(EventData) contains "a\\\\\\\"b"'),
    ],
)
def test_leaf(leaf: Node, expected: str) -> None:
    assert where(leaf) == expected


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        (Equals(IMAGE, "ÀB"), 'tolower(Image) == "àb"'),
        (Glob(IMAGE, (RUN, "ÀB", RUN)), 'tolower(Image) contains_cs "àb"'),
        (Equals(IMAGE, "ÀB", cased=True), 'Image == "ÀB"'),
        (Equals(IMAGE, "\u2014b"), 'Image =~ "\u2014b"'),
    ],
)
def test_caseless_operators_fold_ascii_only(leaf: Node, expected: str) -> None:
    assert where(leaf) == expected


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        (r"^\d+\s$", "", r"^[0-9]+[\t-\r ]$"),
        (r"\w", "", "[0-9A-Z_a-z]"),
        (r"[^\\]+", "", r"[^\\]+"),
        ("abc", "i", "(?i)abc"),
        ("(?i:ab)c", "", "(?i:ab)c"),
        ("(?i:a)+c", "", "(?:(?i:a))+c"),
        ("1(?i:2)", "", "12"),
        ("a.b", "s", "(?s)a.b"),
        ("a.b", "", "a.b"),
        ("^a$", "m", "(?m:^)a(?m:$)"),
        (r"\Aa\Z", "", "^a$"),
        ("ab|cd", "", "ab|cd"),
        ("(ab|cd)e", "", "(?:ab|cd)e"),
        ("(ab)*?", "", "(?:ab)*"),
        ("a{2}b{2,}c{2,3}", "", "a{2}b{2,}c{2,3}"),
        ("a{,2}", "", "a{0,2}"),
        ("{a}", "", r"\{a\}"),
        (r"[[a&~-]", "", r"[\&\-\[a\~]"),
        (r"\x41\u00e9\t", "", r"Aé\t"),
        (r"\/\-\ \"", "", '/- "'),
    ],
)
def test_regex(pattern: str, flags: str, expected: str) -> None:
    written = expected.replace("\\", "\\\\").replace('"', r"\"")
    assert where(Regex(IMAGE, pattern, flags)).endswith(f'Image matches regex "{written}"')


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("(?=a)b", "regex-lookaround"),
        ("(?<!a)b", "regex-lookaround"),
        (r"(a)\1", "regex-backreference"),
        ("a(", "regex-syntax"),
        ("a{1001}", "regex-repetition"),
        ("a{2,1001}", "regex-repetition"),
    ],
)
def test_regex_refused(pattern: str, code: str) -> None:
    assert refusal(Regex(IMAGE, pattern)) == code


def test_refusal_has_the_place_of_its_leaf() -> None:
    written = Kql().write(Search(Regex(IMAGE, "(?=a)", place=Place(7, 3)), table="T"))
    assert written.refusals[0].place == Place(7, 3)


@pytest.mark.parametrize("pattern", ["a*", "^$", "a|", "(a?){2}", "^", "a{0,3}"])
def test_regex_that_finds_the_empty_string_asks_for_presence(pattern: str) -> None:
    assert where(Regex(IMAGE, pattern)).startswith("isnotnull(EventData.Image) and Image matches")


@pytest.mark.parametrize("pattern", ["a+", "^a?b", r"\b", "a|b", "(a*b){1,2}"])
def test_other_regex_does_not(pattern: str) -> None:
    assert "isnotnull" not in where(Regex(IMAGE, pattern))


@pytest.mark.parametrize(
    ("node", "codes"),
    [
        (Equals(COLUMN, ""), ["empty-or-missing"]),
        (Not(IsNull(COLUMN)), ["empty-or-missing"]),
        (Exists(COLUMN), ["empty-or-missing"]),
        (Glob(COLUMN, (RUN,)), ["empty-or-missing"]),
        (Regex(COLUMN, "a*"), ["empty-or-missing"]),
        (Equals(IMAGE, ""), []),
        (IsNull(IMAGE), []),
        (Regex(IMAGE, r"\ba"), ["regex-word-boundary"]),
        (TimePartCompare(IMAGE, TimePart.DAY, Comparison.EQ, 1), ["time-zone"]),
        (TimePartCompare(TIME, TimePart.DAY, Comparison.EQ, 1), []),
        (Glob(BAG, (RUN, "a", RUN)), ["json-text"]),
    ],
)
def test_approximations(node: Node, codes: list[str]) -> None:
    assert approximations(node) == codes


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (Keyword(("a",)), "keyword-column"),
        (Equals(BAG, "a"), "json-value"),
        (Or((Equals(BAG, "a"), Equals(BAG, "b"))), "json-value"),
        (Glob(BAG, ("a", RUN)), "json-value"),
        (Regex(BAG, "a"), "json-value"),
    ],
)
def test_refused(leaf: Node, code: str) -> None:
    assert refusal(leaf) == code


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Or((Equals(IMAGE, "a"), Equals(IMAGE, "b"))), 'Image in~ ("a", "b")'),
        (
            Or((Equals(IMAGE, "a", cased=True), Equals(IMAGE, "b", cased=True))),
            'Image in ("a", "b")',
        ),
        (Or((NumberEquals(EVENT_ID, 1), Equals(EVENT_ID, "2"))), "EventID in (1, 2)"),
        (Or((NumberEquals(IMAGE, 1), Equals(IMAGE, "a"))), 'Image in~ ("1", "a")'),
        (
            Or((Equals(IMAGE, "a"), Equals(IMAGE, ""))),
            'Image =~ "a" or (isnotnull(EventData.Image) and isempty(Image))',
        ),
        (
            Or((Equals(IMAGE, "a"), Equals(PARENT, "b"), Equals(IMAGE, "c"))),
            'Image in~ ("a", "c") or Parent =~ "b"',
        ),
        (Not(Equals(IMAGE, "a")), 'not(Image =~ "a")'),
        (Not(Or((Equals(IMAGE, "a"), Equals(IMAGE, "b")))), 'not(Image in~ ("a", "b"))'),
        (
            Not(And((Equals(IMAGE, "a"), Equals(PARENT, "b")))),
            'not(Image =~ "a" and Parent =~ "b")',
        ),
        (
            Or((And((Equals(IMAGE, "a"), Equals(PARENT, "b"))), Not(IsNull(IMAGE)))),
            '(Image =~ "a" and Parent =~ "b") or not(isnull(EventData.Image))',
        ),
        (Not(Not(Equals(IMAGE, "a"))), 'not(not(Image =~ "a"))'),
        (
            Not(Not(Or((Equals(IMAGE, "a"), Equals(PARENT, "b"))))),
            'not(not(Image =~ "a" or Parent =~ "b"))',
        ),
    ],
)
def test_boolean(node: Node, expected: str) -> None:
    assert where(node) == expected


def test_layout() -> None:
    condition = And(
        (
            Glob(IMAGE, (RUN, r"\a.exe")),
            Compare(EVENT_ID, Comparison.GT, 1),
            Not(IsNull(PARENT)),
            Equals(COLUMN, "x"),
        )
    )
    scope = (Equals(Field("Channel", Type.STRING), "Security"), NumberEquals(EVENT_ID, 7))
    assert query(condition, *scope) == "\n".join(
        [
            "T",
            '| where Channel =~ "Security" and EventID == 7',
            "| where coalesce(EventID > 1, false)",
            "| where not(isnull(EventData.Parent))",
            '| where Account =~ "x"',
            "| extend Image = tostring(EventData.Image)",
            r'| where Image endswith "\\a.exe"',
        ]
    )


def test_many_fields_stand_one_a_line() -> None:
    fields = [
        Field(f"Field{n}", Type.STRING, source=Member("EventData", (f"Field{n}",)))
        for n in range(4)
    ]
    lines = query(And(tuple(Equals(field, "a") for field in fields))).split("\n")
    assert lines[1:6] == [
        "| extend",
        "    Field0 = tostring(EventData.Field0),",
        "    Field1 = tostring(EventData.Field1),",
        "    Field2 = tostring(EventData.Field2),",
        "    Field3 = tostring(EventData.Field3)",
    ]


def test_two_fields_of_one_name_are_refused() -> None:
    one = Field("A_b_c", Type.STRING, source=Member("A", ("b", "c")))
    other = Field("A_b_c", Type.STRING, source=Member("A", ("b_c",)))
    assert refusal(And((Equals(one, "x"), Equals(other, "y")))) == "field-collision"


def test_many_conjuncts_are_one_step() -> None:
    sixty = And(tuple(Glob(COLUMN, (RUN, f"{n}", RUN)) for n in range(60)))
    assert query(sixty).count("| where ") == 60
    more = And((*sixty.operands, Equals(COLUMN, "x")))
    assert query(more).count("| where ") == 1


@pytest.mark.parametrize("count", [60, 61, 500, 4000])
def test_long_chains_have_parentheses(count: int) -> None:
    text = where(Or(tuple(Compare(IMAGE, Comparison.GT, n) for n in range(count))))
    assert text.count(" > ") == count
    deepest = longest = 0
    terms = [0]
    for line in text.split("\n"):
        if line.strip(" or") == "(":
            terms.append(0)
        elif line.strip() == ")":
            longest = max(longest, terms.pop())
        else:
            terms[-1] += 1
        deepest = max(deepest, len(terms))
    assert max(longest, *terms) <= 60
    assert deepest <= 3


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ('" or true //', r'"\" or true //"'),
        ('\\" or true', r'"\\\" or true"'),
        ("\\", r'"\\"'),
        ("a\nb\r\tc", r'"a\nb\r\tc"'),
        ("\x00\x7f", r'"\u0000\u007f"'),
        ("a\u202eb\u2028", r'"a\u202eb\u2028"'),
        ("\U000e0001", r'"\udb40\udc01"'),
        ("😀'`${x}", '"😀\'`${x}"'),
    ],
)
def test_nothing_leaves_its_literal(value: str, literal: str) -> None:
    assert where(Equals(IMAGE, value)) == f"Image =~ {literal}"


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("Event Name", "['Event Name']"),
        ("where", "['where']"),
        ("_ResourceId", "_ResourceId"),
        ("a'] or true //", r"['a\'] or true //']"),
        ("a\\", r"['a\\']"),
    ],
)
def test_column_names(column: str, written: str) -> None:
    assert where(NumberEquals(Field(column, Type.LONG), 1)) == f"{written} == 1"


def test_a_long_list_is_named_before_the_query() -> None:
    field = Field("Text", Type.STRING)
    values = tuple(Equals(field, f"v{number}") for number in range(LONG_LIST))
    text = Kql().write(Search(Or(values), table="T")).text
    assert text is not None
    lines = text.split("\n")
    assert lines[0] == "let values1 = dynamic(["
    assert lines[-3:] == ["]);", "T", "| where Text in~ (values1)"]


def test_a_scope_that_must_be_read_out_comes_after_the_columns() -> None:
    member = Field("Kind", Type.STRING, source=Member("Bag", ("Kind",)))
    scope = (Equals(member, "a"), Equals(Field("Channel", Type.STRING), "b"))
    text = Kql().write(Search(Equals(Field("Text", Type.STRING), "c"), scope, "T")).text
    assert text == (
        'T\n| where Channel =~ "b"\n| where Text =~ "c"\n'
        '| extend Kind = tostring(Bag.Kind)\n| where Kind =~ "a"'
    )


def test_columns_to_return() -> None:
    node = Equals(Field("Text", Type.STRING), "c")
    text = Kql().write(Search(node, table="T", columns=("TimeGenerated",))).text
    assert text == 'T\n| where Text =~ "c"\n| project TimeGenerated, Text'


class TestLongQueries:
    """Alternatives of one text are one pattern where the query would get too long."""

    ALTERNATIVES = tuple(Glob(IMAGE, (RUN, f"Evil.{n:04}")) for n in range(400))

    def test_one_pattern(self) -> None:
        others = (Glob(IMAGE, ("a", RUN), cased=True), Glob(COLUMN, (RUN, "x", ONE)))
        text = query(Or((*self.ALTERNATIVES, *others, Equals(IMAGE, "b"), Exists(COLUMN))))
        assert len(text) <= LONGEST
        pattern = "|".join(rf"Evil\\.{n:04}$" for n in range(400))
        assert text.split("\n")[2:] == [
            f'| where Image matches regex "(?is){pattern}"',
            '  or Image startswith_cs "a"',
            '  or Account matches regex "(?is)x.$"',
            '  or Image =~ "b"',
            "  or isnotempty(Account)",
        ]

    def test_not_where_it_is_short_enough(self) -> None:
        assert "regex" not in query(Or(self.ALTERNATIVES[:100]))

    def test_nor_for_what_is_no_text(self) -> None:
        sought = Glob(BAG, (RUN, '"x"', RUN))
        text = query(Or((*self.ALTERNATIVES, sought, Glob(IMAGE, (RUN,)))))
        assert 'or tostring(EventData) contains "\\\\\\"x' in text
        assert "or isnotnull(EventData.Image)" in text
