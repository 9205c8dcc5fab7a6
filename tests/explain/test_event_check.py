"""An event put to a rule, predicate by predicate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from transpile.explain.event_check import CheckedPart, NoEvent, check, read_events
from transpile.explain.explainer import Explainer
from transpile.explain.explanation import Explanation
from transpile.load.rules import Rule, load
from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning, NoMeaning

ROOT = Path(__file__).parents[2]
GOLDEN = sorted(path.parent.name for path in ROOT.glob("golden/*/rule.yml"))


def explained(name: str) -> tuple[Rule, Explanation]:
    rule = next(load([str(ROOT / "golden" / name / "rule.yml")]))
    assert isinstance(rule, Rule)
    return rule, Explainer([]).explain(rule)


def flat(part: CheckedPart) -> Iterator[CheckedPart]:
    yield part
    for member in part.members:
        yield from flat(member)


def test_each_leaf_says_why() -> None:
    _, explanation = explained("wuauclt-network-connection")
    event = {
        "Image": "C:\\wuauclt.exe",
        "CommandLine": "x /runhandlercomserver",
        "DestinationIp": "51.100.2.3",
    }
    checked = check(explanation, event)
    assert checked.found
    leaves = {one.text: one for one in flat(checked.conditions[0]) if not one.members}
    outside = leaves["DestinationIp|cidr: '51.103.0.0/16'"]
    assert (outside.passed, outside.actual) == (False, "51.100.2.3")
    assert outside.why == "outside of 51.103.0.0/16"
    assert leaves["Image|contains: wuauclt"].why == "the text fits"
    inside = check(explanation, {**event, "DestinationIp": "51.103.9.9"})
    assert not inside.found
    absent = check(explanation, {"Image": "wuauclt"})
    leaves = {one.text: one for one in flat(absent.conditions[0]) if not one.members}
    assert leaves["CommandLine|contains: ' /RunHandlerComServer'"].why == "the field is absent"
    assert leaves["CommandLine: null"].passed


def test_case_is_told() -> None:
    _, explanation = explained("equals-cased")
    rule_value = explanation.indicators[0].value
    field = explanation.fields[0]
    checked = check(explanation, {field: rule_value.swapcase()})
    leaves = [one for one in flat(checked.conditions[0]) if not one.members]
    assert "only the case of letters differs" in [one.why for one in leaves]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_stages_mean_what_the_rule_means(name: str) -> None:
    rule, explanation = explained(name)
    try:
        meaning = Meaning.of(rule.document)
    except NoMeaning:
        return
    for event in boundary_events(meaning)[:200]:
        assert check(explanation, event).found == meaning.matches(event)


def test_events_are_read_in_the_forms_that_there_are() -> None:
    assert read_events('{"A": 1}') == [{"A": 1}]
    assert read_events('[{"A": 1}, {"A": 2}]') == [{"A": 1}, {"A": 2}]
    assert read_events('{"A": 1}\n{"A": 2}\n') == [{"A": 1}, {"A": 2}]
    (nested,) = read_events('{"winlog": {"event_data": {"Image": "x"}, "channel": "c"}}')
    assert nested["Image"] == nested["winlog.event_data.Image"] == "x"
    for text in ("", "no", "[1]", "[]", "[" * 100_000):
        with pytest.raises(NoEvent):
            read_events(text)
