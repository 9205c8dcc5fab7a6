"""Queries that are wrong on purpose: they are found out, shown small, and blamed on a leaf."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from xml.etree import ElementTree

import pytest

import backends
from transpile.load.files import RuleFile
from transpile.load.rules import BrokenRule, Rule, load_text
from transpile.load.source import SourceText
from transpile.query import Outcome, Place, Query, Reason
from transpile.run.convert import Conversion, Converter
from transpile.targets import registry
from transpile.verify import session
from transpile.verify.engines.kql_language import Diagnostic
from transpile.verify.engines.pool import MEANS, Engines, Means
from transpile.verify.given import GivenEvent
from transpile.verify.report import Tally, as_json, as_junit, evidence, in_words, place_of
from transpile.verify.session import Result, Session
from transpile.verify.trial import Finding

RULE = """\
title: Two tools
id: 3ad7fbbf-6dd1-4d3b-8d0f-1f1f2ac1b1a1
logsource:
  product: windows
  category: process_creation
detection:
  tools:
    Image|endswith:
      - '\\evil.exe'
      - '\\other.exe'
    CommandLine|contains|all:
      - ' -run '
      - ' -fast'
  filter:
    User|contains: 'SYSTEM'
  condition: tools and not filter
"""
Change = Callable[[str], str]


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with Engines() as pool:
        yield pool


def rule_of(text: str) -> Rule | BrokenRule:
    (rule,) = load_text(SourceText("rules/two.yml", text), RuleFile("rules/two.yml", "two.yml"))
    return rule


@pytest.fixture
def verify(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, ...]]:
    """Verifies a rule whose query is changed first."""

    def run(
        change: Change = str,
        text: str = RULE,
        outcome: Outcome | None = None,
        events: Sequence[dict[str, object]] | None = None,
        target: str = "splunk",
    ) -> tuple[Result, ...]:
        class Wrong(Converter):
            def convert(self, rule: Rule | BrokenRule) -> Conversion:
                done = super().convert(rule)
                return replace(done, queries=tuple(map(changed, done.queries)))

        def changed(query: Query) -> Query:
            if query.text is None:
                return query
            given = outcome or query.outcome
            return replace(query, text=change(query.text), outcome=given)

        monkeypatch.setattr(session, "Converter", Wrong)
        (results,) = Session([target], engines, events).verify([rule_of(text)])
        return results

    return run


Verify = Callable[..., tuple[Result, ...]]


def test_a_right_query_is_exact(verify: Verify) -> None:
    (result,) = verify()
    assert result.finding is Finding.EXACT
    assert not result.fails
    assert result.events > 10
    assert result.must_find == result.found
    assert result.difference is None


def test_a_leaf_that_misses(verify: Verify) -> None:
    (result,) = verify(lambda text: text.replace("other.exe", "0ther.exe"))
    assert result.finding is Finding.MISSES
    assert result.fails
    assert result.difference is not None
    assert result.difference.meant
    # The least that the rule finds, and nothing of it can go.
    assert result.difference.event.keys() == {"Image", "CommandLine"}
    assert sum(len(str(value)) for value in result.difference.event.values()) <= 23
    assert result.blame is not None
    assert result.blame.part == "Image|endswith: '\\\\other.exe'"
    assert result.blame.place == Place(10, 9)
    assert place_of(result) == "rules/two.yml:10:9"


def test_a_leaf_that_finds_too_much(verify: Verify) -> None:
    (result,) = verify(lambda text: text.replace(' -fast*"', ' -f*"'))
    assert result.finding is Finding.FALSE_HITS
    assert result.difference is not None
    assert not result.difference.meant
    assert result.blame is not None
    assert result.blame.part == "CommandLine|contains|all: ' -fast'"
    assert result.blame.place == Place(13, 9)


def test_a_filter_that_is_lost(verify: Verify) -> None:
    (result,) = verify(lambda text: text.replace("*SYSTEM*", "*nobody*"))
    assert result.finding is Finding.FALSE_HITS
    assert result.difference is not None
    assert "system" in str(result.difference.event["User"]).lower()
    assert result.blame is not None
    assert result.blame.part == "User|contains: 'SYSTEM'"


def test_the_condition_is_to_blame_where_no_leaf_is(verify: Verify) -> None:
    (result,) = verify(
        lambda text: text.replace("AND NOT ", "AND ") if "evil" in text and "SYS" in text else text
    )
    assert result.fails
    assert result.blame is not None
    assert result.blame.part == "condition: tools and not filter"
    assert result.blame.place == Place(16, 14)


def test_an_event_of_another_kind(verify: Verify) -> None:
    (result,) = verify(lambda text: text.replace("EventID == 1", "EventID != 0"), target="sentinel")
    assert result.finding is Finding.FALSE_HITS
    assert result.foreign_hits > 0
    assert "events of other kinds" in in_words(result)
    assert result.blame is not None
    assert result.blame.part == "logsource: product: windows, category: process_creation"
    assert result.blame.place == Place(4, 3)
    assert any(line.startswith("event of another kind") for line in evidence(result))


def test_a_query_that_its_engine_refuses(verify: Verify) -> None:
    (result,) = verify(lambda text: f"{text} | nonsense")
    assert result.finding is Finding.ENGINE_ERROR
    assert result.fails
    assert result.detail


def test_an_approximate_query_does_not_fail(verify: Verify) -> None:
    (result,) = verify(lambda text: text.replace("evil", "ev1l"), outcome=Outcome.APPROXIMATE)
    assert result.finding is Finding.MISSES
    assert not result.fails
    assert result.difference is None


def test_refused_and_broken_rules_are_not_run(verify: Verify) -> None:
    (refused,) = verify(text=RULE.replace("User|contains: 'SYSTEM'", "User|expand: '%who%'"))
    assert refused.finding is Finding.NOT_RUN
    (broken,) = verify(text=RULE.replace("contains", "contain"))
    assert broken.finding is Finding.NOT_RUN
    assert broken.query.outcome is Outcome.FAILED
    assert not broken.fails


def test_given_events(verify: Verify) -> None:
    hit = {"Image": "C:\\evil.exe", "CommandLine": "a -run -fast"}
    events = [{"Image": "x"}, hit, {**hit, "User": "system"}, {**hit, "Image": "D:\\other.exe"}]
    (result,) = verify(lambda text: text.replace("other", "0ther"), events=events)
    assert result.must_find == (1, 3)
    assert result.found == (1,)
    assert result.missed == (3,)


@pytest.fixture
def unknown_dialect(monkeypatch: pytest.MonkeyPatch) -> str:
    """A target whose language nobody has given an engine or a checker."""
    target = replace(registry.get("splunk"), name="made-up", dialect="made-up-language")
    module = ModuleType("made_up_targets")
    vars(module)["TARGETS"] = {target.name: target}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "MODULES", {**registry.MODULES, target.name: module.__name__})
    dialects = {**backends.DIALECTS, target.dialect: backends.DIALECTS["spl"]}
    monkeypatch.setattr(backends, "DIALECTS", dialects)
    return target.name


def test_a_language_without_an_engine_is_unverified(verify: Verify, unknown_dialect: str) -> None:
    (result,) = verify(target=unknown_dialect)
    assert result.query.text
    assert result.finding is Finding.UNVERIFIED
    assert (result.events, result.must_find, result.found) == (0, (), ())
    assert not result.fails
    assert in_words(result) == (
        "neither executed nor checked: there is no engine for made-up-language"
    )


class Service:
    """A checker of a language, which has something against one word."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def errors(self, query: str) -> Sequence[Diagnostic]:
        self.asked.append(query)
        wrong = Diagnostic("error", "X1", "no such function", 0, 1)
        return [wrong] if "nonsense" in query else []

    def close(self) -> None:
        pass


