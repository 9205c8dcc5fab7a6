"""SPL as Splunk's manual says it must be written, leaf by leaf."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from backends.dialect import Written
from backends.spl import Spl
from backends.spl_where import Where
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
from transpile.verify.engines.spl import Spl as Engine

F = Field("f", Type.STRING)
G = Field("g", Type.STRING)
RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE


def write(condition: Node, *scope: Node, table: str = "") -> Written:
    return Spl().write(Search(condition, scope, table))


def text(condition: Node, *scope: Node, table: str = "") -> str:
    written = write(condition, *scope, table=table)
    assert written.text is not None, written.refusals
    Engine.parse(written.text)
    return written.text


def codes(condition: Node, table: str = "") -> list[str]:
    written = write(condition, table=table)
    return [reason.code for reason in (*written.refusals, *written.approximations)]


# What a search says exactly stays in the search.

IN_SEARCH: list[tuple[Node, str]] = [
    (Equals(F, r"C:\Windows\cmd.exe"), r'f="C:\\Windows\\cmd.exe"'),
    (Equals(F, 'say "x"'), r'f="say \"x\""'),
    (Equals(F, "C:\\"), r'f="C:\\"'),
    (Equals(F, ""), 'f=""'),
    (Equals(F, " two  words "), 'f=" two  words "'),
    (Glob(F, (RUN, r"\cmd.exe")), r'f="*\\cmd.exe"'),
    (Glob(F, ("a", RUN)), 'f="a*"'),
    (Glob(F, ("C:\\", RUN)), r'f="C:\\*"'),
    (NumberEquals(F, 5), "f=5"),
    (NumberEquals(F, -5), "f=-5"),
    (NumberEquals(F, 5.0), "f=5"),
    (NumberEquals(F, 5.5), "f=5.5"),
    (BooleanEquals(F, True), 'f="true"'),
    (Exists(F), "f=*"),
    (IsNull(F), "NOT f=*"),
    (Not(IsNull(F)), "f=*"),
    (Not(Equals(F, "v")), 'NOT f="v"'),
    (Cidr(F, ip_network("fe80::/10")), 'f="fe80::/10"'),
    # An IPv4 address may be written mapped into IPv6 (RFC 4291, 2.5.5.2): its subnet is 96 longer.
    (Cidr(F, ip_network("10.0.0.0/8")), 'f="10.0.0.0/8" OR f="::ffff:10.0.0.0/104"'),
    # ... and then it is no IPv6 address, though it stands in ::/0.
    (Cidr(F, ip_network("::/0")), 'f="::/0" AND NOT f="::ffff:0:0/96"'),
    (Keyword(("kw",)), '"*kw*"'),
    # Windows events are XML in _raw.
    (Keyword(("a<b>&c",)), '"*a<b>&c*" OR "*a&lt;b&gt;&amp;c*"'),
    (Or((Equals(F, "a"), Glob(F, ("b", RUN)), NumberEquals(F, 3))), 'f IN ("a", "b*", 3)'),
    (Or((Equals(F, ""), Equals(F, "a"), Equals(F, "b"))), 'f="" OR f IN ("a", "b")'),
    (Not(Or((Equals(F, "a"), Equals(F, "b")))), 'NOT f IN ("a", "b")'),
]


@pytest.mark.parametrize(("condition", "expected"), IN_SEARCH)
def test_search_says_it(condition: Node, expected: str) -> None:
    assert text(condition) == expected


# What it can't say is weaker in the search, and whole in `where`.

IN_WHERE: list[tuple[Node, str, str]] = [
    # A wildcard in the middle may find too little.
    (Glob(F, ("ab", RUN, "cd", RUN)), 'f="ab*" AND f="*cd*"', r"""match('f', "(?is)\\Aab.*cd")"""),
    (Keyword(("abc", RUN, "def")), '"*abc*" AND "*def*"', 'match(_raw, "(?is)abc.*def")'),
    (Glob(F, ("a", ONE, "c")), 'f="a*" AND f="*c"', r"""match('f', "(?is)\\Aa.c\\z")"""),
    (Glob(F, (RUN, "a*b", RUN)), 'f="*a*" AND f="*b*"', r"""match('f', "(?i)a\\*b")"""),
    (Equals(F, "*"), "f=*", r"""match('f', "(?i)\\A\\*\\z")"""),
    (Equals(F, "a\nb"), 'f="a*" AND f="*b"', r"""match('f', "(?i)\\Aa\\x0ab\\z")"""),
    (Equals(F, "Ab", cased=True), 'f="Ab"', r"""match('f', "\\AAb\\z")"""),
    (Glob(F, (RUN, r"\Ab"), cased=True), r'f="*\\Ab"', r"""match('f', "\\\\Ab\\z")"""),
    (
        Glob(F, ("A", RUN, "b"), cased=True),
        'f="A*" AND f="*b"',
        r"""match('f', "(?s)\\AA.*b\\z")""",
    ),
    # A search would take the value for a subnet.
    (Equals(F, "10.0.0.0/8"), 'f="10.0.0.0*"', r"""match('f', "(?i)\\A10\\.0\\.0\\.0/8\\z")"""),
    (Regex(F, r"a\d+\\b"), r'f="*\\b*"', r"""match('f', "a\\d+\\\\b")"""),
    (Regex(F, "abc.def.g"), 'f="*abc*" AND f="*def*"', """match('f', "abc.def.g")"""),
    (Regex(F, 'x"y', "i"), r'f="*x\"y*"', r"""match('f', "(?i)x\"y")"""),
    (Regex(F, "a|b"), "f=*", """match('f', "a|b")"""),
    (Regex(F, "(?<!a)b"), "f=*", """match('f', "(?<!a)b")"""),
    # `$` is the very end of the text; PCRE would also take it before a last line break.
    (Regex(F, "[$]a$"), 'f="*$a*"', r"""match('f', "[$]a\\z")"""),
    (Regex(F, "a$", "m"), 'f="*a*"', """match('f', "(?m)a$")"""),
    (Compare(F, Comparison.GTE, 5), "f=*", "tonumber('f')>=5"),
    (Compare(F, Comparison.LT, -1.5), "f=*", "tonumber('f')<-1.5"),
    (SameAs(F, G), "f=* AND g=*", "lower('f')=lower('g')"),
    (SameAs(F, G, cased=True), "f=* AND g=*", "'f'='g'"),
    (Keyword(("Kw",), cased=True), '"*Kw*"', 'match(_raw, "Kw")'),
    (Keyword(("a?<",)), '"*a?<*" OR "*a?&lt;*"', ""),
    (Keyword(("a", ONE, "<")), '"*a*" AND ("*<*" OR "*&lt;*")', 'match(_raw, "(?is)a.(?:<|&lt;)")'),
]


@pytest.mark.parametrize(("condition", "search", "where"), IN_WHERE)
def test_where_says_it(condition: Node, search: str, where: str) -> None:
    assert text(condition) == (f"{search}\n| where {where}" if where else search)


def test_a_time_part_is_read_as_it_is_written() -> None:
    written = text(TimePartCompare(F, TimePart.HOUR, Comparison.GTE, 22))
    assert written.startswith("f=*\n| where match('f', ")
    assert written.endswith("tonumber(substr('f', 12, 2))>=22")


def test_every_leaf_is_in_both_tables() -> None:
    assert set(LEAVES) <= set(Spl.GENERATE)
    assert set(LEAVES) == set(Where.GENERATE)


# The whole query.


def test_or_binds_closer_than_and_so_both_stand_in_parentheses() -> None:
    either = Or((Equals(F, "a"), And((Equals(F, "b"), Equals(G, "c")))))
    assert text(either) == 'f="a" OR (f="b" AND g="c")'
    assert text(And((either, Equals(G, "d")))) == '(f="a" OR (f="b" AND g="c")) AND g="d"'
    assert text(Not(either)) == 'NOT (f="a" OR (f="b" AND g="c"))'


def test_the_scope_comes_first() -> None:
    scope = Equals(Field("source"), "XmlWinEventLog:Security"), NumberEquals(Field("EventCode"), 1)
    expected = 'source="XmlWinEventLog:Security" AND EventCode=1 AND f="a"'
    assert text(Equals(F, "a"), *scope) == expected


def test_a_search_conjunct_is_not_repeated_in_where() -> None:
    condition = And((Equals(G, "a"), Regex(F, "x.y")))
    expected = """g="a" AND f="*x*" AND f="*y*"\n| where match('f', "x.y")"""
    assert text(condition) == expected


def test_an_alternative_goes_to_where_whole() -> None:
    condition = Or((Equals(G, "a"), Regex(F, "x.y")))
    where = r"""match('g', "(?i)\\Aa\\z") OR match('f', "x.y")"""
    assert text(condition) == f'g="a" OR (f="*x*" AND f="*y*")\n| where {where}'


def test_where_is_true_where_a_negated_field_is_null() -> None:
    assert text(Not(Regex(F, "x"))) == "*\n| where isnull('f') OR NOT match('f', \"x\")"
    compared = Not(Compare(F, Comparison.GT, 1))
    assert text(compared) == "*\n| where isnull(tonumber('f')) OR NOT tonumber('f')>1"
    same = "*\n| where isnull('f') OR isnull('g') OR NOT lower('f')=lower('g')"
    assert text(Not(SameAs(F, G))) == same


def test_a_negated_group_is_split() -> None:
    condition = Not(Or((Equals(G, "a"), Glob(F, (RUN, "a*", RUN)), Glob(F, (RUN, "b*", RUN)))))
    where = r"""isnull('f') OR NOT match('f', "(?i)(?:a\\*|b\\*)")"""
    assert text(condition) == f'NOT g="a"\n| where {where}'


def test_a_negated_conjunction_becomes_alternatives() -> None:
    condition = Not(And((Equals(G, "a"), Regex(F, "x"))))
    assert text(condition) == (
        "*\n| where (isnull('g') OR NOT match('g', \"(?i)\\\\Aa\\\\z\"))"
        " OR (isnull('f') OR NOT match('f', \"x\"))"
    )


# Names.


def test_names_that_are_no_plain_words_are_quoted() -> None:
    hyphenated = Field("c-useragent")
    assert text(Equals(hyphenated, "a")) == '"c-useragent"="a"'
    assert text(Equals(Field("a.b"), "c")) == 'a.b="c"'
    assert "'c-useragent'" in text(Regex(hyphenated, "a"))
    assert text(Equals(Field("Event Name{}.x"), "c")) == '"Event Name{}.x"="c"'
    assert text(Equals(Field("NOT"), "c")) == '"NOT"="c"'


@pytest.mark.parametrize("name", ["", "a'b", 'a"b', "a*", "a`b`", "a\nb", "a\\", "a|b", "earliest"])
def test_names_that_a_search_can_not_say_are_refused(name: str) -> None:
    for leaf in (Equals(Field(name), "x"), Regex(Field(name), "x"), Exists(Field(name))):
        assert codes(leaf) == ["field-name"]
    assert codes(Or((Equals(Field(name), "x"), Equals(Field(name), "y"))))[0] == "field-name"


# Nothing from a rule leaves its quotes.

HOSTILE = [
    'x" OR index=*',
    'x\\" OR index=* OR f="',
    "x\\",
    "| delete",
    "[search index=_audit]",
    "`delete_all`",
    "$result.host$",
    "*) OR (index=*",
    'a"\n| delete',
    "```comment```",
    "'f'",
    "\\*",
    "%_",
    "\x00\x1b",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_stay_values(value: str) -> None:
    for leaf in (
        Equals(F, value),
        Equals(F, value, cased=True),
        Glob(F, (RUN, value, RUN)),
        Glob(F, ("q", ONE, value)),
        Not(Glob(F, ("q", ONE, value))),
    ):
        query = Engine.parse(text(leaf))
        positive = not isinstance(leaf, Not)
        held = value if isinstance(leaf, Equals) else f"qq{value}"
        assert query.matches({"f": held}) is positive
        assert query.matches({"f": "something else"}) is not positive
        assert query.matches({"index": "_audit"}) is not positive
    assert Engine.parse(text(Keyword((value,)))).matches({"_raw": f"a {value} b"})
    assert not Engine.parse(text(Keyword((value,)))).matches({"_raw": "a b"})


@pytest.mark.parametrize(
    "pattern", ['a"b', 'a\\"b', "a`b", "a\nb", "a\\\nb", "a\\\\", "a'|b", "[`$]x"]
)
def test_hostile_patterns_stay_patterns(pattern: str) -> None:
    query = Engine.parse(text(Regex(F, pattern)))
    held = {"a\\\\": "a\\", "a\\\nb": "a\nb", 'a\\"b': 'a"b', "[`$]x": "$x", "a'|b": "a'"}
    assert query.matches({"f": held.get(pattern, pattern)})
    assert not query.matches({"f": "c"})


@pytest.mark.parametrize("pattern", [r"\u0041", "a{,3}", "[[:alpha:]]", "(?x) a"])
def test_patterns_that_pcre_reads_in_another_way_are_refused(pattern: str) -> None:
    assert codes(Regex(F, pattern)) == ["regex-construct"]


def test_the_end_of_the_text_is_written_as_pcre_writes_it() -> None:
    assert text(Regex(F, r"a\Z")).endswith(r"""match('f', "a\\z")""")


# Text of another field.


def test_text_of_another_field() -> None:
    starts = Engine.parse(text(SameAs(F, G, Anchor.START)))
    ends = Engine.parse(text(SameAs(F, G, Anchor.END)))
    assert starts.matches({"f": "ABC", "g": "ab"})
    assert starts.matches({"f": "a%b", "g": "a%"})
    assert not starts.matches({"f": "axb", "g": "a%"})
    assert ends.matches({"f": "abc", "g": "BC"})
    assert ends.matches({"f": "abc", "g": ""})
    assert not ends.matches({"f": "bc", "g": "abc"})
    assert not ends.matches({"g": ""})
    assert codes(SameAs(F, G, Anchor.INSIDE)) == ["fieldref-contains"]


# Data models.

P = Field("Processes.process")
PATH = Field("Processes.process_path")
TABLE = "Endpoint.Processes"


def test_a_data_model_is_read_by_tstats() -> None:
    condition = And((Glob(P, (RUN, " -x ", RUN)), Equals(PATH, "a")))
    assert text(condition, table=TABLE) == (
        '| tstats summariesonly=false allow_old_summaries=true fillnull_value="unknown"'
        " count min(_time) as firstTime max(_time) as lastTime"
        " from datamodel=Endpoint.Processes\n"
        '  where Processes.process="* -x *" AND Processes.process_path="a"\n'
        "  by Processes.dest Processes.process Processes.process_path"
    )


def test_where_behind_tstats_has_its_fields_in_by() -> None:
    written = text(Not(SameAs(P, PATH)), table=TABLE)
    assert "  where *\n" in written
    assert "by Processes.dest Processes.process Processes.process_path\n| where" in written


def test_a_subnet_is_tested_behind_tstats() -> None:
    written = text(Cidr(Field("Web.src"), ip_network("10.0.0.0/8")), table="Web.Web")
    assert "where Web.src=*\n" in written
    assert "cidrmatch(\"10.0.0.0/8\", 'Web.src')" in written


def test_missing_and_empty_are_one_in_a_data_model() -> None:
    missing = '(NOT Processes.process=* OR Processes.process="unknown")'
    assert f"  where {missing[1:-1]}\n" in text(IsNull(P), table=TABLE)
    assert f"  where {missing[1:-1]}\n" in text(Equals(P, ""), table=TABLE)
    assert f"  where NOT {missing}\n" in text(Exists(P), table=TABLE)
    for leaf in (IsNull(P), Equals(P, ""), Exists(P)):
        assert codes(leaf, TABLE) == ["empty-is-missing"]


def test_a_value_that_stands_for_a_missing_one_is_told() -> None:
    assert codes(Glob(P, (RUN, "NOW", RUN)), TABLE) == ["unknown-value"]
    assert codes(Equals(P, "unknown"), TABLE) == ["unknown-value"]
    assert codes(Glob(P, (RUN, "nowhere", RUN)), TABLE) == []


def test_a_data_model_has_no_raw_events() -> None:
    assert codes(Keyword(("x",)), TABLE) == ["keyword-data-model"]
