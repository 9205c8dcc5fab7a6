"""Rules converted and executed: what each query finds beside what its rule means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from transpile.load.rules import BrokenRule, Rule
from transpile.query import Outcome, Query
from transpile.run.convert import Converter
from transpile.targets.environment import Environment
from transpile.targets.plan import LogSource
from transpile.targets.target import Target
from transpile.values import dataclass
from transpile.verify.blame import Blame, blame, blame_logsource
from transpile.verify.engines.pool import Engines
from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning, NoMeaning
from transpile.verify.shrink import Difference, shrink
from transpile.verify.trial import Engine, Finding, Trial, Verdict, judge, trial

RULES_AT_ONCE = 200
"""rules that are converted before an engine is asked about all of them"""

_UNEXECUTED = (Finding.CHECKED, Finding.UNVERIFIED)

Event = Mapping[str, object]


@dataclass(frozen=True)
class Result:
    """What a query was found to do.

    `must_find` and `found` are positions among the events that the target can hold: all those
    given, or the rule's boundary events; `foreign_hits` counts events of other kinds that the query
    finds. `detail` is an engine's error, or why nothing executed the query.
    `difference` is the smallest event that shows what is wrong, and `blame` the part of the rule.
    """

    query: Query
    finding: Finding
    events: int = 0
    unheld: int = 0
    must_find: tuple[int, ...] = ()
    found: tuple[int, ...] = ()
    foreign_hits: int = 0
    detail: str = ""
    difference: Difference | None = None
    blame: Blame | None = None

    @property
    def fails(self) -> bool:
        """Whether the query was called exact and is not."""
        wrong = self.finding in (Finding.MISSES, Finding.FALSE_HITS, Finding.ENGINE_ERROR)
        return wrong and self.query.outcome is Outcome.EXACT

    @property
    def missed(self) -> tuple[int, ...]:
        """What the query should have found."""
        return tuple(sorted(set(self.must_find) - set(self.found)))

    @property
    def false_hits(self) -> tuple[int, ...]:
        """What the query should not have found."""
        return tuple(sorted(set(self.found) - set(self.must_find)))


@dataclass(frozen=True)
class _Tested:
    """A rule, its queries by target, and the events that it is put to the test with."""

    rule: Rule | BrokenRule
    queries: Mapping[str, Query]
    events: Sequence[Event]
    unknown: str = ""
    """why the reference can't tell what the rule means"""


