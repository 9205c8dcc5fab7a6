"""Exact queries on documents that the model of Elastic's ingestion makes of their rules' events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.test_elastic_mapping import finds
from tests.witnesses.test_ingestion import MODEL_READ
from transpile.ir.lower import lower
from transpile.ir.nodes import Equals, Glob, IsNull, Type
from transpile.ir.walk import leaves
from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.folder import windows_conditions
from transpile.targets.plan import LogSource, Plan
from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning, NoMeaning

GOLDEN = Path(__file__).parents[2] / "golden"
STREAMS = {channel: name for name, told in MODEL_READ.streams.items() for channel in told.channels}
TARGET = "elastic-agent-lucene"


def _rules() -> Iterator[Rule]:
    """The golden rules about one event id of a stream, of which the query is called exact."""
    converter = Converter([TARGET])
    for path in sorted(GOLDEN.glob("*/rule.yml")):
        (rule,) = load_file(RuleFile(str(path), path.parent.name))
        if (path.parent / "pipeline.yml").exists() or not isinstance(rule, Rule):
            continue
        conditions = windows_conditions(_source(rule))
        if not conditions.get("EventID") or conditions["Channel"][0] not in STREAMS:
            continue
        (query,) = converter.convert(rule).queries
        kinds = {type(leaf) for leaf in leaves(lower(rule.sigma))} if query.text else set()
        asked = kinds <= {Equals, Glob, IsNull}
        # Python and Elasticsearch fold some letters beyond ASCII in different ways.
        if query.outcome is Outcome.EXACT and asked and (query.text or "").isascii():
            yield rule


def _source(rule: Rule) -> LogSource:
    told = rule.sigma.logsource
    return LogSource(told.product, told.category, told.service)


RULES = list(_rules())


def differences(rule: Rule) -> Iterator[str]:
    """Events of which the query on the document says something else than the rule."""
    plan, meaning = registry.get(TARGET).plan(_source(rule)), Meaning.of(rule.document)
    conditions = windows_conditions(_source(rule))
    stream = STREAMS[str(conditions["Channel"][0])]
    condition = plan.map(lower(rule.sigma)).search.condition
    for event in boundary_events(meaning):
        if not all(_is_written(plan, name, str(value)) for name, value in event.items()):
            continue
        whole = {**{k: str(v) for k, v in event.items()}, "EventID": conditions["EventID"][0]}
        for version in range(1, len(MODEL_READ.streams[stream].versions) + 1):
            document = MODEL_READ.document(stream, whole, version)
            if finds(condition, document) is not meaning.matches(event):
                yield f"version {version}: {_told(event)}"


def _is_written(plan: Plan, name: str, value: str) -> bool:
    """Whether Windows writes it, and the document tells it from no value."""
    if (form := plan.form(name)) is not None:
        return value not in plan.dropped and form.held(value) is not None
    for field in plan.resolve(name):
        if value not in plan.values.get(field.name, [value]):
            return False
        if field.type is Type.LONG and not value.isdecimal():
            return False
    return value not in plan.dropped


def _told(event: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in event.items())


def test_there_are_rules_to_try() -> None:
    assert len(RULES) >= 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.file.relative)
def test_the_query_finds_in_documents_what_the_rule_means_of_events(rule: Rule) -> None:
    try:
        assert list(differences(rule)) == []
    except NoMeaning:
        pytest.skip("the reference can't tell what the rule means")
