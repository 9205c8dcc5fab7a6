"""Fitted queries of the golden rules, run on boundary events in indices mapped otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from transpile.ir.nodes import Field, Type
from transpile.load.rules import Rule, load
from transpile.query import Outcome, Query
from transpile.run.convert import Converter
from transpile.schema.cluster import Connection, read
from transpile.schema.file import text_of
from transpile.verify.engines import eql_dsl
from transpile.verify.engines.elasticsearch import Elasticsearch, Search, lucene
from transpile.verify.engines.errors import EngineError
from transpile.verify.reference import NoMeaning
from transpile.verify.trial import Trial, trial

GOLDEN = Path(__file__).parents[2] / "golden"
SETTINGS = {"analysis": {"normalizer": {"lc": {"type": "custom", "filter": ["lowercase"]}}}}
LOWER = {"type": "keyword", "normalizer": "lc"}
TYPES = {Type.LONG: "long", Type.DOUBLE: "double", Type.IP: "ip", Type.BOOLEAN: "boolean"}
TARGETS = ("elastic-lucene", "elastic-eql")

FEWEST = 20
"""exact queries, even where all that has a pattern is approximate for want of long values"""

MAPPINGS: Mapping[str, Mapping[str, Any]] = {
    "in lower case": LOWER,
    "with a subfield in lower case": {"type": "keyword", "fields": {"lower": LOWER}},
    "text with a keyword": {
        "type": "text",
        "fields": {"keyword": {"type": "keyword", "ignore_above": 40}},
    },
    "text with all": {
        "type": "text",
        "fields": {"all": {"type": "keyword"}, "lower": {**LOWER, "ignore_above": 20}},
    },
}


def rules() -> list[Rule]:
    found = load([str(path) for path in sorted(GOLDEN.glob("*/rule.yml"))])
    alone = {path.parent.name for path in GOLDEN.glob("*/pipeline.yml")}
    return [
        one
        for one in found
        if isinstance(one, Rule)
        and one.logsource.product == "windows"
        and Path(one.path).parent.name not in alone
    ]


def plain_trials() -> list[tuple[Rule, Trial]]:
    """The rules with their boundary events as documents whose fields no schema has changed."""
    converter = Converter(TARGETS[:1])
    made: list[tuple[Rule, Trial]] = []
    for rule in rules():
        (query,) = converter.convert(rule).queries
        if query.text is not None:
            plan = converter.targets[0].plan(rule.logsource)
            with suppress(NoMeaning):
                made.append((rule, trial(query, plan, rule.document)))
    return made


def fields(one: Trial) -> Iterator[Field]:
    names = {name for event in one.events for name in event} | set(one.query.fields)
    for name in names - {"_raw"}:
        yield from one.plan.resolve(name)


@pytest.mark.parametrize(
    ("mapping", "port"),
    list(zip(MAPPINGS.values(), ["long", "keyword"] * 2, strict=True)),
    ids=MAPPINGS,
)
def test_exact_queries_find_what_the_rules_mean(
    elasticsearch: Elasticsearch, tmp_path: Path, mapping: Mapping[str, Any], port: str
) -> None:
    made = plain_trials()
    properties: dict[str, Any] = {}
    for _, one in made:
        for field in fields(one):
            kind = TYPES.get(field.type)
            properties[field.name] = {"type": port if kind == "long" else kind} if kind else mapping
    every = {"any": {"match_mapping_type": "*", "mapping": dict(mapping)}}
    index = elasticsearch.index(
        {"subobjects": False, "dynamic_templates": [every], "properties": properties},
        [row for _, one in made for row in one.rows],
        SETTINGS,
        groups=[str(number) for number, (_, one) in enumerate(made) for _ in one.rows],
    )
    try:
        path = tmp_path / "schema.json"
        path.write_text(text_of(read(Connection(elasticsearch.url), [index.name])), "utf-8")
        answer = elasticsearch.client.indices.get_mapping(index=index.name)
        types = eql_dsl.field_types(answer[index.name]["mappings"])
        converter = Converter(TARGETS, schema=str(path))
        asked: list[tuple[Query, Trial, int, Search]] = []
        start = 0
        for number, (rule, one) in enumerate(made):
            for query in converter.convert(rule).queries:
                if query.outcome is Outcome.EXACT and (text := query.text) is not None:
                    eql = query.target.endswith("eql")
                    dsl = eql_dsl.translate(text, types) if eql else lucene(text)
                    asked.append((query, one, start, Search(dsl, str(number))))
            start += len(one.rows)
        results = index.search_many([search for *_, search in asked])
    finally:
        index.delete()
    wrong = [
        (query.path, query.target, query.text, result)
        for (query, one, start, _), result in zip(asked, results, strict=True)
        if isinstance(result, EngineError)
        or {position - start for position in result}
        != {position for position, label in enumerate(one.labels) if label}
    ]
    assert not wrong, wrong[:3]
    assert len(asked) > FEWEST
