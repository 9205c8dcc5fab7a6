"""What the Sigma specification says, written down by hand, against the reference meaning."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from transpile.verify.reference import Meaning, NoMeaning


def one(key: str, value: object) -> Meaning:
    return Meaning.of({"detection": {"s": {key: value}, "condition": "s"}})


def rule(text: str) -> Meaning:
    return Meaning.of({"detection": yaml.safe_load(text)})


# Strings, case, wildcards and escaping


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("cmd.exe", ["cmd.exe", "CMD.EXE"], ["xcmd.exe", "cmd.exe ", "cmdxexe", ""]),
        ("Ä", ["ä", "Ä"], ["a"]),
        ("straße", ["STRAßE"], ["STRASSE"]),
        ("a*c", ["ac", "abc", "a\nb\nc", "A*C"], ["abcd", "xabc", "a"]),
        ("a?c", ["abc", "a\nc", "a?c"], ["ac", "abbc"]),
        ("*", ["", "anything"], []),
        ("?", ["x"], ["", "xx"]),
        ("*a?a*", ["xaXax", "aaa"], ["aa"]),
        ("ab*ba", ["abba", "abxba"], ["aba"]),
        (r"a\*c", ["a*c"], ["abc", r"a\*c"]),
        (r"a\?c", ["a?c"], ["abc", r"a\?c"]),
        (r"C:\Windows\x", [r"c:\windows\X"], [r"C:\\Windows\\x"]),
        (r"C:\\Windows\\x", [r"C:\Windows\x"], [r"C:\\Windows\\x"]),
        (r"C:\\*", ["C:\\", r"C:\a"], ["C:*", "C:a"]),
        (r"C:\\\*", [r"C:\*"], [r"C:\a", r"C:\\*"]),
        (r"\\\srv", [r"\\srv"], [r"\srv", r"\\\srv"]),
        (r"\\\\srv", [r"\\srv"], [r"\srv", r"\\\\srv"]),
        ("a\\", ["a\\"], ["a", "a\\\\"]),
        (r"a\\", ["a\\"], ["a", "a\\\\"]),
        ("a.c", ["a.c"], ["abc"]),
    ],
)
def test_string(pattern: str, hits: list[str], misses: list[str]) -> None:
    meaning = one("f", pattern)
    assert [value for value in hits if not meaning.matches({"f": value})] == []
    assert [value for value in misses if meaning.matches({"f": value})] == []


@pytest.mark.parametrize(
    ("key", "value", "hits", "misses"),
    [
        ("f|contains", "b", ["b", "abc", "aBc", "\nb\n"], ["", "ac"]),
        ("f|contains", r"\a*b\\", ["x\\aQb\\y", "\\ab\\"], ["\\abx"]),
        ("f|contains", "*b*", ["abc"], ["ac"]),
        ("f|startswith", "ab", ["ab", "ABc"], ["xab", "a"]),
        ("f|startswith", "a?", ["ab", "abc"], ["a"]),
        ("f|endswith", r"\a.exe", [r"C:\A.EXE"], [r"C:\ba.exe", r"C:\a.exe "]),
        ("f|contains", 10, ["a10b", 2104], ["1 0", 20]),
        ("f|cased", "Ab", ["Ab"], ["ab", "AB"]),
        ("f|contains|cased", "Ab", ["xAbx"], ["xabx"]),
        ("f|cased|endswith", "*Ab", ["xAb"], ["xab", "Abx"]),
        ("f", ["a", "b*"], ["A", "bx"], ["ab", "c"]),
        ("f|contains", ["a", "b"], ["xa", "bx"], ["c"]),
        ("f|contains|all", ["a", "b"], ["ab", "b a"], ["a", "b"]),
        ("f|all|startswith", ["a", "ab"], ["abc"], ["ac"]),
        ("f|all", ["*a*", "b*"], ["ba"], ["ab"]),
    ],
)
def test_anchors_and_lists(
    key: str, value: object, hits: list[object], misses: list[object]
) -> None:
    meaning = one(key, value)
    assert [found for found in hits if not meaning.matches({"f": found})] == []
    assert [found for found in misses if meaning.matches({"f": found})] == []


# Numbers, booleans, null, empty, existence


@pytest.mark.parametrize(
    ("key", "value", "hits", "misses"),
    [
        ("f", 4688, [4688, "4688", 4688.0], [4689, "46880", "x", "", True]),
        ("f", 1, [1, "1"], [True, "true", "01"]),
        ("f", 1.5, [1.5, "1.5"], [1, "1"]),
        ("f", "4688", ["4688", 4688], [468]),
        ("f", True, [True, "true", "TRUE"], [False, "false", 1, "1", ""]),
        ("f", "true", [True, "True"], [False]),
        ("f", False, [False, "False"], [True, 0]),
        ("f|lt", 5, [4, "4", 4.9, -1], [5, 6, "5", "x", ""]),
        ("f|lte", 5, [5, "5", 4], [6, "50"]),
        ("f|gt", 9, [10, "10", "50", 9.5, "9.5"], [9, 8, "9", "x", "0x10", True]),
        ("f|gte", 9, [9, "9", 10], [8, "8"]),
        ("f|neq", 5, [4, "x", "", "50"], [5, "5"]),
        ("f|neq", "a", ["b", "", "ab"], ["a", "A"]),
        ("f|neq", ["a", "b"], ["c"], ["a", "b"]),
        ("f|contains|neq", "a", ["b"], ["xax"]),
        ("f|neq|contains|all", ["a", "b"], ["a", "b", ""], ["ab"]),
    ],
)
def test_numbers_booleans_and_comparison(
    key: str, value: object, hits: list[object], misses: list[object]
) -> None:
    meaning = one(key, value)
    assert [found for found in hits if not meaning.matches({"f": found})] == []
    assert [found for found in misses if meaning.matches({"f": found})] == []


@pytest.mark.parametrize(
    ("key", "value", "absent", "empty", "present"),
    [
        ("f", None, True, False, False),
        ("f", "", False, True, False),
        ("f", "*", False, True, True),
        ("f|contains", "", False, True, True),
        ("f|exists", True, False, True, True),
        ("f|exists", False, True, False, False),
        ("f|re", "", False, True, True),
        ("f|neq", "q", True, True, True),
        ("f|neq", "v", True, True, False),
        ("f|neq", None, False, True, True),
        ("f", ["", None], True, True, False),
    ],
)
def test_null_empty_and_existence(
    key: str, value: object, absent: bool, empty: bool, present: bool
) -> None:
    meaning = one(key, value)
    assert meaning.matches({}) is absent
    assert meaning.matches({"f": None}) is absent
    assert meaning.matches({"f": ""}) is empty
    assert meaning.matches({"f": "v"}) is present


def test_a_leaf_on_an_absent_field_is_false_and_its_negation_true() -> None:
    for key, value in [
        ("f", "a"),
        ("f|re", ".*"),
        ("f|cidr", "0.0.0.0/0"),
        ("f|gt", -1),
        ("f|fieldref", "g"),
        ("f|hour", 0),
    ]:
        assert not one(key, value).matches({"g": "1"})
        negated = Meaning.of({"detection": {"s": {key: value}, "condition": "not s"}})
        assert negated.matches({"g": "1"})


# Regular expressions


@pytest.mark.parametrize(
    ("key", "pattern", "hits", "misses"),
    [
        ("f|re", "b+", ["abbc"], ["aBBc", "ac"]),
        ("f|re|i", "b+", ["aBBc"], ["ac"]),
        ("f|re|ignorecase", "b", ["B"], []),
        ("f|re", "^a.c$", ["abc"], ["xabc", "a\nc", "x\nabc\nx"]),
        ("f|re|m", "^a.c$", ["x\nabc\nx"], ["xabc"]),
        ("f|re|multiline", "^b", ["a\nb"], []),
        ("f|re|s", "a.c", ["a\nc"], []),
        ("f|re|dotall", "a.c", ["a\nc"], []),
        ("f|re|i|s", "a.c", ["A\nC"], []),
        ("f|re", r"\d\w\s", ["1a "], ["\N{ARABIC-INDIC DIGIT ONE}a ", "1\xe9 ", "1a\xa0"]),
        ("f|re", r"\\x\*", [r"\x*"], ["x", r"\xx"]),
        ("f|re", "^46..$", [4688], [46]),
        ("f|re", ["a", "b"], ["a", "b"], ["c"]),
        ("f|re|contains", "a", ["xax"], ["b"]),
    ],
)
def test_regular_expression(
    key: str, pattern: object, hits: list[object], misses: list[object]
) -> None:
    meaning = one(key, pattern)
    assert [found for found in hits if not meaning.matches({"f": found})] == []
    assert [found for found in misses if meaning.matches({"f": found})] == []


# Addresses


@pytest.mark.parametrize(
    ("network", "hits", "misses"),
    [
        (
            "10.0.0.0/8",
            ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1", "::FFFF:a01:101"],
            ["9.255.255.255", "11.0.0.0", "10.1", "10.0.0.0/8", "x", "", 167772161, "::a00:1"],
        ),
        ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
        ("172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
        (
            "fe80::/10",
            ["fe80::1", "FE80::1", "fe80:0:0:0:0:0:0:1", "febf:ffff::"],
            ["fe7f:ffff::", "fec0::", "10.0.0.1"],
        ),
        ("::1/128", ["::1", "0:0:0:0:0:0:0:1"], ["::", "::2", "127.0.0.1"]),
        ("::ffff:10.0.0.0/104", ["10.1.1.1", "::ffff:10.1.1.1"], ["11.0.0.0"]),
    ],
)
def test_cidr(network: str, hits: list[object], misses: list[object]) -> None:
    meaning = one("f|cidr", network)
    assert [found for found in hits if not meaning.matches({"f": found})] == []
    assert [found for found in misses if meaning.matches({"f": found})] == []


# Transformations


def test_windash_replaces_every_parameter_dash_by_each_dash() -> None:
    meaning = one("f|contains|windash", " -a-b /c")
    for first in "-/\u2013\u2014\u2015":
        for second in "-/\u2013\u2014\u2015":
            assert meaning.matches({"f": f"x {first}a-b {second}c"})
    assert not meaning.matches({"f": "x -a/b /c"})
    assert not meaning.matches({"f": "x a-b c"})


def test_windash_starts_from_any_of_the_dashes() -> None:
    assert one("f|windash", "\u2013a").matches({"f": "-a"})


def test_windash_leaves_a_double_dash_its_first() -> None:
    meaning = one("f|windash|contains", " --all")
    assert meaning.matches({"f": "x -/all"})
    assert not meaning.matches({"f": "x //all"})


def test_all_joins_values_and_not_the_expansion_of_one() -> None:
    meaning = one("f|contains|all|windash", ["-a", "-b"])
    assert meaning.matches({"f": "/a -b"})
    assert not meaning.matches({"f": "/a"})


def test_base64() -> None:
    assert one("f|base64", "foobar").matches({"f": "Zm9vYmFy"})
    assert one("f|base64|contains", "foob").matches({"f": "xZm9vYg==x"})
    assert one("f|base64", r"a\*").matches({"f": base64.b64encode(b"a*").decode()})


@pytest.mark.parametrize("secret", ["fo", "foo", "foob", "http://", "p\xe4ss"])
def test_base64offset_finds_the_value_at_any_position(secret: str) -> None:
    octets = secret.encode()
    meaning = one("f|base64offset|contains|cased", secret)
    for before in range(6):
        for after in range(4):
            encoded = base64.b64encode(b"\xa5" * before + octets + b"\x5a" * after).decode()
            assert meaning.matches({"f": encoded})


def test_base64offset_has_the_three_known_forms() -> None:
    meaning = one("f|base64offset", "foobar")
    for form in ("Zm9vYmFy", "Zvb2Jhc", "mb29iYX"):
        assert meaning.matches({"f": form})


@pytest.mark.parametrize(
    ("modifier", "octets"),
    [
        ("wide", b"h\0i\0"),
        ("utf16le", b"h\0i\0"),
        ("utf16be", b"\0h\0i"),
        ("utf16", b"\xff\xfeh\0i\0"),
    ],
)
def test_utf16(modifier: str, octets: bytes) -> None:
    encoded = base64.b64encode(octets).decode()
    assert one(f"f|{modifier}|base64", "hi").matches({"f": encoded})
    assert one(f"f|{modifier}|base64offset|contains", "hi").matches({"f": f"xx{encoded}"})


def test_wide_of_letters_beyond_ascii() -> None:
    encoded = base64.b64encode("\xe9\u0416".encode("utf-16-le")).decode()
    assert one("f|wide|base64", "\xe9\u0416").matches({"f": encoded})


def test_modifiers_apply_in_the_order_written() -> None:
    encoded = base64.b64encode(b"hi").decode()
    as_wide = encoded.encode("utf-16-le").decode("latin-1")
    assert one("f|base64|wide", "hi").matches({"f": as_wide})


def test_expand_takes_only_values_without_a_placeholder() -> None:
    assert one("f|expand", r"100\%").matches({"f": "100%"})
    assert one("f", "%name%").matches({"f": "%name%"})
    with pytest.raises(NoMeaning, match="%name%"):
        one("f|expand", "%name%")
    with pytest.raises(NoMeaning, match="%name%"):
        one("f|expand", r"\%plain%name%")


# Two fields


@pytest.mark.parametrize(
    ("key", "hits", "misses"),
    [
        ("f|fieldref", [("a", "A"), (1, 1), (1, "1"), ("", "")], [("a", "b"), ("ab", "a")]),
        ("f|fieldref|startswith", [("abc", "AB")], [("xab", "ab"), ("a", "ab")]),
        ("f|fieldref|endswith", [("xab", "AB")], [("abx", "ab")]),
        ("f|fieldref|contains", [("xabx", "AB")], [("ab", "abc")]),
        ("f|fieldref|neq", [("a", "b"), (None, "b"), ("a", None)], [("a", "A")]),
        ("f|fieldref|cased", [("a", "a")], [("a", "A")]),
        ("f|fieldref", [], [(None, None), ("a", None), (None, "a")]),
    ],
)
def test_fieldref(
    key: str, hits: list[tuple[object, object]], misses: list[tuple[object, object]]
) -> None:
    meaning = one(key, "g")
    assert [pair for pair in hits if not meaning.matches({"f": pair[0], "g": pair[1]})] == []
    assert [pair for pair in misses if meaning.matches({"f": pair[0], "g": pair[1]})] == []


# Parts of a date


@pytest.mark.parametrize(
    ("key", "value", "hits", "misses"),
    [
        ("f|minute", 5, ["2024-01-02T03:05:00Z"], ["2024-01-02T05:03:00Z", "2024-01-02"]),
        ("f|hour", 3, ["2024-01-02 03:05", "2024-01-02T03:05:00.1234567+05:00"], ["x", "", 3]),
        ("f|day", 2, ["2024-01-02"], ["2024-02-01"]),
        ("f|week", 1, ["2024-01-07", "2024-12-30T00:00:00Z"], ["2024-01-08", "2023-01-01"]),
        ("f|month", 12, ["2024-12-30"], ["2024-11-12", "2024-13-40"]),
        ("f|year", 2024, [datetime(2024, 12, 30)], ["2023-12-31"]),
        ("f|hour|gte", 22, ["2024-01-02T23:00:00Z"], ["2024-01-02T21:59:59Z"]),
        ("f|hour", [1, 2], ["2024-01-02T01:00Z", "2024-01-02T02:00Z"], ["2024-01-02T03:00Z"]),
    ],
)
def test_parts_of_a_date(key: str, value: object, hits: list[object], misses: list[object]) -> None:
    meaning = one(key, value)
    assert [found for found in hits if not meaning.matches({"f": found})] == []
    assert [found for found in misses if meaning.matches({"f": found})] == []


# Detections


def test_a_map_is_a_conjunction() -> None:
    meaning = rule("{s: {a: 1, b: 2}, condition: s}")
    assert meaning.matches({"a": 1, "b": 2})
    assert not meaning.matches({"a": 1})


def test_a_list_of_maps_is_a_disjunction() -> None:
    meaning = rule("{s: [{a: 1, b: 2}, {c: 3}], condition: s}")
    assert meaning.matches({"a": 1, "b": 2})
    assert meaning.matches({"c": 3})
    assert not meaning.matches({"a": 1, "c": 4})


def test_keywords_are_sought_in_all_texts() -> None:
    meaning = rule("{s: [Evil, 'a b?c'], condition: s}")
    assert meaning.matches({"x": "an eVIL thing"})
    assert meaning.matches({"x": "ok", "y": "A b-c d"})
    assert not meaning.matches({"x": "evi", "y": "l"})
    assert not meaning.matches({})
    assert not meaning.matches({"Evil": "name of a field"})


def test_keywords_are_sought_in_the_raw_message_alone_when_there_is_one() -> None:
    meaning = rule("{s: evil, condition: s}")
    assert meaning.matches({"_raw": "so evil"})
    assert not meaning.matches({"_raw": "good", "x": "evil"})


def test_keywords_can_all_be_asked_for() -> None:
    meaning = rule("{s: {'|all': [one, two]}, condition: s}")
    assert meaning.matches({"_raw": "two one"})
    assert not meaning.matches({"_raw": "one"})


def test_keywords_with_modifiers() -> None:
    assert rule("{s: {'|re': 'a.c'}, condition: s}").matches({"_raw": "xabc"})
    assert rule("{s: {'|contains': 'a*c'}, condition: s}").matches({"_raw": "xabbc"})
    assert not rule("{s: {'|cased': Ab}, condition: s}").matches({"_raw": "ab"})
    assert rule("{s: [4688], condition: s}").matches({"_raw": "id=4688;"})


def test_a_list_may_mix_maps_and_keywords() -> None:
    meaning = rule("{s: [{a: 1}, word], condition: s}")
    assert meaning.matches({"a": 1})
    assert meaning.matches({"b": "a word"})


# Conditions


THREE = "{sel_a: {a: 1}, sel_b: {b: 1}, filter: {c: 1}, _hidden: {d: 1}, condition: '%s'}"


@pytest.mark.parametrize(
    ("condition", "hits", "misses"),
    [
        ("sel_a or sel_b and filter", ["a", "bc"], ["b", "c", ""]),
        ("(sel_a or sel_b) and filter", ["ac", "bc"], ["a", "ab"]),
        ("not sel_a and sel_b", ["b"], ["ab", "", "a"]),
        ("not (sel_a and sel_b)", ["", "a"], ["ab"]),
        ("not not sel_a", ["a"], [""]),
        ("1 of sel_*", ["a", "b"], ["c", "d", ""]),
        ("any of sel*", ["a", "b"], ["c"]),
        ("all of sel_*", ["ab"], ["a", "b"]),
        ("1 of them", ["a", "b", "c"], ["d", ""]),
        ("all of them", ["abc", "abcd"], ["ab", "abd"]),
        ("1 of _*", ["d"], ["abc"]),
        ("1 of *i*", ["c"], ["ab", "d"]),
        ("1 of *", ["a", "c"], ["d"]),
        ("all of sel_* and not 1 of filter*", ["ab"], ["abc", "a"]),
        ("not all of sel_*", ["a", ""], ["ab"]),
        ("_hidden", ["d"], ["a"]),
        ("((sel_a))and(sel_b)", ["ab"], ["a"]),
    ],
)
def test_condition(condition: str, hits: list[str], misses: list[str]) -> None:
    meaning = rule(THREE % condition)
    assert [names for names in hits if not meaning.matches(dict.fromkeys(names, 1))] == []
    assert [names for names in misses if meaning.matches(dict.fromkeys(names, 1))] == []


def test_a_list_of_conditions_is_a_disjunction() -> None:
    meaning = rule("{x: {a: 1}, y: {b: 1}, condition: [x, y]}")
    assert meaning.matches({"a": 1})
    assert meaning.matches({"b": 1})
    assert not meaning.matches({})


# What has no meaning


@pytest.mark.parametrize(
    ("detection", "message"),
    [
        ("{s: {a: 1}}", "condition"),
        ("{s: {a: 1}, condition: []}", "condition"),
        ("{s: {a: 1}, condition: t}", "'t'"),
        ("{s: {a: 1}, condition: 1 of t*}", "t[*]"),
        ("{s: {a: 1}, condition: 2 of s*}", "'2'"),
        ("{s: {a: 1}, condition: s and}", "too early"),
        ("{s: {a: 1}, condition: s s}", "not expected"),
        ("{s: {a: 1}, condition: (s}", "not closed"),
        ("{s: {a: 1}, condition: 's | count() > 5'}", "not expected"),
        ("{s: {}, condition: s}", "empty"),
        ("{s: [], condition: s}", "empty"),
        ("{s: {a: []}, condition: s}", "empty"),
        ("{s: {a: {b: 1}}, condition: s}", "dict"),
        ("{s: {a: 2024-01-01}, condition: s}", "date"),
        ("{s: null, condition: s}", "null"),
        ("{s: {a|nonsense: 1}, condition: s}", "nonsense"),
        ("{s: {a|cidr: 10.0.0.1/8}, condition: s}", "host bits"),
        ("{s: {a|cidr: x}, condition: s}", "cidr"),
        ("{s: {a|re: '('}, condition: s}", "regular expression"),
        ("{s: {a|contains|re: x}, condition: s}", "unmodified"),
        ("{s: {a|i: x}, condition: s}", "regular expression"),
        ("{s: {a|gt: x}, condition: s}", "number"),
        ("{s: {a|exists: x}, condition: s}", "exists"),
        ("{s: {a|hour: x}, condition: s}", "number"),
        ("{s: {a|base64: 'x*'}, condition: s}", "wildcards"),
        ("{s: {a|base64offset: x}, condition: s}", "too short"),
        ("{s: {a|base64offset: ''}, condition: s}", "too short"),
        ("{s: {a|fieldref: 'x*'}, condition: s}", "field name"),
        ("{s: {a|contains: null}, condition: s}", "string"),
        ("{s: {'|startswith': x}, condition: s}", "needs a field"),
        ("[]", "no detection"),
    ],
)
def test_no_meaning(detection: str, message: str) -> None:
    with pytest.raises(NoMeaning, match=message):
        rule(detection)


def test_a_condition_nested_without_end_has_no_meaning() -> None:
    condition = "(" * 100_000 + "s" + ")" * 100_000
    with pytest.raises(NoMeaning, match="nested"):
        Meaning.of({"detection": {"s": {"a": 1}, "condition": condition}})


def test_what_is_said_about_a_meaning() -> None:
    meaning = rule("{s: [{a: 1, b|fieldref: c}, word], condition: s}")
    assert meaning.fields == ("a", "b", "c", "_raw")
    assert [leaf.field for leaf in meaning.leaves] == ["a", "b", None]


@pytest.mark.corpus
def test_every_rule_of_the_corpus_has_a_meaning(corpus: Path) -> None:
    documents = (
        (path.name, document)
        for path in sorted(corpus.rglob("*.yml"))
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader)
    )
    without = [f"{name}: {why}" for name, document in documents if (why := _why_none(document))]
    assert without == []


def _why_none(document: dict[str, object]) -> str:
    try:
        Meaning.of(document)
    except NoMeaning as error:
        return str(error)
    return ""
