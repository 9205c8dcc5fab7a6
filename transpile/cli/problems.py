"""Problems and reasons as compilers show them: place, code, message, the line and a caret."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from transpile.cli.style import paint, printable
from transpile.load.problem import Problem, Severity
from transpile.query import Outcome, Reason
from transpile.run.conversion import Conversion


def show_problem(problem: Problem) -> str:
    """The lines that show a problem."""
    colour = "red" if problem.severity is Severity.ERROR else "yellow"
    return _show(problem, colour)


def show_reasons(conversion: Conversion) -> Iterator[str]:
    """The lines that show why queries are not exact; a reason of several targets is shown once."""
    targets: dict[tuple[Reason, Outcome], list[str]] = {}
    for query in conversion.queries:
        for reason in query.reasons:
            targets.setdefault((reason, query.outcome), []).append(query.target)
    known = {(problem.code, problem.message) for problem in conversion.problems}
    for (reason, outcome), names in targets.items():
        if (reason.code, reason.message) not in known:
            yield _show_reason(conversion, reason, outcome, names)


def _show_reason(conversion: Conversion, reason: Reason, outcome: Outcome, names: list[str]) -> str:
    place = reason.place
    message = reason.message
    if outcome is not Outcome.FAILED:
        message = f"{message} ({outcome.value}: {', '.join(names)})"
    path = conversion.file.path
    if place is None:
        problem = Problem(reason.code, message, path)
    else:
        excerpt = conversion.excerpts.get(place.line, "")
        problem = Problem(reason.code, message, path, place.line, place.column, "", excerpt)
    return _show(problem, "yellow" if outcome is Outcome.APPROXIMATE else "red")


def _show(problem: Problem, colour: str) -> str:
    place = problem.path
    if problem.line is not None:
        place += f":{problem.line}:{problem.column or 1}"
    kind = " (warning)" if problem.severity is Severity.WARNING else ""
    lines = [
        f"{paint(printable(place), 'bright_white', bold=True)}:"
        f" {paint(problem.code, colour, bold=True)}{kind}: {printable(problem.message)}"
    ]
    if problem.excerpt and problem.line is not None:
        number = str(problem.line)
        column = problem.column or 1
        lines.append(f"  {number} | {printable(problem.excerpt)}")
        if column <= len(problem.excerpt) + 1:
            indent = " " * _width(printable(problem.excerpt[: column - 1]))
            lines.append(f"  {' ' * len(number)} | {indent}{paint('^', colour, bold=True)}")
    if problem.hint:
        lines.append(f"  {paint('hint', 'cyan')}: {printable(problem.hint)}")
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
