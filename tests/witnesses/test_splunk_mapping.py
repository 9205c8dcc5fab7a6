"""The mapping of the target splunk, held against what its search gives of the vendors' events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from backends.spl import Spl
from tests.witnesses.splunk_ingestion import SPLUNKS_OWN, Witness
from tests.witnesses.test_splunk_ingestion import MODELS, WITNESSES
from transpile.ir.lower import lower
from transpile.ir.nodes import And, AnyLeaf, Equals, Exists, Field, IsNull, Keyword, Node, SameAs
from transpile.ir.simplify import all_of
from transpile.ir.walk import leaves
from transpile.load.files import RuleFile, find
from transpile.load.rules import Rule, load_file
from transpile.query import Refused
from transpile.targets import registry
from transpile.targets.folder import folder
from transpile.targets.plan import LogSource, Mapped, Plan
from transpile.verify.engines.spl import Spl as Engine

GOLDEN = Path(__file__).parents[2] / "golden"


def plan_of(logsource: Mapping[str, str]) -> Plan:
    told = (logsource.get(name) for name in ("product", "category", "service"))
    return registry.get("splunk").plan(LogSource(*told))


def found(mapped: Mapped, document: Mapping[str, Any]) -> bool:
    """Whether the query that is written finds a document, by the strict reading of SPL."""
    text = Spl().write(mapped.search).text
    assert text is not None
    return Engine.parse(text).matches(document)


def values_of(witness: Witness, name: str) -> list[str]:
    held = witness.event[name]
    return [] if held is None else held if isinstance(held, list) else [held]


def faults(witness: Witness) -> Iterator[str]:
    """What queries about single fields of the event find in the document otherwise."""
    plan = plan_of(witness.logsource)
    for name in witness.event:
        field = Field(name)
        for value in values_of(witness, name):
            mapped = plan.map(Equals(field, value))
            if mapped.refusals or not found(mapped, witness.document):
                yield f"{name} {value!r}: not found"
            other = plan.map(Equals(field, f"{value}9"))
            if not other.refusals and found(other, witness.document):
                yield f"{name} {value!r}: found for another value"
        if plan.form(name) is not None:
            continue
        has_value = bool(values_of(witness, name))
        for leaf, expected in ((Exists(field), has_value), (IsNull(field), not has_value)):
            if found(plan.map(leaf), witness.document) is not expected:
                yield f"{name}: {type(leaf).__name__} is not {expected}"


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_what_an_event_has_is_found_where_the_document_has_it(witness: Witness) -> None:
    assert list(faults(witness)) == []


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_a_rule_of_all_that_an_event_has_finds_it_alone(witness: Witness) -> None:
    rule = all_of(
        Equals(Field(name), value) for name in witness.event for value in values_of(witness, name)
    )
    mapped = plan_of(witness.logsource).map(rule)
    assert not mapped.refusals
    hits = [str(one) for one in WITNESSES if found(mapped, one.document)]
    assert hits == [str(witness)]


def _log_source(rule: Rule) -> LogSource:
    told = rule.sigma.logsource
    return LogSource(told.product, told.category, told.service)


WITNESSED = {
    LogSource(*(w.logsource.get(name) for name in ("product", "category", "service")))
    for w in WITNESSES
}
SOURCETYPES = {
    source: {
        w.document["sourcetype"]
        for w in WITNESSES
        if w.logsource.get("product") == source.product
        and w.logsource.get("service") == source.service
    }
    for source in WITNESSED
}


def is_known(source: LogSource, name: str) -> bool:
    """Whether some event of the log source is known to have a field in Splunk."""
    sourcetypes = SOURCETYPES[source]
    return (
        name in SPLUNKS_OWN
        or any(MODELS[one].has(name) for one in sourcetypes)
        or any(name in w.document for w in WITNESSES if w.document["sourcetype"] in sourcetypes)
    )


def asked(node: Node) -> Iterator[str]:
    """The names of the fields in a condition."""
    for leaf in leaves(node):
        yield from _names(leaf)


def _names(leaf: AnyLeaf) -> list[str]:
    if isinstance(leaf, Keyword):
        return []
    return [leaf.field.name, *([leaf.other.name] if isinstance(leaf, SameAs) else [])]


def unknown_fields(rule: Rule) -> list[str]:
    """The fields of a rule's query that no witness and no published list has."""
    source = _log_source(rule)
    try:
        mapped = plan_of(source._asdict()).map(lower(rule.sigma))
    except Refused:
        return []
    if mapped.refusals or mapped.approximations:
        return []
    search = mapped.search
    whole = And((search.condition, *search.scope)) if search.scope else search.condition
    return sorted({name for name in asked(whole) if not is_known(source, name)})


def exact_names(source: LogSource) -> Iterator[str]:
    """The names of rules that the data files have for a log source without a reservation."""
    entry, plan = folder("splunk").entry(source), plan_of(source._asdict())
    for name in (*entry.fields, *entry.known):
        if "*" not in name and plan.differs(name) is None:
            yield name


@pytest.mark.parametrize("source", sorted(WITNESSED, key=str), ids=str)
def test_fields_of_the_data_files_are_known(source: LogSource) -> None:
    plan, unknown = plan_of(source._asdict()), []
    for name in exact_names(source):
        try:
            fields = plan.resolve(name)
        except Refused:
            continue
        unknown += [field.name for field in fields if not is_known(source, field.name)]
    assert unknown == []


@pytest.mark.parametrize("source", sorted(WITNESSED, key=str), ids=str)
def test_null_is_a_text_where_events_are_json(source: LogSource) -> None:
    kinds = {MODELS[one].kind for one in SOURCETYPES[source]}
    assert ("null" in plan_of(source._asdict()).absent("any")) is (kinds == {"json"})


def golden_rules() -> Iterator[Rule]:
    for path in sorted(GOLDEN.glob("*/rule.yml")):
        for rule in load_file(RuleFile(str(path), path.parent.name)):
            if isinstance(rule, Rule) and _log_source(rule) in WITNESSED:
                yield rule


@pytest.mark.parametrize("rule", list(golden_rules()), ids=lambda rule: rule.file.relative)
def test_fields_of_exact_queries_are_known(rule: Rule) -> None:
    assert unknown_fields(rule) == []


@pytest.mark.corpus
def test_fields_of_exact_queries_for_the_corpus_are_known(corpus: Path) -> None:
    unknown: dict[str, list[str]] = {}
    count = 0
    for file in find([str(corpus)]):
        for rule in load_file(file):
            if isinstance(rule, Rule) and _log_source(rule) in WITNESSED:
                count += 1
                if names := unknown_fields(rule):
                    unknown[rule.file.relative] = names
    assert unknown == {}
    assert count > 150
