"""Keys of flattened fields: what Elasticsearch finds of them, and that queries ask no more.

https://www.elastic.co/guide/en/elasticsearch/reference/8.17/flattened.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import backends
from transpile.ir.nodes import Equals, Exists, Field, FieldLeaf, Glob, IsNull, Type, Wildcard
from transpile.ir.search import Search
from transpile.verify.engines.elasticsearch import Elasticsearch, Index
from transpile.verify.engines.errors import EngineError

MAPPING = {"properties": {"o": {"type": "flattened"}}}
DOCUMENTS: list[dict[str, Any]] = [
    {"o": {"a": "userData", "list": ["x", "y"], "in": {"side": True, "count": 12}}},  # 0
    {"o": {"a": "USERDATA"}},  # 1
    {"o": {"b": "userData"}},  # 2
    {},  # 3
]


@pytest.fixture(scope="module")
def index(elasticsearch: Elasticsearch) -> Iterator[Index]:
    made = elasticsearch.index(MAPPING, DOCUMENTS)
    yield made
    made.delete()


def key(name: str) -> Field:
    return Field(f"o.{name}", Type.FLATTENED)


FOUND: list[tuple[FieldLeaf, set[int]]] = [
    (Equals(key("a"), "userData", cased=True), {0}),
    (Equals(key("list"), "y", cased=True), {0}),
    (Equals(key("in.side"), "true", cased=True), {0}),
    (Equals(key("in.count"), "12"), {0}),
    (Exists(key("a")), {0, 1}),
    (IsNull(key("a")), {2, 3}),
]


@pytest.mark.parametrize(("leaf", "expected"), FOUND)
def test_what_queries_find_of_a_key(index: Index, leaf: FieldLeaf, expected: set[int]) -> None:
    lucene = backends.get("lucene").write(Search(leaf)).text
    assert lucene is not None
    assert index.search_lucene(lucene) == expected
    dsl = backends.get("dsl").write(Search(leaf)).text
    assert dsl is not None
    assert index.search_dsl(json.loads(dsl)["query"]) == expected


@pytest.mark.parametrize(
    "leaf",
    [Equals(key("a"), "userData"), Glob(key("a"), ("user", Wildcard.ANY_RUN), cased=True)],
)
def test_what_no_query_can_ask_of_a_key_is_refused(leaf: FieldLeaf) -> None:
    for name in ("lucene", "dsl", "eql"):
        written = backends.get(name).write(Search(leaf))
        assert written.text is None, name
        assert {reason.code for reason in written.refusals} == {"field-type"}, name


def test_eql_looks_no_key_up(index: Index) -> None:
    written = backends.get("eql").write(Search(Equals(key("a"), "userData", cased=True)))
    assert [reason.code for reason in written.refusals] == ["field-type"]
    found = index.client.field_caps(index=index.name, fields="o.a")
    assert found["fields"] == {}


@pytest.mark.parametrize("query", ["o.a:/[uU]ser.*/", "o.a:us?rData"])
def test_elasticsearch_takes_no_pattern_for_a_key(index: Index, query: str) -> None:
    try:
        found = index.search_lucene(query)
    except EngineError:
        return
    assert found != {0}  # a wildcard is looked for in the whole field, and finds nothing