def test_checked_is_what_a_checker_has_seen(
    verify: Verify, unknown_dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()
    means = Means(checker=lambda engines, target: service)
    monkeypatch.setitem(MEANS, "made-up-language", means)
    (valid,) = verify(target=unknown_dialect)
    assert valid.finding is Finding.CHECKED
    assert service.asked == [valid.query.text]
    assert in_words(valid).startswith("valid by the language's own service, but not executed: ")
    (invalid,) = verify(lambda text: f"{text} | nonsense", target=unknown_dialect)
    assert invalid.finding is Finding.ENGINE_ERROR
    assert invalid.fails
    assert invalid.detail == "X1: no such function"


@pytest.mark.parametrize(
    ("target", "finding"), [("splunk", Finding.UNVERIFIED), ("sentinel", Finding.CHECKED)]
)
def test_a_query_that_ran_on_no_event(verify: Verify, target: str, finding: Finding) -> None:
    # Every event of the log source has the id 1.
    text = RULE.replace("User|contains: 'SYSTEM'", "EventID: 5")
    (result,) = verify(target=target, text=text, events=[{"Image": "x", "EventID": 5}])
    assert result.finding is finding
    assert result.unheld == 1
    assert in_words(result).endswith(": none of the 1 events can be made a row of the target")


def test_a_query_that_ran_on_nothing_that_it_must_find(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [{"Image": "something else"}]
    (given,) = verify(events=events)
    assert given.finding is Finding.EXACT
    monkeypatch.setattr(session, "boundary_events", lambda meaning: events)
    (result,) = verify()
    assert result.finding is Finding.UNVERIFIED
    assert in_words(result).endswith(": none of the 1 events run on is one that it must find")


@pytest.mark.parametrize(
    ("target", "finding"), [("splunk", Finding.UNVERIFIED), ("sentinel", Finding.CHECKED)]
)
def test_a_query_whose_rule_the_reference_cant_tell(
    verify: Verify, target: str, finding: Finding
) -> None:
    unused = RULE.replace("User|contains: 'SYSTEM'", "User|expand: '%who%'")
    (result,) = verify(target=target, text=unused.replace(" and not filter", ""))
    assert result.query.text
    assert result.finding is finding
    assert in_words(result).endswith("the placeholder %who% has no value")


def results_of_each_kind() -> list[Result]:
    def query(title: str, outcome: Outcome = Outcome.EXACT) -> Query:
        reasons = () if outcome is Outcome.EXACT else (Reason("code", "why"),)
        return Query(None, title, "a.yml", "splunk", outcome, reasons, "text")

    return [
        Result(query("right"), Finding.EXACT, 5, 0, (1,), (1,)),
        Result(query("wrong <&\x00>"), Finding.MISSES, 5, 0, (1,), ()),
        Result(query("error"), Finding.ENGINE_ERROR, detail="no such \x1b thing"),
        Result(query("near", Outcome.APPROXIMATE), Finding.FALSE_HITS, 5, 0, (), (1,)),
        Result(query("refused", Outcome.REFUSED), Finding.NOT_RUN),
        Result(query("checked"), Finding.CHECKED, detail="no engine"),
        Result(query("unverified"), Finding.UNVERIFIED, detail="no engine"),
        Result(query("both", Outcome.APPROXIMATE), Finding.UNVERIFIED, detail="no engine"),
    ]


def test_junit() -> None:
    root = ElementTree.fromstring(as_junit(results_of_each_kind(), ["splunk", "sentinel"]))
    assert root.tag == "testsuites"
    counts = {"tests": "8", "failures": "1", "errors": "1", "skipped": "5"}
    assert {name: root.get(name) for name in counts} == counts
    splunk, sentinel = root
    assert {name: splunk.get(name) for name in counts} == counts
    assert sentinel.get("tests") == "0"
    cases = splunk.findall("testcase")
    ends = [[element.tag for element in case] for case in cases]
    assert ends == [[], ["failure"], ["error"], *([["skipped"]] * 5)]
    assert cases[1].get("name") == "wrong <&\ufffd>"
    assert cases[1][0].get("message") == "misses 1 of 5 events"
    assert [case[0].get("message") for case in cases[3:]] == [
        "approximate: false hits",
        "refused",
        "checked: valid by the language's own service, but not executed: no engine",
        "unverified: neither executed nor checked: no engine",
        "unverified: neither executed nor checked: no engine",
    ]


def test_junit_tells_what_is_taken_for_granted() -> None:
    executed, unverified = results_of_each_kind()[0], results_of_each_kind()[-1]
    (suite,) = ElementTree.fromstring(as_junit([executed], ["splunk"]))
    (given,) = suite.findall("properties/property")
    assert given.get("name") == "given"
    assert str(given.get("value")).startswith("exact, given the mapping: ")
    (suite,) = ElementTree.fromstring(as_junit([unverified], ["splunk"]))
    assert suite.findall("properties") == []


def test_json() -> None:
    results = results_of_each_kind()
    tally = Tally()
    for result in results:
        tally.add(result)
    given = [GivenEvent(7, {}), GivenEvent(9, {})]
    document = json.loads(as_json(results, {"splunk": tally}, {"Engine": "1"}, given))
    assert document["engines"] == {"Engine": "1"}
    assert document["targets"]["splunk"]["rules"] == 8
    assert document["targets"]["splunk"]["findings"] == {
        "exact": {"exact": 1, "misses": 1, "engine error": 1, "checked": 1, "unverified": 1},
        "approximate": {"false hits": 1, "unverified": 1},
    }
    assert [one["fails"] for one in document["results"]] == [False, True, True, *[False] * 5]
    assert document["results"][1]["must_find"] == [9]
    assert document["results"][1]["found"] == []


def test_json_tells_what_is_taken_for_granted_and_what_was_not_executed() -> None:
    results = json.loads(as_json(results_of_each_kind(), {}, {}))["results"]
    mapping = "the mapping"
    assert [one["given"] for one in results] == [mapping, mapping, None, mapping, *[None] * 4]
    assert [one["missed"] for one in results] == [0, 1, None, 0, *[None] * 4]
    given = [GivenEvent(7, {}), GivenEvent(9, {})]
    results = json.loads(as_json(results_of_each_kind(), {}, {}, given))["results"]
    assert [one["found"] for one in results] == [[9], [], None, [9], *[None] * 4]
