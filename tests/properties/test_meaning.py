"""What must not change what a rule finds: other words for the same meaning.

Rules are drawn, said in two ways, and both queries are executed on the boundary events of the
first; both must find what the reference tells, and so the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_text
from transpile.load.source import SourceText
from transpile.query import Outcome
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.plan import LogSource
from transpile.verify.engines.pool import Engines
from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning
from transpile.verify.trial import judge, trial

TARGETS = ("splunk", "sentinel", "elastic-lucene", "elastic-dsl", "elastic-eql")
FIELDS = ("Image", "CommandLine", "ParentImage", "ParentCommandLine", "User")
LIMIT = 40

values = st.one_of(
    st.sampled_from(
        ["\\cmd.exe", "a*b", "a\\*b", "q?z", 'say "x"', " -enc ", "Ünder", "x/y", "(1)"]
    ),
    st.text("abcXYZ0 \\*?\"'/.-", min_size=1, max_size=6).filter(lambda text: text.strip("*")),
)
modifiers = st.sampled_from(["", "|contains", "|startswith", "|endswith"])
items = st.tuples(
    st.sampled_from(FIELDS), modifiers, st.lists(values, min_size=1, max_size=3, unique=True)
)
selections = st.lists(items, min_size=1, max_size=2, unique_by=lambda item: item[0]).map(
    lambda found: {field + modifier: texts for field, modifier, texts in found}
)
Detection = dict[str, Any]
pairs = st.tuples(selections, selections)


def detection(pair: tuple[Detection, Detection], condition: str) -> Detection:
    return {"a": pair[0], "b": pair[1], "condition": condition}


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with Engines() as pool:
        yield pool


def rule_of(parts: Detection) -> Rule:
    document = {
        "title": "drawn",
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": parts,
    }
    text = yaml.safe_dump(document, allow_unicode=True)
    (rule,) = load_text(SourceText("drawn.yml", text), RuleFile("drawn.yml", "drawn.yml"))
    assert isinstance(rule, Rule), rule.problems
    return rule


def check(
    engines: Engines, first: Detection, second: Detection, names: Mapping[str, str] | None = None
) -> None:
    """Both find the same events, which the second has under other names where `names` says so."""
    rules = rule_of(first), rule_of(second)
    events = boundary_events(Meaning.of(rules[0].document), LIMIT)
    renamed = [{(names or {}).get(key, key): v for key, v in event.items()} for event in events]
    converter = Converter(TARGETS)
    conversions = [converter.convert(rule) for rule in rules]
    source = LogSource("windows", "process_creation")
    for target, *queries in zip(TARGETS, *(one.queries for one in conversions), strict=True):
        assert queries[0].outcome == queries[1].outcome
        if queries[0].outcome is not Outcome.EXACT:
            continue
        plan = registry.get(target).plan(source)
        trials = [
            trial(query, plan, rule.document, own)
            for query, rule, own in zip(queries, rules, (events, renamed), strict=True)
        ]
        engine = engines.executor(registry.get(target))
        assert engine is not None
        for verdict in judge(trials, engine):
            assert (verdict.missed, verdict.false_hits, verdict.error) == ((), (), ""), (
                verdict.trial.text
            )
        assert trials[0].labels[: trials[0].own] == trials[1].labels[: trials[1].own]


@given(pair=pairs)
def test_de_morgan(engines: Engines, pair: tuple[Detection, Detection]) -> None:
    check(engines, detection(pair, "a and b"), detection(pair, "not (not a or not b)"))
    check(engines, detection(pair, "a or b"), detection(pair, "not (not a and not b)"))


@given(pair=pairs)
def test_double_negation(engines: Engines, pair: tuple[Detection, Detection]) -> None:
    check(engines, detection(pair, "a and not b"), detection(pair, "not not a and not not not b"))


@given(pair=pairs)
def test_the_order_of_alternatives(engines: Engines, pair: tuple[Detection, Detection]) -> None:
    turned = [
        {key: texts[::-1] for key, texts in reversed(selection.items())} for selection in pair
    ]
    other = {"b": turned[1], "a": turned[0], "condition": "b or a"}
    check(engines, detection(pair, "a or b"), other)


@given(pair=pairs)
def test_the_case_of_values(engines: Engines, pair: tuple[Detection, Detection]) -> None:
    flipped = copy.deepcopy(pair)
    for selection in flipped:
        for key, texts in selection.items():
            selection[key] = [text.swapcase() for text in texts]
    check(engines, detection(pair, "a and not b"), detection(flipped, "a and not b"))


@given(pair=pairs)
def test_other_fields(engines: Engines, pair: tuple[Detection, Detection]) -> None:
    # A target may keep a field in a form of its own, as Elastic does with User.
    plain = (*FIELDS[:-1], "IntegrityLevel")
    alike = tuple(_renamed(one, {FIELDS[-1]: plain[-1]}) for one in pair)
    names = dict(zip(plain, (*plain[1:], plain[0]), strict=True))
    other = tuple(_renamed(one, names) for one in alike)
    check(
        engines,
        detection((alike[0], alike[1]), "a and not b"),
        detection((other[0], other[1]), "a and not b"),
        names,
    )


def _renamed(selection: Detection, names: Mapping[str, str]) -> Detection:
    keys = {key: key.partition("|") for key in selection}
    return {
        f"{names.get(field, field)}{bar}{modifiers}": selection[key]
        for key, (field, bar, modifiers) in keys.items()
    }
