"""EQL to Query DSL: what Elasticsearch's translator makes of it, and what the result finds."""

from __future__ import annotations

from typing import Any

import pytest

from transpile.verify.engines.elasticsearch import Elasticsearch, Index
from transpile.verify.engines.eql_dsl import field_types, parses, translate
from transpile.verify.engines.errors import EngineError

MAPPING: dict[str, Any] = {
    "properties": {
        "event": {"properties": {"category": {"type": "keyword"}}},
        "k": {"type": "keyword"},
        "c": {"type": "keyword", "normalizer": "lowercase"},
        "t": {"type": "text"},
        "m": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
        "n": {"type": "long"},
        "b": {"type": "boolean"},
        "ip": {"type": "ip"},
        "w-x": {"properties": {"y.z": {"type": "keyword"}}},
        "o": {"type": "flattened"},
    }
}
TYPES = field_types(MAPPING)


def insensitive(kind: str, field: str, value: str) -> dict[str, Any]:
    return {kind: {field: {"value": value, "case_insensitive": True}}}


TRANSLATED: list[tuple[str, dict[str, Any]]] = [
    ('k : "v"', insensitive("term", "k", "v")),
    ('k : "v*"', insensitive("wildcard", "k", "v*")),
    ('k : ("v")', insensitive("term", "k", "v")),
    (
        'k : ("v*", "w")',
        {"bool": {"should": [insensitive("wildcard", "k", "v*"), insensitive("term", "k", "w")]}},
    ),
    (r'k : "*\\red\\win.*"', insensitive("wildcard", "k", r"*\\red\\win.*")),
    ('k : "*"', {"exists": {"field": "k"}}),
    ('m : "v"', insensitive("term", "m.keyword", "v")),
    ('k like "v"', {"term": {"k": {"value": "v"}}}),
    ('k like "n?t.e*"', {"wildcard": {"k": {"value": "n?t.e*"}}}),
    ('k like~ "n*t"', insensitive("wildcard", "k", "n*t")),
    ('k regex "^.*?net.exe"', {"regexp": {"k": {"value": "^.*?net.exe"}}}),
    ('k regex~ ("a.*", "b")', insensitive("regexp", "k", "a.*|b")),
    (r'k regex "net\\.exe"', {"term": {"k": {"value": "net.exe"}}}),
    (r'k regex~ """net\.exe"""', insensitive("term", "k", "net.exe")),
    ('k in ("a", "B", "a")', {"terms": {"k": ["a", "B"]}}),
    ("n not in (1, 2)", {"bool": {"must_not": [{"terms": {"n": [1, 2]}}]}}),
    ('k in~ ("v*")', insensitive("term", "k", "v*")),
    ('startsWith(k, "A")', {"prefix": {"k": {"value": "A"}}}),
    ('startsWith~(k, "A")', insensitive("prefix", "k", "A")),
    ('endsWith~(k, "c")', insensitive("wildcard", "k", "*c")),
    (r'stringContains(k, "a\\*")', {"wildcard": {"k": {"value": r"*a\**"}}}),
    (
        'endsWith(k, "x") != true',
        {"bool": {"must_not": [{"wildcard": {"k": {"value": "*x"}}}]}},
    ),
    ('wildcard~(k, "a*")', insensitive("wildcard", "k", "a*")),
    (
        'cidrMatch(ip, "10.0.0.0/8", "fe80::/10")',
        {"terms": {"ip": ["10.0.0.0/8", "fe80::/10"]}},
    ),
    ("n == -32.5", {"term": {"n": {"value": -32.5}}}),
    ("n < 4", {"range": {"n": {"lt": 4}}}),
    ("4 >= n", {"range": {"n": {"lte": 4}}}),
    ("not n > -1", {"bool": {"must_not": [{"range": {"n": {"gt": -1}}}]}}),
    ("b", {"term": {"b": {"value": True}}}),
    ("b != false", {"bool": {"must_not": [{"term": {"b": {"value": False}}}]}}),
    ("k == null", {"bool": {"must_not": [{"exists": {"field": "k"}}]}}),
    (
        "k != null",
        {"bool": {"must_not": [{"bool": {"must_not": [{"exists": {"field": "k"}}]}}]}},
    ),
    ("?gone == null", {"match_all": {}}),
    ('?k == "v"', {"term": {"k": {"value": "v"}}}),
    ("true", {"match_all": {}}),
    ('`w-x`.`y.z` == "a\\"b\\u{41}"', {"term": {"w-x.y.z": {"value": 'a"bA'}}}),
]


@pytest.mark.parametrize(("condition", "query"), TRANSLATED)
def test_translation(condition: str, query: dict[str, Any]) -> None:
    assert translate(f"any where {condition}", TYPES) == query


def test_category_is_a_term() -> None:
    assert translate("process where n == 1", TYPES) == {
        "bool": {
            "must": [
                {"term": {"event.category": {"value": "process"}}},
                {"term": {"n": {"value": 1}}},
            ]
        }
    }
    with pytest.raises(EngineError, match=r"Unknown column \[event.category\]"):
        translate("process where n == 1", {"n": "long"})


