"""Elastic's mapping of log sources that are no Windows events, held against what was read.

The model is held against documents of Elastic's own, and the mapping against both: what an event
has is found in its document, another value is not, and no query names a field of no package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.streams import FIELDS, STREAMS, Stream, StreamWitness, read_witnesses, type_of
from tests.witnesses.test_elastic_mapping import finds
from transpile.ir.lower import lower
from transpile.ir.nodes import (
    And,
    BooleanEquals,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Node,
    Not,
    NumberEquals,
    Or,
    Type,
)
from transpile.ir.walk import leaves
from transpile.load.files import RuleFile
from transpile.load.logsource import LogSource
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome, Refused
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.plan import Plan
from transpile.targets.tables import table
from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning, NoMeaning

WITNESSES = list(read_witnesses())
TARGETS = ("elastic-lucene", "elastic-agent-lucene")
GOLDEN = Path(__file__).parents[2] / "golden"
TYPES = {
    "keyword": {Type.KEYWORD, Type.CASELESS},
    "constant_keyword": {Type.KEYWORD},
    "wildcard": {Type.KEYWORD},
    "flattened": {Type.FLATTENED},
    "match_only_text": {Type.TEXT},
    "text": {Type.TEXT},
    "ip": {Type.IP},
    "long": {Type.LONG},
    "integer": {Type.LONG},
    "boolean": {Type.BOOLEAN},
}
"""what a field of a package's type is taken for"""

DEFEND = ("process_creation", "file_event", "network_connection")
"""categories whose events Elastic Defend writes, which has subfields in lower case"""


def plan_of(stream: Stream, target: str) -> Plan:
    told = stream.logsource
    source = LogSource(told["product"], told.get("category"), told.get("service"))
    return registry.get(target).plan(source)


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_the_model_makes_what_the_document_has(witness: StreamWitness) -> None:
    assert witness.stream.document(witness.event) == witness.document


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_each_move_that_a_witness_goes_through_is_noticed(witness: StreamWitness) -> None:
    for name in witness.event.keys() & witness.stream.moves.keys():
        less = {k: v for k, v in witness.event.items() if k != name}
        assert witness.stream.document(less) != witness.document, name


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_a_witness_tells_where_it_is_from(witness: StreamWitness) -> None:
    assert witness.source.keys() == {"repository", "path", "commit"}
    assert re.fullmatch("[0-9a-f]{40}", witness.source["commit"])
    assert all(re.fullmatch(r"\S+ [0-9a-f]{40}", one) for one in witness.stream.read)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_a_log_source_is_limited_to_its_stream(witness: StreamWitness, target: str) -> None:
    scope = plan_of(witness.stream, target).scope
    assert scope
    for node in scope:
        assert finds(node, witness.document)
        assert not finds(node, {"event.dataset": "another.one"})


