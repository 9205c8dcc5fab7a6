"""The smallest event that still shows what a query does wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from transpile.load.rules import Rule
from transpile.values import dataclass
from transpile.verify.trial import Engine, Trial, Verdict, judge, trial

MAX_ROUNDS = 30
MAX_CANDIDATES = 300

Event = Mapping[str, object]


@dataclass(frozen=True)
class Difference:
    """An event on which a rule and its query differ; `meant` tells whether the rule finds it.

    It has Sigma's field names; where it is `foreign`, of another kind than the log source means,
    it is a row in the target's.
    """

    event: Event
    meant: bool
    foreign: bool = False


def shrink(
    differing: Sequence[tuple[Rule, Verdict]], engine: Engine, rounds: int = MAX_ROUNDS
) -> list[Difference]:
    """For each verdict the smallest event of the same difference: fewest fields, shortest text.

    Each round takes, of all events that are one step smaller, the smallest that still differs.
    All rules take their steps together, for an engine is asked once a round.
    """
    found = [_first(verdict) for _, verdict in differing]
    going = set(range(len(differing)))
    for _ in range(rounds):
        trials = {n: _smaller_trial(*differing[n], found[n]) for n in sorted(going)}
        asked = {n: one for n, one in trials.items() if one is not None}
        going = set()
        for n, verdict in zip(asked, judge(list(asked.values()), engine), strict=True):
            if positions := _positions(verdict, missed=found[n].meant):
                smallest = min((asked[n].events[p] for p in positions), key=_size)
                found[n] = Difference(smallest, found[n].meant)
                going.add(n)
        if not going:
            break
    return found


def _first(verdict: Verdict) -> Difference:
    missed = bool(verdict.missed)
    events = (verdict.trial.events[p] for p in _positions(verdict, missed=missed))
    return Difference(min(events, key=_size), missed)


def _positions(verdict: Verdict, *, missed: bool) -> list[int]:
    """The rows of the rule's own kind of event that the query misses, or wrongly finds."""
    wrong = verdict.missed if missed else verdict.false_hits
    return [position for position in wrong if position < verdict.trial.own]


def _smaller_trial(rule: Rule, verdict: Verdict, difference: Difference) -> Trial | None:
    candidates = {_key(event): event for event in _smaller(difference.event)}
    chosen = list(candidates.values())[:MAX_CANDIDATES]
    one = verdict.trial
    return trial(one.query, one.plan, rule.document, chosen) if chosen else None


def _smaller(event: Event) -> Iterator[Event]:
    for name in event:
        yield {other: value for other, value in event.items() if other != name}
    for name, value in event.items():
        if isinstance(value, str):
            for text in _shorter(value):
                yield {**event, name: text}


def _shorter(text: str) -> Iterator[str]:
    """The text without one piece of a half, a quarter, an eighth … of its length."""
    size = (len(text) + 1) // 2
    while size:
        for start in range(0, len(text), size):
            yield text[:start] + text[start + size :]
        size = size // 2 if len(text) // max(size, 1) < MAX_CANDIDATES // 4 else 0


def _size(event: Event) -> tuple[int, int, str]:
    return len(event), sum(len(str(value)) for value in event.values()), _key(event)


def _key(event: Event) -> str:
    return json.dumps(event, sort_keys=True, default=str)