class Session:
    """Verifies rules on some targets, on their boundary events or on those given."""

    def __init__(
        self,
        targets: Sequence[str],
        engines: Engines,
        events: Sequence[Event] | None = None,
        environment: Environment = (),
    ) -> None:
        self._converter = Converter(targets, environment=environment)
        self._engines = engines
        self._events = events

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets in the order of the results."""
        return self._converter.targets

    def verify(self, rules: Iterable[Rule | BrokenRule]) -> Iterator[tuple[Result, ...]]:
        """The results of each rule, one for each target, in the order of the rules.

        Raises EngineError: an engine can't be had.
        """
        remaining = iter(rules)
        while chunk := list(islice(remaining, RULES_AT_ONCE)):
            tested = [self._tested(rule) for rule in chunk]
            columns = [self._on_target(tested, target) for target in self.targets]
            yield from zip(*columns, strict=True)

    def _tested(self, rule: Rule | BrokenRule) -> _Tested:
        queries = {query.target: query for query in self._converter.convert(rule).queries}
        if isinstance(rule, BrokenRule):
            return _Tested(rule, queries, ())
        try:
            meaning = Meaning.of(rule.document)
        except NoMeaning as none:
            return _Tested(rule, queries, (), str(none))
        events = boundary_events(meaning) if self._events is None else self._events
        return _Tested(rule, queries, events)

    def _on_target(self, tested: Sequence[_Tested], target: Target) -> list[Result]:
        results = [self._unexecuted(one, target) for one in tested]
        rules = {
            number: one.rule
            for number, one in enumerate(tested)
            if results[number].finding in _UNEXECUTED
            and not one.unknown
            and isinstance(one.rule, Rule)
        }
        engine = self._engines.executor(target) if rules else None
        if engine is None:
            return results
        trials = {
            number: _trial(rule, target, results[number].query, tested[number].events)
            for number, rule in rules.items()
        }
        verdicts = dict(zip(trials, judge(list(trials.values()), engine), strict=True))
        for number, verdict in verdicts.items():
            result = _result(verdict, tested[number].events, results[number])
            if result.finding is Finding.EXACT and not result.must_find and self._events is None:
                why = f"none of the {verdict.trial.own} events run on is one that it must find"
                result = replace(results[number], unheld=verdict.trial.unheld, detail=why)
            results[number] = result
        wrong = {
            number: (rules[number], verdict)
            for number, verdict in verdicts.items()
            if results[number].fails and not verdict.error
        }
        for number, (difference, part) in self._evidence(wrong, engine).items():
            results[number] = replace(results[number], difference=difference, blame=part)
        return results

    def _unexecuted(self, one: _Tested, target: Target) -> Result:
        """What is known of a rule's query before anything executes it."""
        query = one.queries[target.name]
        if query.text is None:
            return Result(query, Finding.NOT_RUN)
        why = one.unknown or f"there is no engine for {target.dialect}"
        checker = self._engines.checker(target)
        if checker is None:
            return Result(query, Finding.UNVERIFIED, detail=why)
        if errors := checker.errors(query.text):
            told = "; ".join(f"{error.code}: {error.message}" for error in errors)
            return Result(query, Finding.ENGINE_ERROR, detail=told)
        return Result(query, Finding.CHECKED, detail=why)

    def _evidence(
        self, wrong: Mapping[int, tuple[Rule, Verdict]], engine: Engine
    ) -> dict[int, tuple[Difference, Blame]]:
        """The smallest event and the part to blame for each wrong query."""
        shown: dict[int, tuple[Difference, Blame]] = {}
        own: list[int] = []
        for number, (rule, verdict) in wrong.items():
            one = verdict.trial
            positions = (*verdict.missed, *verdict.false_hits)
            if min(positions) < one.own:
                own.append(number)
            else:
                foreign = Difference(one.rows[positions[0]], meant=False, foreign=True)
                shown[number] = foreign, blame_logsource(rule)
        if own:
            differences = shrink([wrong[number] for number in own], engine)
            subjects = [
                (wrong[number][0], wrong[number][1].trial, difference)
                for number, difference in zip(own, differences, strict=True)
            ]
            parts = blame(subjects, self._converter, engine)
            shown |= dict(zip(own, zip(differences, parts, strict=True), strict=True))
        return shown


def _trial(rule: Rule, target: Target, query: Query, events: Sequence[Event]) -> Trial:
    source = rule.sigma.logsource
    plan = target.plan(LogSource(source.product, source.category, source.service))
    return trial(query, plan, rule.document, events)


def _result(verdict: Verdict, offered: Sequence[Event], unexecuted: Result) -> Result:
    one = verdict.trial
    if not one.rows and not verdict.error:
        why = f"none of the {one.unheld} events can be made a row of the target"
        return replace(unexecuted, unheld=one.unheld, detail=why)
    numbers = {id(event): number for number, event in enumerate(offered)}
    held = [numbers[id(event)] for event in one.events]
    lost = {held[position] for position in verdict.missed}  # in one of several tables
    labelled = {position for position, label in enumerate(one.labels) if label}
    found = (labelled - {*verdict.missed}) | {*verdict.false_hits}
    hits = [held[p] for p in sorted(found) if p < one.own and held[p] not in lost]
    return Result(
        one.query,
        verdict.finding,
        len(set(held[: one.own])),
        one.unheld,
        tuple(dict.fromkeys(held[position] for position in sorted(labelled))),
        () if verdict.error else tuple(dict.fromkeys(hits)),
        len([position for position in found if position >= one.own]),
        verdict.error,
    )
