"""Log sources of a user for every target: the example of the docs, executed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome, Query
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.mapping import mapped
from transpile.targets.plan import LogSource
from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.engines.pool import Engines
from transpile.verify.trial import Trial

DOCS = (Path(__file__).parents[2] / "docs" / "log-sources.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"^```toml\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
RULE = """\
title: A session from outside
id: 5b1d0f0e-0000-4000-8000-000000000002
logsource: {product: okta, service: okta}
detection:
  selection:
    eventType: user.session.start
    actor.alternateId|endswith: '@example.com'
  condition: selection
"""
SPLUNK = {
    "index": "idp",
    "sourcetype": "acme:okta",
    "eventType": "user.session.start",
    "actor.alternateId": "jo@example.com",
}
CIM = {
    "Authentication.app": "okta",
    "Authentication.signature_id": "user.session.start",
    "Authentication.user": "jo@example.com",
}
ELASTIC = {
    "labels.source": "acme-okta",
    "event.action": "user.session.start",
    "user.email": "jo@example.com",
}
KUSTO = {"eventType_s": "user.session.start", "actor_s": {"alternateId": "jo@example.com"}}
EVENTS: Mapping[str, Mapping[str, object]] = {
    "splunk": SPLUNK,
    "splunk-cim": CIM,
    **dict.fromkeys(
        (name for name in registry.MODULES if name.startswith("elastic")),
        ELASTIC,
    ),
    **dict.fromkeys(
        (name for name in registry.MODULES if registry.ending(name).suffix == "kql"), KUSTO
    ),
}
"""the event of the rule, as somebody who knows these systems would find it in each"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "okta.toml"
    path.write_text(EXAMPLE, "utf-8")
    return path


@pytest.fixture(scope="module")
def engines(elasticsearch: Elasticsearch) -> Iterator[Engines]:
    with Engines(elasticsearch.url) as every:
        yield every


def converted(target: str, file: Path, rule: str = RULE) -> Query:
    path = file.with_name("rule.yml")
    path.write_text(rule, "utf-8")
    (loaded,) = load_file(RuleFile(str(path), path.name))
    assert isinstance(loaded, Rule)
    return Converter([target], [str(file)]).convert(loaded).queries[0]


def others(event: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The event without each of its fields, and with another value in it."""
    for name in event:
        yield {key: value for key, value in event.items() if key != name}
        yield {**event, name: {"alternateId": "x"} if name == "actor_s" else "x"}


def test_every_target_is_told_of() -> None:
    assert set(EVENTS) == set(registry.MODULES)


@pytest.mark.parametrize("target", EVENTS)
def test_a_query_finds_the_event_and_no_other(target: str, file: Path, engines: Engines) -> None:
    query = converted(target, file)
    assert query.text is not None
    told_of = mapped(registry.get(target), [str(file)])
    plan = told_of.plan(LogSource("okta", None, "okta"))
    rows = (EVENTS[target], *others(EVENTS[target]))
    told = Trial(query, query.text, plan, rows, ({},) * len(rows), (), 0, len(rows))
    engine = engines.executor(told_of)
    assert engine is not None
    assert engine.run([told]) == [frozenset({0})]


def test_the_query_of_the_docs(file: Path) -> None:
    query = converted("splunk", file)
    assert query.outcome is Outcome.EXACT
    assert query.text is not None
    assert " ".join(query.text.split()) in " ".join(DOCS.split())
