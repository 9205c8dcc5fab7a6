"""One query put to the test: rows that its rule labels, and what an engine found among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from transpile.query import Query, Refused
from transpile.targets import registry
from transpile.targets.plan import Plan
from transpile.values import dataclass
from transpile.verify.engines.errors import EngineError
from transpile.verify.events import boundary_events
from transpile.verify.foreign import foreign_rows
from transpile.verify.reference import Meaning
from transpile.verify.rows import NoRow, cells, logged, row
from transpile.verify.rows_kusto import kusto_row


@dataclass(frozen=True)
class Trial:
    """A query, and the rows to run it on; `labels` tell of each whether the rule means it.

    `events` are the same in Sigma's fields. `unheld` counts events that the target can't hold.
    Rows after the first `own` ones are events of other kinds with the same content. `tables` names
    the table that each row is in, where there are several.
    """

    query: Query
    text: str
    plan: Plan
    rows: tuple[Mapping[str, object], ...]
    events: tuple[Mapping[str, object], ...]
    labels: tuple[bool, ...]
    unheld: int
    own: int
    tables: tuple[str, ...] = ()


def trial(
    query: Query,
    plan: Plan,
    document: dict[str, Any],
    events: Sequence[Mapping[str, object]] | None = None,
) -> Trial:
    """The trial of a converted rule, on the boundary events of its meaning or on those given.

    Raises:
        NoMeaning: the reference can't tell what the rule means.
    """
    if query.text is None:
        raise ValueError(f"{query.path} has no query for {query.target}")
    meaning = Meaning.of(document)
    rows: list[Mapping[str, object]] = []
    held: list[Mapping[str, object]] = []
    tables: list[str] = []
    labels: list[bool] = []
    offered = boundary_events(meaning) if events is None else events
    for part in plan.parts:
        for event in offered:
            try:
                rows.append(_stored(query, part, event, meaning))
            except (NoRow, Refused):
                continue
            held.append(event)
            tables.append(part.table)
            labels.append(meaning.matches(logged(part, event, meaning.fields)))
    own = len(held)
    unheld = len(offered) - len({id(event) for event in held})
    logsource = document.get("logsource") or {}
    for part in plan.parts:
        meant = [n for n in range(own) if labels[n] and tables[n] == part.table]
        found = [rows[position] for position in meant]
        for number, other in foreign_rows(logsource, part.table, found, part.devices):
            rows.append(other)
            held.append(held[meant[number]])
            labels.append(False)
            tables.append(part.table)
    places = tuple(tables) if plan.besides else ()
    return Trial(
        query, query.text, plan, tuple(rows), tuple(held), tuple(labels), unheld, own, places
    )


def _stored(
    query: Query, plan: Plan, event: Mapping[str, object], meaning: Meaning
) -> dict[str, object]:
    if registry.get(query.target).dialect == "kql":
        return kusto_row(plan, cells(plan, event, meaning.fields))
    return row(plan, event, meaning.fields)


class Engine(Protocol):
    """Executes the queries of one language."""

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        """The positions of the rows that each query finds, or why the engine refuses it."""


class Finding(str, Enum):
    """What is known of a query after its verification."""

    EXACT = "exact"
    MISSES = "misses"
    FALSE_HITS = "false hits"
    ENGINE_ERROR = "engine error"
    CHECKED = "checked"
    """the language's own checker ran on it and has nothing against it; nothing executed it"""
    UNVERIFIED = "unverified"
    """nothing executed it and nothing checked it"""
    NOT_RUN = "not run"
    """there is no query"""

    @property
    def executed(self) -> bool:
        """Whether it comes of running the query on events."""
        return self in (Finding.EXACT, Finding.MISSES, Finding.FALSE_HITS)


@dataclass(frozen=True)
class Verdict:
    """What came of a trial: positions of rows missed and of rows found wrongly, or an error."""

    trial: Trial
    missed: tuple[int, ...] = ()
    false_hits: tuple[int, ...] = ()
    error: str = ""

    @property
    def finding(self) -> Finding:
        if self.error:
            return Finding.ENGINE_ERROR
        if self.missed:
            return Finding.MISSES
        return Finding.FALSE_HITS if self.false_hits else Finding.EXACT


def judge(trials: Sequence[Trial], engine: Engine) -> list[Verdict]:
    """The verdict on each trial, in their order."""
    return [_verdict(one, found) for one, found in zip(trials, engine.run(trials), strict=True)]


def _verdict(one: Trial, found: frozenset[int] | EngineError) -> Verdict:
    if isinstance(found, EngineError):
        return Verdict(one, error=str(found) or type(found).__name__)
    meant = {position for position, label in enumerate(one.labels) if label}
    return Verdict(one, tuple(sorted(meant - found)), tuple(sorted(found - meant)))
