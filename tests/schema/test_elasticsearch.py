"""Schemas of indices that a real Elasticsearch holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from transpile.schema.cluster import ClusterError, Connection, read
from transpile.schema.file import text_of
from transpile.schema.model import ClusterSchema, Folds, Shape
from transpile.verify.engines.elasticsearch import Elasticsearch, Index

SETTINGS = {"analysis": {"normalizer": {"lc": {"type": "custom", "filter": ["lowercase"]}}}}
CASED: dict[str, Any] = {"type": "keyword"}
CASELESS = {"type": "keyword", "normalizer": "lc"}
UNSEARCHABLE = {"type": "keyword", "index": False, "doc_values": False}
LOWER = Shape("keyword", normalizer="lc", folds=Folds.CASE)

MAPPED: list[tuple[dict[str, Any], dict[str, Shape]]] = [
    ({"f": CASELESS}, {"f": LOWER}),
    (
        {"f": {**CASED, "fields": {"caseless": CASELESS}}},
        {"f": Shape("keyword", fields={"caseless": LOWER})},
    ),
    ({"f": {"type": "text"}}, {"f": Shape("text")}),
    (
        {"f": {"type": "text", "fields": {"keyword": {**CASED, "ignore_above": 256}}}},
        {"f": Shape("text", fields={"keyword": Shape("keyword", ignore_above=256)})},
    ),
    ({"source": {"properties": {"ip": {"type": "ip"}}}}, {"source.ip": Shape("ip")}),
    ({"source.ip": CASED}, {"source.ip": Shape("keyword")}),
    ({"port": {"type": "long"}}, {"port": Shape("long")}),
    ({"port": CASED}, {"port": Shape("keyword")}),
    (
        {"f": CASED, "g": {"type": "alias", "path": "f"}},
        {"f": Shape("keyword"), "g": Shape("alias", path="f")},
    ),
    (
        {"f": UNSEARCHABLE, "t": {"type": "text", "index": False}, "d": {**CASED, "index": False}},
        {
            "f": Shape("keyword", searchable=False, index=False, doc_values=False),
            "t": Shape("text", searchable=False, index=False),
            "d": Shape("keyword", index=False),
        },
    ),
    (
        {"list": {"type": "nested", "properties": {"k": CASED}}, "labels": {"type": "flattened"}},
        {
            "list": Shape("nested"),
            "list.k": Shape("keyword", nested="list"),
            "labels": Shape("flattened"),
        },
    ),
    (
        {"o": {"type": "object", "enabled": False, "properties": {}}},
        {"o": Shape("object", searchable=False)},
    ),
    (
        {"attributes": {"type": "passthrough", "priority": 1, "properties": {"k": CASED}}},
        {"attributes.k": Shape("keyword"), "k": Shape("keyword")},
    ),
]


@pytest.fixture
def made(elasticsearch: Elasticsearch) -> Iterator[list[Index]]:
    """A list of indices that are removed after the test."""
    indices: list[Index] = []
    yield indices
    for index in indices:
        index.delete()


def schema_at(node: Elasticsearch, *indices: Index) -> ClusterSchema:
    return read(Connection(node.url), [index.name for index in indices])


@pytest.mark.parametrize(("properties", "fields"), MAPPED)
def test_fields_are_read_as_they_are_mapped(
    elasticsearch: Elasticsearch,
    made: list[Index],
    properties: dict[str, Any],
    fields: dict[str, Shape],
) -> None:
    made.append(elasticsearch.index({"properties": properties}, [], SETTINGS))
    schema = schema_at(elasticsearch, made[0])
    assert schema.fields == {path: (shape,) for path, shape in fields.items()}
    assert schema.sources == schema.patterns == (made[0].name,)


def test_runtime_fields(elasticsearch: Elasticsearch, made: list[Index]) -> None:
    mapping = {"properties": {"n": CASED}, "runtime": {"n": {"type": "long"}}}
    made.append(elasticsearch.index(mapping, []))
    assert schema_at(elasticsearch, made[0]).fields == {"n": (Shape("long", runtime=True),)}


def test_dynamic_fields(elasticsearch: Elasticsearch, made: list[Index]) -> None:
    made.append(elasticsearch.index({}, [{"a": {"b": "text"}, "n": 1}]))
    keyword = Shape("keyword", ignore_above=256)
    assert schema_at(elasticsearch, made[0]).fields == {
        "a.b": (Shape("text", fields={"keyword": keyword}),),
        "n": (Shape("long"),),
    }


def test_indices_that_differ(elasticsearch: Elasticsearch, made: list[Index]) -> None:
    every = ({"p": CASED, "s": CASED}, {"p": {"type": "long"}}, {"s": UNSEARCHABLE})
    made += [elasticsearch.index({"properties": one}, []) for one in every]
    first, second, third = (index.name for index in made)
    schema = schema_at(elasticsearch, *made)
    assert {shape.sources: shape.type for shape in schema.fields["p"]} == {
        (first,): "keyword",
        (second,): "long",
    }
    assert [(shape.sources, shape.searchable) for shape in schema.fields["s"]] == [
        ((first,), True),
        ((third,), False),
    ]


def test_the_same_text_whichever_index_comes_first(
    elasticsearch: Elasticsearch, made: list[Index]
) -> None:
    both = ({"p": CASED}, {"p": {"type": "long"}, "a": CASELESS})
    made += [elasticsearch.index({"properties": one}, [], SETTINGS) for one in both]
    text = text_of(schema_at(elasticsearch, *made))
    assert text == text_of(schema_at(elasticsearch, *reversed(made)))
    assert list(json.loads(text)["fields"]) == ["a", "p"]


def test_aliases_of_indices(elasticsearch: Elasticsearch, made: list[Index]) -> None:
    made.append(elasticsearch.index({"properties": {"p": CASED}}, []))
    elasticsearch.client.indices.put_alias(index=made[0].name, name="an-alias")
    schema = read(Connection(elasticsearch.url), ["an-alias"])
    assert (schema.patterns, schema.sources) == (("an-alias",), (made[0].name,))


def test_each_pattern_matches_something(elasticsearch: Elasticsearch, made: list[Index]) -> None:
    made.append(elasticsearch.index({"properties": {"p": CASED}}, []))
    for absent in ("absent", "absent-*"):
        with pytest.raises(ClusterError) as error:
            read(Connection(elasticsearch.url), [made[0].name, absent])
        told = f"no index, data stream or alias matches {absent} as far as the credentials see"
        assert str(error.value) == f"{told}; name yours by --index"


def test_of_the_default_patterns_one_is_enough(
    elasticsearch: Elasticsearch, made: list[Index]
) -> None:
    told: list[str] = []
    with pytest.raises(ClusterError, match=r"matches logs-\*, winlogbeat-\*"):
        read(Connection(elasticsearch.url))
    elasticsearch.client.indices.create(
        index="winlogbeat-8.17.0-2024.12.01-000001", mappings={"properties": {"p": CASED}}
    )
    made.append(Index(elasticsearch.client, "winlogbeat-8.17.0-2024.12.01-000001"))
    schema = read(Connection(elasticsearch.url), tell=told.append)
    assert schema.patterns == ("logs-*", "winlogbeat-*")
    assert schema.sources == ("winlogbeat-8.17.0-*",)
    assert told == ["no index matches logs-*"]