def _values(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [held]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_what_an_event_has_is_found_and_nothing_else(witness: StreamWitness, target: str) -> None:
    plan = plan_of(witness.stream, target)
    exact = 0
    for name, held in witness.event.items():
        for value in _values(held):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            mapped = plan.map(Equals(Field(name), text))
            if mapped.refusals:
                continue
            told = f"{name} {text!r}: {[f.name for f in mapped.fields[name]]}"
            assert finds(mapped.search.condition, witness.document), told
            if mapped.approximations or _numeric(mapped.search.condition):
                continue
            exact += 1
            for other in (f"{text}9", f"9{text}"):
                different = plan.map(Equals(Field(name), other))
                assert different.refusals or not finds(
                    different.search.condition, witness.document
                ), told
    assert exact >= 3


def _numeric(node: Node) -> bool:
    return any(one.field.type is Type.LONG for one in leaves(node) if isinstance(one, Equals))


def test_what_ingestion_removes_is_refused() -> None:
    for stream, name in (
        ("okta.system", "legacyEventType"),
        ("github.audit", "visibility"),
        ("zeek.dns", "Z"),
        ("zeek.dns", "answers.unknown"),
    ):
        plan = plan_of(STREAMS[stream], "elastic-lucene")
        refused = plan.map(Equals(Field(name), "x")).refusals
        if name == "answers.unknown":
            assert not refused
        else:
            assert [reason.code for reason in refused] == ["unmapped-field"], name


def _asked() -> Iterator[tuple[LogSource, str]]:
    """The fields that Sigma rules ask of log sources of these streams."""
    published = {"endpointsecurity"}  # of a macOS log that no package of the agent writes
    for entry in table("sigma_logsources")["logsource"]:
        source = LogSource(entry.get("product"), entry.get("category"), entry.get("service"))
        if source.product != "windows" and source.service not in published:
            for name in ["", *entry["fields"]]:
                yield source, name


@pytest.mark.parametrize("target", TARGETS)
def test_queries_name_fields_that_packages_have(target: str) -> None:
    """Facts: each field that a mapped log source names is one of the model's, of its type."""
    faults = []
    for source, name in _asked():
        try:
            plan = registry.get(target).plan(source)
        except Refused:
            continue
        if "unmapped-logsource" in [reason.code for reason in plan.approximations]:
            continue
        try:
            fields = plan.resolve(name) if name else ()
        except Refused:
            fields = ()
        scoped = [
            leaf.field for node in plan.scope for leaf in leaves(node) if hasattr(leaf, "field")
        ]
        for field in [*fields, *scoped, *([plan.text] if plan.text and not name else [])]:
            if field.type is Type.CASELESS and source.category not in DEFEND:
                faults.append(f"{source}: {name}: {field.name} is Elastic Defend's own")
            if field.type not in TYPES.get(type_of(field.name), set()):
                faults.append(f"{source}: {name}: {field.name} {field.type.value}")
    assert faults == []


def test_each_field_of_the_model_has_a_type_that_is_known() -> None:
    assert set(FIELDS.values()) <= {*TYPES, ""}


def _rules() -> Iterator[tuple[Stream, Rule]]:
    """The golden rules of a stream, of which the query is called exact."""
    converter = Converter(["elastic-lucene"])
    streams = {tuple(sorted(s.logsource.items())): s for s in STREAMS.values()}
    for path in sorted(GOLDEN.glob("*/rule.yml")):
        (rule,) = load_file(RuleFile(str(path), path.parent.name))
        if not isinstance(rule, Rule) or (path.parent / "pipeline.yml").exists():
            continue
        told = rule.sigma.logsource
        named = {"product": told.product, "category": told.category, "service": told.service}
        stream = streams.get(tuple(sorted((k, v) for k, v in named.items() if v)))
        if stream is None:
            continue
        (query,) = converter.convert(rule).queries
        if query.outcome is Outcome.EXACT:
            yield stream, rule


RULES = list(_rules())


def _found(node: Node, document: Mapping[str, Any]) -> bool:
    if isinstance(node, (And, Or)):
        join = all if isinstance(node, And) else any
        return join(_found(operand, document) for operand in node.operands)
    if isinstance(node, Not):
        return not _found(node.operand, document)
    if isinstance(node, Exists):
        return not finds(IsNull(node.field), document)
    if isinstance(node, NumberEquals):
        return finds(Equals(node.field, str(node.number)), document)
    if isinstance(node, BooleanEquals):
        return finds(Equals(node.field, str(node.boolean).lower()), document)
    assert isinstance(node, (Equals, Glob, IsNull)), node
    return finds(node, document)


def test_there_are_rules_to_try() -> None:
    assert len(RULES) >= 4


@pytest.mark.parametrize(("stream", "rule"), RULES, ids=lambda one: getattr(one, "name", ""))
def test_the_query_finds_in_documents_what_the_rule_means_of_events(
    stream: Stream, rule: Rule
) -> None:
    plan, meaning = plan_of(stream, "elastic-lucene"), Meaning.of(rule.document)
    condition = plan.map(lower(rule.sigma)).search.condition
    try:
        for event in boundary_events(meaning):
            if any(value in plan.dropped for value in event.values()):
                continue
            document = stream.document(event)
            assert _found(condition, document) is meaning.matches(event), event
    except NoMeaning:
        pytest.skip("the reference can't tell what the rule means")
