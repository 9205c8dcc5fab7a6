"""What comes out for one rule, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from transpile.load.about import About
from transpile.load.files import RuleFile
from transpile.load.problem import Problem, Severity
from transpile.query import Outcome, Place, Query, Reason
from transpile.values import dataclass


@dataclass(frozen=True)
class Conversion:
    """What came out for one rule: plain data, the same from whichever process.

    There is one query for each target, in their order. `about` is what a sound rule says of
    itself, `problems` are those of the rule, `excerpts` the lines of its file that reasons name;
    `traceback` is empty unless a query failed by a fault of this program.
    """

    file: RuleFile
    position: int
    alone: bool
    queries: tuple[Query, ...]
    problems: tuple[Problem, ...] = ()
    excerpts: Mapping[int, str] = field(default_factory=dict)
    traceback: str = ""
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversion and, of a sound rule, the place that tells it from others of the same id."""

    conversion: Conversion
    place: Place | None = None
    excerpt: str = ""


def broken(  # noqa: PLR0913
    file: RuleFile,
    targets: Sequence[str],
    problems: Sequence[Problem],
    *,
    position: int = 1,
    alone: bool = True,
    id: str | None = None,  # noqa: A002
    title: str = "",
    outcome: Outcome = Outcome.FAILED,
) -> Conversion:
    """The conversion of a rule that has problems which keep it from being converted."""
    reasons = tuple(_reason(one) for one in problems if one.severity is Severity.ERROR)
    queries = tuple(Query(id, title, file.path, name, outcome, reasons) for name in targets)
    return Conversion(file, position, alone, queries, tuple(problems))


def _reason(problem: Problem) -> Reason:
    place = None
    if problem.line is not None:
        place = Place(problem.line, problem.column or 1)
    return Reason(problem.code, problem.message, place)
