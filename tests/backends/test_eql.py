"""EQL: what stands in the query for each leaf on each type of field.

Executed in tests/engines and by the golden cases; syntax by the `eql` package there.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from backends.eql import Eql, name, raw, string
from transpile.ir.nodes import (
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
    Leaf,
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
from transpile.query import Place

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
K, C = Field("k", Type.KEYWORD), Field("c", Type.CASELESS)
IP, N, B = Field("ip", Type.IP), Field("n", Type.LONG), Field("b", Type.BOOLEAN)


def condition(node: Node) -> str:
    text = Eql().write(Search(node)).text
    assert text is not None
    assert text.startswith("any where ")
    return text.removeprefix("any where ")


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        (Equals(K, r"C:\cmd.exe"), r'k : "C:\\cmd.exe"'),
        (Equals(K, 'say "hi"\n'), r'k : "say \"hi\"\n"'),
        (Equals(K, ""), 'k == ""'),
        (Equals(K, "a*b?"), 'k in~ ("a*b?")'),
        (Equals(K, "Ab", cased=True), 'k == "Ab"'),
        (Equals(K, "ä"), 'k regex """[äÄ]"""'),
        (Equals(C, "Ä"), 'c : "ä"'),
        (Glob(K, (RUN, r"\net.exe")), r'k : "*\\net.exe"'),
        (Glob(K, ("a", ONE, "b", RUN)), 'k : "a?b*"'),
        (Glob(K, (RUN, "a*b", RUN)), r'k regex~ """.*a\*b.*"""'),
        (Glob(K, ("A", RUN), cased=True), 'k like "A*"'),
        (Glob(K, ("A?", RUN), cased=True), r'k regex """A\?.*"""'),
        (Regex(K, "ab$"), 'k regex """.*ab"""'),
        (Regex(K, "ab", "i"), 'k regex """.*[aA][bB].*"""'),
        (Regex(K, "^a.b"), 'k regex "a[^\\n]b.*"'),
        (Regex(K, '"$'), 'k regex ".*\\\\\\""'),
        (NumberEquals(N, 5), "n == 5"),
        (NumberEquals(K, 5), 'k : "5"'),
        (Compare(N, Comparison.GTE, -5), "n >= -5"),
        (BooleanEquals(B, True), "b == true"),
        (BooleanEquals(K, False), 'k : "false"'),
        (Cidr(IP, ip_network("fe80::/10")), 'cidrMatch(ip, "fe80::/10")'),
        (Equals(IP, "::1"), 'cidrMatch(ip, "::1/128")'),
        (IsNull(K), "?k == null"),
        (Exists(K), "?k != null"),
    ],
)
def test_leaves(leaf: Node, expected: str) -> None:
    assert condition(leaf) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Or((Equals(K, "a"), Glob(K, ("b", RUN)))), 'k : ("a", "b*")'),
        (Or((Equals(K, "a*"), Equals(K, "b*"))), 'k in~ ("a*", "b*")'),
        (Or((Equals(K, "a", cased=True), Equals(K, "b", cased=True))), 'k in ("a", "b")'),
        (Or((NumberEquals(N, 1), NumberEquals(N, 2))), "n in (1, 2)"),
        (
            Or((Cidr(IP, ip_network("10.0.0.0/8")), Cidr(IP, ip_network("::1/128")))),
            'cidrMatch(ip, "10.0.0.0/8", "::1/128")',
        ),
        (Or((Regex(K, "^a$"), Regex(K, "^b$"))), 'k regex """a""" or k regex """b"""'),
        (Or((Equals(K, ""), Equals(K, "a"))), 'k == "" or k : "a"'),
        (Not(Equals(K, "a")), 'not k : "a"'),
        (Not(Or((Equals(K, "a"), IsNull(K)))), 'not (k : "a" or ?k == null)'),
        (
            And((Or((Equals(K, "a"), IsNull(C))), Exists(K))),
            '(k : "a" or ?c == null) and ?k != null',
        ),
    ],
)
def test_connectives_and_lists(node: Node, expected: str) -> None:
    assert condition(node) == expected


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (SameAs(K, C), "field-comparison"),
        (TimePartCompare(K, TimePart.HOUR, Comparison.EQ, 5), "time-part"),
        (Keyword(("a",)), "keyword-search"),
        (Equals(C, "Ab", cased=True), "cased-on-caseless"),
        (Regex(K, r"(a)\1"), "regex-backreference"),
    ],
)
def test_refusals(leaf: Leaf, code: str) -> None:
    written = Eql().write(Search(leaf))  # type: ignore[arg-type]
    assert written.text is None
    assert [reason.code for reason in written.refusals] == [code]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("process.name", "process.name"),
        ("winlog.event_data.X1", "winlog.event_data.X1"),
        ("c-uri", "`c-uri`"),
        ("Event Name", "`Event Name`"),
        ("a.1b", "`a.1b`"),
        ("process.where", "`process.where`"),
    ],
)
def test_names(field: str, expected: str) -> None:
    assert name(Field(field)) == expected


@pytest.mark.parametrize("field", ["", "a`b", "a\x07b", "a\u202eb"])
def test_names_that_can_not_be_said_are_refused_in_lists_too(field: str) -> None:
    leaf = Equals(Field(field), "x", place=Place(3, 5))
    for node in (leaf, Not(leaf), Or((leaf, replace(leaf, value="y")))):
        (reason,) = Eql().write(Search(node)).refusals
        assert (reason.code, reason.place) == ("field-name", Place(3, 5))


def test_presence_is_asked_of_no_pattern() -> None:
    for leaf in (Exists(Field("a*")), IsNull(Field("a*"))):
        assert Eql().write(Search(leaf)).text is None


@pytest.mark.parametrize("text", ['"', "\\", '\\"', '"""', "a\\", '" or true', "\x00\x1f"])
def test_nothing_leaves_its_string(text: str) -> None:
    inner = string(text)[1:-1].replace("\\\\", "")
    assert '"' not in inner.replace('\\"', "")
    assert not inner.endswith("\\")
    assert all(c >= " " for c in inner)


def test_a_raw_string_is_only_used_where_it_can_be() -> None:
    assert raw("a\\.b") == '"""a\\.b"""'
    assert raw('a"') == '"a\\""'
    assert raw("a\nb") == '"a\\nb"'
