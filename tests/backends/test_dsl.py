"""Query DSL, by what Elasticsearch's manual says of each query."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from backends.dsl import Dsl
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
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.verify.engines.elasticsearch import Elasticsearch, Index

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
K, L = Field("k", Type.KEYWORD), Field("l", Type.KEYWORD)
C = Field("c", Type.CASELESS)
N, IP, B = Field("n", Type.LONG), Field("ip", Type.IP), Field("b", Type.BOOLEAN)
A_AND_B = {"bool": {"filter": [{"term": {"n": {"value": 1}}}, {"exists": {"field": "k"}}]}}


def insensitive(kind: str, value: str) -> dict[str, Any]:
    return {kind: {"k": {"value": value, "case_insensitive": True}}}


WRITTEN: list[tuple[str, Node, dict[str, Any]]] = [
    ("equals", Equals(K, "cmd.exe"), insensitive("term", "cmd.exe")),
    ("equals without letters", Equals(K, "-1"), {"term": {"k": {"value": "-1"}}}),
    ("equals cased", Equals(K, "Cmd", cased=True), {"term": {"k": {"value": "Cmd"}}}),
    ("equals empty", Equals(K, ""), {"term": {"k": {"value": ""}}}),
    ("literal wildcards", Equals(K, "a*?\\"), insensitive("term", "a*?\\")),
    ("quotes", Equals(K, '"}]}\n'), {"term": {"k": {"value": '"}]}\n'}}}),
    ("in lower case", Equals(C, "CMD"), {"term": {"c": {"value": "CMD"}}}),
    ("startswith", Glob(K, ("C:\\a*", RUN)), insensitive("prefix", "C:\\a*")),
    ("endswith", Glob(K, (RUN, "\\cmd.exe")), insensitive("wildcard", "*\\\\cmd.exe")),
    ("contains", Glob(K, (RUN, "a*b?c", RUN)), insensitive("wildcard", "*a\\*b\\?c*")),
    ("one", Glob(K, ("a", ONE, RUN)), insensitive("wildcard", "a?*")),
    ("cased glob", Glob(K, (RUN, "A"), cased=True), {"wildcard": {"k": {"value": "*A"}}}),
    (
        "letters beyond ASCII",
        Glob(K, (RUN, "äß")),
        {"regexp": {"k": {"value": "(.|\n)*[äÄ]ß".replace("(.|\n)", ".")}}},
    ),
    (
        "letters beyond ASCII in lower case",
        Glob(C, (RUN, "Ä")),
        {"wildcard": {"c": {"value": "*Ä"}}},
    ),
    ("regex", Regex(K, "^a+$", ""), {"regexp": {"k": {"value": "a+"}}}),
    ("number", NumberEquals(N, -5), {"term": {"n": {"value": -5}}}),
    ("number in text", NumberEquals(K, 5), {"term": {"k": {"value": "5"}}}),
    ("boolean", BooleanEquals(B, True), {"term": {"b": {"value": True}}}),
    ("network", Cidr(IP, ip_network("fe80::/10")), {"term": {"ip": {"value": "fe80::/10"}}}),
    ("greater", Compare(N, Comparison.GT, 5), {"range": {"n": {"gt": 5}}}),
    ("at most", Compare(N, Comparison.LTE, 5.5), {"range": {"n": {"lte": 5.5}}}),
    ("exists", Exists(K), {"exists": {"field": "k"}}),
    ("null", IsNull(K), {"bool": {"must_not": [{"exists": {"field": "k"}}]}}),
    ("and", And((NumberEquals(N, 1), Exists(K))), A_AND_B),
    ("or", Or((NumberEquals(N, 1), Exists(K))), {"bool": {"should": A_AND_B["bool"]["filter"]}}),
    (
        "not",
        Not(And((NumberEquals(N, 1), Exists(K)))),
        {"bool": {"must_not": [A_AND_B]}},
    ),
    (
        "not any",
        And((Exists(K), Not(Or((Exists(L), NumberEquals(N, 1)))))),
        {
            "bool": {
                "filter": [{"exists": {"field": "k"}}],
                "must_not": [{"exists": {"field": "l"}}, {"term": {"n": {"value": 1}}}],
            }
        },
    ),
    (
        "list of verbatim values",
        Or((Equals(C, "a"), Equals(C, "B"))),
        {"terms": {"c": ["a", "B"]}},
    ),
    (
        "list of values in any case",
        Or((Equals(K, "a"), Equals(K, "b"))),
        {"bool": {"should": [insensitive("term", "a"), insensitive("term", "b")]}},
    ),
    ("list of numbers", Or((NumberEquals(N, 1), NumberEquals(N, 2))), {"terms": {"n": [1, 2]}}),
    (
        "list of networks",
        Not(Or((Cidr(IP, ip_network("10.0.0.0/8")), Cidr(IP, ip_network("::1/128"))))),
        {"bool": {"must_not": [{"terms": {"ip": ["10.0.0.0/8", "::1/128"]}}]}},
    ),
    (
        "text that is too long for a regular expression of both cases",
        Equals(K, "x" * 999),
        insensitive("term", "x" * 999),
    ),
]


@pytest.mark.parametrize(("node", "query"), [case[1:] for case in WRITTEN], ids=lambda v: None)
def test_written(node: Node, query: dict[str, Any]) -> None:
    text = Dsl().write(Search(node)).text
    assert text == json.dumps({"query": query}, ensure_ascii=False, separators=(",", ":"))


def test_the_scope_is_a_filter_beside_the_condition() -> None:
    search = Search(Exists(K), scope=(Equals(L, "Security", cased=True),))
    assert Dsl().write(search).text == (
        '{"query":{"bool":{"filter":'
        '[{"term":{"l":{"value":"Security"}}},{"exists":{"field":"k"}}]}}}'
    )


REFUSED: list[tuple[Node, str]] = [
    (Exists(Field("k*", Type.KEYWORD)), "field-name"),
    (IsNull(Field("*", Type.KEYWORD)), "field-name"),
    (SameAs(K, L), "field-comparison"),
    (Keyword(("a",)), "keyword-search"),
    (Regex(K, "a(?!b)"), "regex-lookaround"),
    (Regex(K, "a" * 1001), "regex-too-long"),
    (Equals(K, "x" * 1000), "regex-too-long"),
    (Glob(K, ("x" * 999, RUN)), "regex-too-long"),
    (Glob(K, (RUN, "a", *[ONE] * 14, "b")), "regex-too-complex"),
    (Glob(K, (RUN, "x" * 500)), "regex-too-complex"),
    (Equals(C, "A", cased=True), "cased-on-caseless"),
    (Glob(N, ("1", RUN)), "field-type"),
]


@pytest.mark.parametrize(("node", "code"), REFUSED)
def test_refused(node: Node, code: str) -> None:
    written = Dsl().write(Search(node))
    assert written.text is None
    assert [reason.code for reason in written.refusals] == [code]


DOCUMENTS: list[dict[str, Any]] = [
    {"k": "C:\\Windows\\CMD.exe", "c": "ÄRGER\\x"},  # 0
    {"k": "a*b?c", "n": 5},  # 1
    {"k": "axbyc", "n": 6, "ip": "10.1.1.1"},  # 2
    {"k": "", "ip": "::ffff:10.1.1.1"},  # 3
    {"k": "ÄrGeR", "b": True},  # 4
    {"k": "x" * 999},  # 5
    {"k": "line\nline"},  # 6
]
FOUND: list[tuple[Node, set[int]]] = [
    (Glob(K, (RUN, "\\cmd.EXE")), {0}),
    (Glob(K, ("c:\\", RUN)), {0}),
    (Equals(K, "A*B?C"), {1}),
    (Glob(K, (RUN, "A*b?", RUN)), {1}),
    (Glob(K, ("a", ONE, "b", ONE, "c")), {1, 2}),
    (Equals(K, ""), {3}),
    (IsNull(K), set()),
    (Equals(K, "äRgEr"), {4}),
    (Glob(K, ("ä", RUN)), {4}),
    (Equals(C, "Ärger\\X"), {0}),
    (Glob(C, ("äRG", RUN)), {0}),
    (Glob(C, (RUN, "R\\", RUN)), {0}),
    (Equals(K, "X" * 999), {5}),
    (Glob(K, ("X" * 998, RUN)), {5}),
    (Glob(K, (RUN, "X" * 150, RUN)), {5}),
    (Glob(K, (RUN, "".join(map(str, range(360))), RUN)), set()),
    (Equals(K, "1" * 5000), set()),
    (Glob(K, ("LINE", ONE, "line")), {6}),
    (Cidr(IP, ip_network("10.0.0.0/8")), {2, 3}),
    (Not(Cidr(IP, ip_network("10.0.0.0/8"))), {0, 1, 4, 5, 6}),
    (Compare(N, Comparison.GTE, 6), {2}),
    (Or((NumberEquals(N, 5), Not(Exists(N)))), {0, 1, 3, 4, 5, 6}),
    (BooleanEquals(B, True), {4}),
    (Glob(K, (RUN, "a", *[ONE] * 11, "b")), set()),
]


@pytest.fixture(scope="module")
def index(elasticsearch: Elasticsearch) -> Index:
    mapping = {
        "properties": {
            "k": {"type": "keyword"},
            "c": {"type": "keyword", "normalizer": "lowercase"},
            "n": {"type": "long"},
            "ip": {"type": "ip"},
            "b": {"type": "boolean"},
        }
    }
    return elasticsearch.index(mapping, DOCUMENTS)


@pytest.mark.parametrize(("node", "found"), FOUND)
def test_found(index: Index, node: Node, found: set[int]) -> None:
    text = Dsl().write(Search(node)).text
    assert text is not None
    assert index.search_dsl(json.loads(text)["query"]) == found