REFUSED = [
    ('n : "4688"', "must be [string], found value [n] type [number]"),
    ('n like~ "4688"', "must be [string], found value [n] type [number]"),
    ('ip : "10.*"', "must be [string], found value [ip] type [ip]"),
    ("k : 5", "Expected string not number"),
    ("k in~ (5)", "must be [string]"),
    ("k in (5)", "must be [string], found value [5] type [number]"),
    ('ip in ("10.0.0.1")', "must be [ip], found value ['10.0.0.1'] type [string]"),
    ('ip == "10.0.0.1" or (k == "a" or ip == "10.0.0.2")', "must be [ip]"),
    ('gone == "v"', "Unknown column [gone]"),
    ('?gone : "v"', "not mapped"),
    ('t == "v"', "without a keyword subfield"),
    ('o == "v"', "unsupported type [flattened]"),
    ('cidrMatch(k, "10.0.0.0/8")', "must be [ip], found value [k] type [string]"),
    ("k == c", "Comparisons against fields are not (currently) supported"),
    ("k : c", "Invalid syntax"),
    ('"bare string"', "Expected boolean not string"),
    ("k", "needs to be boolean"),
    ("n == 1 and k", "needs to be boolean"),
    ("length(k) > 5", "script"),
    ("n + 1 == 2", "script"),
    ("k == 'single'", "Invalid string literal"),
    (r'k == "a\*"', "Invalid syntax"),
    (r'k == "a\w"', "Invalid syntax"),
    ('k regex "a"b"', "Invalid syntax"),
    ('w-x.y == "v"', "Invalid comparison of number to string"),
    ("w-x == 1", "script"),
    ('k[0] == "v"', "array positions"),
    ('k == "v" | head 5', "pipes"),
    ("nosuch(k)", "Unknown function"),
]


@pytest.mark.parametrize(("condition", "reason"), REFUSED)
def test_refusal(condition: str, reason: str) -> None:
    with pytest.raises(EngineError) as error:
        translate(f"any where {condition}", TYPES)
    assert reason in str(error.value)


def test_two_equalities_of_an_ip_field_are_fine_outside_an_or() -> None:
    translate('any where ip == "10.0.0.1" and not ip == "10.0.0.2"', TYPES)
    translate('any where ip == "10.0.0.1" or ip == "10.0.0.1"', TYPES)


def test_exact_subfield_must_be_the_only_one() -> None:
    with pytest.raises(EngineError, match="Multiple exact keyword candidates"):
        translate('any where m : "v"', {"m": "text", "m.a": "keyword", "m.b": "wildcard"})


def test_parses() -> None:
    assert parses('process where k : "*\\\\net.exe"') is None
    assert isinstance(parses("process where"), EngineError)
    assert isinstance(parses(""), EngineError)


DOCUMENTS: list[dict[str, Any]] = [
    {"k": r"C:\net.exe", "event": {"category": "process"}},  # 0
    {"k": r"c:\NET.EXE"},  # 1
    {"k": "a*b"},  # 2
    {"k": "axb"},  # 3
    {"k": ""},  # 4
    {"n": 4625, "k": "4625"},  # 5
    {"ip": "10.1.1.1"},  # 6
    {"ip": "fe80::1"},  # 7
    {"k": 'p "q" #@&~<>'},  # 8
    {"k": "one\ntwo"},  # 9
    {"k": "ÄRGER"},  # 10
    {"c": "ÄRGER"},  # 11
    {"k": "z" * 2000},  # 12
    {"k": "50"},  # 13
]

EVERY = set(range(len(DOCUMENTS)))

FOUND = [
    (r'k : "*\\net.exe"', {0, 1}),
    (r'k like "*\\net.exe"', {0}),
    (r'k == "C:\\net.exe"', {0}),
    # The argument goes into the wildcard unescaped: the backslash escapes the n, which makes it
    # cased too.
    (r'endsWith~(k, "\\net.exe")', {0}),
    (r'endsWith~(k, ":\\net.exe")', set()),
    # `*` is a wildcard for `:` and can't be escaped; `in~` takes it as it is.
    ('k : "a*b"', {2, 3}),
    ('k in~ ("A*B")', {2}),
    (r'k regex~ """.*A\*B.*"""', {2}),
    (r'k regex~ """.*\"Q\" \#\@\&\~\<\>"""', {8}),
    (r'k regex~ """.*"Q" #.*"""', set()),
    # Two-valued: an absent field is not equal.
    ('not k : "*"', {6, 7, 11, 12}),
    ('k != "50" and n == null', EVERY - {5, 13}),
    ('k == ""', {4}),
    # A value above ignore_above has no value to find.
    ("?k == null", {6, 7, 11, 12}),
    ('k : "4625"', {5}),
    ("n in (1, 4625)", {5}),
    ('k >= "9"', {0, 1, 2, 3, 8, 9, 10}),
    ('cidrMatch(ip, "10.0.0.0/8", "fe80::/10")', {6, 7}),
    ('not cidrMatch(ip, "10.0.0.0/8")', EVERY - {6}),
    # A regex is anchored, has no ^ and $, and its dot matches a newline.
    ('k regex "one.*"', {9}),
    ('k regex "^one.*"', set()),
    # Letters beyond ASCII fold only where a normalizer folds them.
    ('k : "ärger"', set()),
    ('c : "ärger"', {11}),
]


@pytest.fixture(scope="module")
def index(elasticsearch: Elasticsearch) -> Index:
    properties = MAPPING["properties"] | {"k": {"type": "keyword", "ignore_above": 1024}}
    return elasticsearch.index({"properties": properties}, DOCUMENTS)


@pytest.mark.parametrize(("condition", "found"), FOUND)
def test_execution(index: Index, condition: str, found: set[int]) -> None:
    assert index.search_dsl(translate(f"any where {condition}", TYPES)) == found


def test_execution_of_a_category(index: Index) -> None:
    assert index.search_dsl(translate("process where true", TYPES)) == {0}


@pytest.mark.parametrize(
    "condition",
    [
        'cidrMatch(ip, "::ffff:0:0/96")',
        r'k regex """a\b"""',
        'ip == "nowhere"',
        'n == "many"',
    ],
)
def test_refusal_on_execution(index: Index, condition: str) -> None:
    query = translate(f"any where {condition}", TYPES)
    with pytest.raises(EngineError):
        index.search_dsl(query)
