"""What there is to know about a rule: plain data, from which every page is made."""

from __future__ import annotations

from collections.abc import Mapping

from transpile.attack import Coverage
from transpile.explain.event_table import Event
from transpile.explain.indicators import Indicator
from transpile.explain.stages import StagedCondition
from transpile.load.about import About
from transpile.query import Outcome, Reason
from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """What a rule says of itself.

    `source` is the folder that it comes from, `path` its place below the folder that was given.
    """

    title: str
    id: str | None
    path: str
    position: int
    source: str
    definition: str
    about: About

    @property
    def key(self) -> str:
        """What tells the rule from others: its id, or else its place."""
        return self.id or f"{self.path}#{self.position}"

    @property
    def logsource(self) -> Mapping[str, str]:
        about = self.about
        named = {"product": about.product, "category": about.category, "service": about.service}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class TargetView:
    """What the rule becomes in one target.

    `fields` maps the rule's fields to the target's, `table` is the table or data model that is
    read, and `scope` what tells the log source's events from others there: both must be collected.
    """

    name: str
    title: str
    language: str
    suffix: str
    about: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    query: str | None
    fields: Mapping[str, str]
    table: str
    scope: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule, explained."""

    head: Head
    attack: Coverage
    events: tuple[Event, ...]
    conditions: tuple[StagedCondition, ...]
    words: str
    indicators: tuple[Indicator, ...]
    targets: tuple[TargetView, ...]
    fields: tuple[str, ...]
    """the fields that the rule asks of"""
    warnings: tuple[str, ...] = ()
