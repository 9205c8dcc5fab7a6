"""The golden cases: each rule, and side by side what every target makes of it.

`pytest tests/test_golden.py --update-golden` writes them anew. Equal text is never all that is
asserted: the queries are parsed and executed too, each on the boundary events of its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from transpile.load.files import RuleFile
from transpile.load.rules import BrokenRule, Rule, load_file
from transpile.query import Outcome, Query
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.parsers import declared
from transpile.targets.plan import LogSource, Plan
from transpile.verify.engines import eql_dsl
from transpile.verify.engines.elastic import EqlEngine, LuceneEngine
from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.kql_language import KqlLanguage, Schema
from transpile.verify.engines.kusto import KustoEngine
from transpile.verify.engines.spl import Spl
from transpile.verify.engines.splunk import SplEngine
from transpile.verify.reference import NoMeaning
from transpile.verify.trial import Engine, Finding, Trial, judge, trial

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/rule.yml"))
MORE_TARGETS = "more-targets.txt"
PIPELINE = "pipeline.yml"
OUTCOMES = "outcomes.txt"


@cache
def rule_of(case: Path) -> Rule | BrokenRule:
    (rule,) = load_file(RuleFile(str(case / "rule.yml"), "rule.yml"))
    return rule


@cache
def queries_of(case: Path) -> tuple[Query, ...]:
    more = case / MORE_TARGETS
    targets = [*registry.DEFAULTS, *(more.read_text("utf-8").split() if more.exists() else [])]
    pipelines = [str(case / PIPELINE)] if (case / PIPELINE).exists() else []
    return Converter(targets, pipelines).convert(rule_of(case)).queries


def files_of(case: Path) -> dict[str, str]:
    """The generated files of a case by name."""
    files = {}
    outcomes = []
    for query in queries_of(case):
        outcomes.append(f"{query.target}: {query.outcome.value}")
        for reason in query.reasons:
            place = f"{reason.place.line}:{reason.place.column} " if reason.place else ""
            outcomes.append(f"    {place}{reason.code}: {reason.message}")
        if query.text is not None:
            files[f"{query.target}.{registry.ending(query.target).suffix}"] = query.text + "\n"
    return {**files, OUTCOMES: "\n".join(outcomes) + "\n"}


def committed_files_of(case: Path) -> dict[str, str]:
    given = {"rule.yml", PIPELINE, MORE_TARGETS}
    return {p.name: p.read_bytes().decode() for p in case.iterdir() if p.name not in given}


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_queries_are_the_committed_ones(case: Path, request: pytest.FixtureRequest) -> None:
    files = files_of(case)
    if request.config.getoption("--update-golden"):
        for name in committed_files_of(case).keys() - files.keys():
            (case / name).unlink()
        for name, text in files.items():
            (case / name).write_bytes(text.encode())
    assert committed_files_of(case) == files


def plan_of(rule: Rule, target: str) -> Plan:
    source = rule.sigma.logsource
    return registry.get(target).plan(LogSource(source.product, source.category, source.service))


def queries_in(dialect: str) -> Iterator[tuple[Path, Query]]:
    for case in CASES:
        for query in queries_of(case):
            if query.text is not None and registry.get(query.target).dialect == dialect:
                yield case, query


def trials_in(dialect: str, outcome: Outcome) -> list[Trial]:
    trials = []
    for case, query in queries_in(dialect):
        if query.outcome is not outcome or (case / PIPELINE).exists():
            continue
        rule = rule_of(case)
        assert isinstance(rule, Rule)
        try:
            trials.append(trial(query, plan_of(rule, query.target), rule.document))
        except NoMeaning:
            continue
    return trials


def differences(dialect: str, engine: Engine) -> dict[str, Any]:
    """What the engine finds other than the rules mean, by case and target."""
    trials = trials_in(dialect, Outcome.EXACT)
    assert len(trials) >= 50
    found = {}
    for verdict in judge(trials, engine):
        if verdict.finding is not Finding.EXACT:
            one = verdict.trial
            wrong = [one.rows[n] for n in (*verdict.missed, *verdict.false_hits)[:2]]
            found[one.query.title] = (verdict.finding.value, verdict.error, wrong, one.text)
    return found


def test_lucene_finds_exactly_what_the_rules_mean(elasticsearch: Elasticsearch) -> None:
    assert differences("lucene", LuceneEngine(elasticsearch)) == {}


def test_eql_finds_exactly_what_the_rules_mean(elasticsearch: Elasticsearch) -> None:
    assert differences("eql", EqlEngine(elasticsearch)) == {}


def test_spl_finds_exactly_what_the_rules_mean() -> None:
    assert differences("spl", SplEngine()) == {}


class KustoEngines:
    """Runs each query on the tables of its own target."""

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        return [kusto_engine(one.query.target).run([one])[0] for one in trials]


def schema_of(target: str) -> Schema:
    tables = registry.get(target).tables
    assert tables is not None
    return tables()


@cache
def kusto_engine(target: str) -> KustoEngine:
    return KustoEngine(schema_of(target))


def test_kql_finds_exactly_what_the_rules_mean() -> None:
    assert differences("kql", KustoEngines()) == {}


def test_approximate_kql_queries_run() -> None:
    verdicts = judge(trials_in("kql", Outcome.APPROXIMATE), KustoEngines())
    assert [v.error for v in verdicts if v.error] == []


@pytest.mark.parametrize("dialect", ["lucene", "eql"])
def test_approximate_queries_run(dialect: str, elasticsearch: Elasticsearch) -> None:
    engine = {"lucene": LuceneEngine, "eql": EqlEngine}[dialect](elasticsearch)
    errors = [v.error for v in judge(trials_in(dialect, Outcome.APPROXIMATE), engine) if v.error]
    assert errors == []


def test_words_of_analysed_text_miss_nothing(elasticsearch: Elasticsearch) -> None:
    trials = [
        one
        for one in trials_in("lucene", Outcome.APPROXIMATE)
        if {reason.code for reason in one.query.reasons} == {"words-only"}
    ]
    assert len(trials) >= 5
    verdicts = judge(trials, LuceneEngine(elasticsearch))
    missed = {v.trial.query.title: (v.error, v.missed) for v in verdicts if v.error or v.missed}
    assert missed == {}


def test_every_eql_query_parses() -> None:
    for case, query in queries_in("eql"):
        assert eql_dsl.parses(str(query.text)) is None, case.name


def test_every_spl_query_parses() -> None:
    for _, query in queries_in("spl"):
        Spl.parse(str(query.text))


def test_every_kql_query_is_valid(kql_language: Callable[[Schema], KqlLanguage]) -> None:
    queries = list(queries_in("kql"))
    modules = {query.target: registry.MODULES[query.target] for _, query in queries}
    services = {}
    for target, module in modules.items():
        if module not in services:
            services[module] = kql_language(declared(schema_of(target)))
    errors = {
        (case.name, query.target): found
        for case, query in queries
        if (found := services[modules[query.target]].errors(str(query.text)))
    }
    assert errors == {}
