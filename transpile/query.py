"""What comes out for one rule and one target, in the words that reports and exit codes use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from transpile.values import dataclass


class Outcome(str, Enum):
    """How faithful a query is to its rule."""

    EXACT = "exact"
    """finds exactly the events that the rule means"""
    APPROXIMATE = "approximate"
    """finds other events too, or not all of them; the reasons say which"""
    REFUSED = "refused"
    """the target can't say what the rule means; no query"""
    FAILED = "failed"
    """the rule itself is broken; no query"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the rule's file something stands; both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a query is not exact, or why there is none.

    `code` names the diagnostic (each has a page in the docs), `message` says what it is in this
    rule, and `place` where.
    """

    code: str
    message: str
    place: Place | None = None


class Refused(Exception):
    """A leaf or a rule that can't be said; carries the reason to the one who collects them."""

    def __init__(self, code: str, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.reason = Reason(code, message, place)


@dataclass(frozen=True, slots=True)
class Query:
    """One rule in the language of one target.

    `text` is None where the outcome is refused or failed; `fields` gives the target's name (or
    names, joined by a comma) of each field that the rule uses. `table` is the table or data model
    that is read, where the language names one, and `columns` are those that the query adds to it.
    """

    id: str | None
    title: str
    path: str
    target: str
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    text: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    columns: tuple[str, ...] = ()
