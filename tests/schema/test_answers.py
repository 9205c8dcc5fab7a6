"""Schemas from answers as Elastic's API documentation has them, for what the test server lacks.

The mappings are those of the pages on field types, under
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/: wildcard.html, keyword.html
(constant_keyword), flattened.html, nested.html, match-only-text.html, runtime.html,
normalizer.html, index-mapping-ignore-above.html, logs-data-stream.html, passthrough.html; the
frames are those of indices-get-mapping.html, indices-get-settings.html, search-field-caps.html and
indices-resolve-index-api.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from transpile.schema.answers import Answers, schema_of
from transpile.schema.model import ClusterSchema, Folds, Shape

CASE, OTHER, NOTHING = Folds.CASE, Folds.OTHER, Folds.NOTHING


def of(
    mappings: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    capabilities: Mapping[str, Any] | None = None,
    *resolved: Mapping[str, Any],
) -> ClusterSchema:
    """The schema of indices with these mappings."""
    return schema_of(
        ["x-*"],
        Answers(
            {index: {"mappings": mapping} for index, mapping in mappings.items()},
            {index: {"settings": {"index": one}} for index, one in (settings or {}).items()},
            {"indices": list(mappings), "fields": capabilities or {}},
            resolved,
        ),
    )


def one(properties: Mapping[str, Any], **settings: Any) -> ClusterSchema:
    return of({"x": {"properties": properties}}, {"x": settings})


TYPES: list[tuple[dict[str, Any], Shape]] = [
    ({"type": "wildcard"}, Shape("wildcard")),
    ({"type": "constant_keyword", "value": "debug"}, Shape("constant_keyword")),
    ({"type": "match_only_text"}, Shape("match_only_text")),
    ({"type": "flattened", "ignore_above": 1024}, Shape("flattened", ignore_above=1024)),
    ({"type": "version"}, Shape("version")),
    ({"type": "alias", "path": "distance"}, Shape("alias", path="distance")),
    ({"type": "keyword", "index": False}, Shape("keyword", index=False)),
    ({"type": "long", "doc_values": False}, Shape("long", doc_values=False)),
    ({"type": "text", "analyzer": "whitespace"}, Shape("text", analyzer="whitespace")),
    (
        {"type": "keyword", "fields": {"w": {"type": "wildcard"}, "t": {"type": "text"}}},
        Shape("keyword", fields={"w": Shape("wildcard"), "t": Shape("text")}),
    ),
]


@pytest.mark.parametrize(("mapping", "shape"), TYPES)
def test_field_types(mapping: dict[str, Any], shape: Shape) -> None:
    assert one({"a": {"properties": {"b": mapping}}}).fields == {"a.b": (shape,)}


FILTERS = {
    "mine": {"type": "lowercase"},
    "turkish": {"type": "lowercase", "language": "turkish"},
    "fold": {"type": "asciifolding"},
    "lowercase": {"type": "uppercase"},
}


@pytest.mark.parametrize(
    ("normalizer", "filters", "folds"),
    [
        ({"type": "custom", "filter": ["lowercase"]}, {}, CASE),
        ({"type": "custom", "filter": "lowercase"}, {}, CASE),
        ({"filter": ["lowercase"]}, {}, CASE),
        ({"type": "custom", "filter": ["mine"]}, FILTERS, CASE),
        ({"type": "custom", "filter": ["lowercase"], "char_filter": []}, {}, CASE),
        ({"type": "custom", "filter": []}, {}, NOTHING),
        ({"type": "custom", "filter": ["lowercase", "asciifolding"]}, {}, OTHER),
        ({"type": "custom", "filter": ["lowercase"], "char_filter": ["quote"]}, {}, OTHER),
        ({"type": "custom", "filter": ["turkish"]}, FILTERS, OTHER),
        ({"type": "custom", "filter": ["lowercase"]}, FILTERS, OTHER),
        ({"type": "custom", "filter": ["uppercase"]}, {}, OTHER),
        ({"type": "lowercase"}, {}, OTHER),
    ],
)
def test_normalizers_fold_case_only_where_that_is_all_they_do(
    normalizer: dict[str, Any], filters: dict[str, Any], folds: Folds
) -> None:
    analysis = {"normalizer": {"n": normalizer}, "filter": filters}
    schema = one({"a": {"type": "keyword", "normalizer": "n"}}, analysis=analysis)
    assert schema.fields["a"] == (Shape("keyword", normalizer="n", folds=folds),)


def test_normalizers_without_a_definition() -> None:
    schema = one({name: {"type": "keyword", "normalizer": name} for name in ("lowercase", "gone")})
    assert schema.fields["lowercase"][0].folds is CASE
    assert schema.fields["gone"][0].folds is OTHER


def test_index_wide_length_holds_for_keywords_wildcards_and_flattened_fields() -> None:
    properties = {
        "k": {"type": "keyword"},
        "own": {"type": "keyword", "ignore_above": 7},
        "w": {"type": "wildcard"},
        "f": {"type": "flattened"},
        "t": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "n": {"type": "long"},
    }
    schema = one(properties, mapping={"ignore_above": "33"})
    lengths = {path: schema.field(path)[0].ignore_above for path in (*properties, "t.raw")}
    assert lengths == {"k": 33, "own": 7, "w": 33, "f": 33, "t": None, "n": None, "t.raw": 33}
    assert one(properties, mode="logsdb").fields["k"][0].ignore_above == 8191
    assert one(properties).fields["k"][0].ignore_above is None


def test_nested_objects_hide_their_fields_unless_these_are_lifted() -> None:
    inside = {"type": "nested", "properties": {"f": {"type": "keyword"}}}
    schema = one(
        {
            "user": inside,
            "lifted": {**inside, "include_in_root": True},
            "parent": {**inside, "include_in_parent": True},
            "deep": {"type": "nested", "properties": {"in": {**inside, "include_in_parent": True}}},
            "off": {"type": "object", "enabled": False},
        }
    )
    assert schema.fields["user"] == (Shape("nested"),)
    assert schema.fields["user.f"] == (Shape("keyword", nested="user"),)
    assert schema.fields["lifted.f"] == schema.fields["parent.f"] == (Shape("keyword"),)
    assert schema.fields["deep.in"] == (Shape("nested", nested="deep"),)
    assert schema.fields["deep.in.f"] == (Shape("keyword", nested="deep.in"),)
    assert schema.fields["off"] == (Shape("object", searchable=False),)


def test_runtime_fields_stand_before_indexed_ones() -> None:
    runtime = {
        "port": {"type": "long", "script": {"source": "emit(1)"}},
        "http": {"type": "composite", "fields": {"verb": {"type": "keyword"}}},
    }
    mapping = {"properties": {"port": {"type": "keyword"}}, "runtime": runtime}
    schema = of({"x": mapping})
    assert schema.fields == {
        "http.verb": (Shape("keyword", runtime=True),),
        "port": (Shape("long", runtime=True),),
    }


def test_fields_that_no_query_finds_are_told_by_index() -> None:
    keyword = {"properties": {"k": {"type": "keyword", "fields": {"s": {"type": "keyword"}}}}}
    found = {"searchable": True}
    none = {"searchable": False}
    some = {"searchable": False, "non_searchable_indices": ["b"]}
    shape = Shape("keyword", fields={"s": Shape("keyword")})
    blocked = Shape("keyword", searchable=False, fields={"s": Shape("keyword")})
    every = of(
        {"a": keyword, "b": keyword}, {}, {"k": {"keyword": none}, "k.s": {"keyword": found}}
    )
    assert every.fields["k"] == (blocked,)
    one_of_two = of({"a": keyword, "b": keyword}, {}, {"k": {"keyword": some}})
    assert [(s.sources, s.searchable) for s in one_of_two.fields["k"]] == [
        (("a",), True),
        (("b",), False),
    ]
    below = of({"a": keyword}, {}, {"k.s": {"keyword": none}})
    assert below.fields["k"] == (
        Shape("keyword", fields={"s": Shape("keyword", searchable=False)}),
    )
    assert of({"a": keyword}, {}, {"k": {"keyword": found}}).fields["k"] == (shape,)


def test_fields_that_only_the_capabilities_know() -> None:
    mapping = {"properties": {"attributes": {"type": "passthrough", "priority": 10}}}
    capabilities: dict[str, Any] = {
        "lifted": {"keyword": {"type": "keyword", "metadata_field": False, "searchable": True}},
        "attributes": {"object": {"type": "object", "searchable": False}},
        "_id": {"_id": {"type": "_id", "metadata_field": True, "searchable": True}},
        "both": {
            "ip": {"type": "ip", "searchable": True, "indices": ["x-2024.01.01"]},
            "long": {"type": "long", "searchable": True, "indices": ["y"]},
        },
    }
    assert of({"x-2024.01.01": mapping, "y": mapping}, {}, capabilities).fields == {
        "both": (Shape("ip", sources=("x-*",)), Shape("long", sources=("y",))),
        "lifted": (Shape("keyword"),),
    }


def test_indices_are_named_by_what_stays_the_same() -> None:
    names = (
        ".ds-logs-system.security-default-2024.12.01-000002",
        "winlogbeat-8.17.0-2024.12.01-000001",
        "winlogbeat-8.17.0-2024.12.31-000002",
        "app-2024.12",
        "weeks-2024.w05",
        "days-2024-12-31",
        "hours-2024.12.31.23",
        "v2-12",
        "winlogbeat-7.17.0",
    )
    stream = {
        "name": "logs-system.security-default",
        "backing_indices": [names[0]],
        "timestamp_field": "@timestamp",
    }
    mapping = {"properties": {"k": {"type": "keyword"}}}
    schema = of(dict.fromkeys(names, mapping), {}, {}, {"data_streams": [stream]})
    assert schema.sources == (
        "app-*",
        "days-*",
        "hours-*",
        "logs-system.security-default",
        "v2-12",
        "weeks-*",
        "winlogbeat-7.17.0",
        "winlogbeat-8.17.0-*",
    )
    assert schema.fields == {"k": (Shape("keyword"),)}


def test_indices_that_differ_are_told_apart() -> None:
    address, text = {"type": "ip"}, {"type": "keyword"}
    schema = of(
        {
            "a-2024.01.01": {"properties": {"src": text}},
            "a-2024.01.02": {"properties": {"src": address}},
            "b": {"properties": {"src": address, "only": text}},
        }
    )
    assert schema.fields == {
        "only": (Shape("keyword"),),
        "src": (Shape("keyword", sources=("a-*",)), Shape("ip", sources=("a-*", "b"))),
    }


def test_the_order_of_answers_changes_nothing() -> None:
    a = {"properties": {"x": {"type": "ip"}, "y": {"type": "long"}}}
    b = {"properties": {"y": {"type": "keyword"}}}
    backwards = {"properties": dict(reversed(a["properties"].items()))}
    assert of({"a": a, "b": b}) == of({"b": b, "a": backwards})
    assert of({"a": a, "b": b}).digest != of({"a": a}).digest
