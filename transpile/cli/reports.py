"""The forms that queries are printed in."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import typer

from transpile.cli.style import OUTCOME_COLOURS, paint, printable, same_place
from transpile.query import Outcome, Query
from transpile.run.conversion import Conversion


class Report(Protocol):
    """Prints conversions on the standard output as they come."""

    def add(self, conversion: Conversion) -> None:
        """Print what came out for one rule."""

    def close(self) -> None:
        """Print what ends the output."""


class TextReport:
    """Queries ready to paste, apart by an empty line.

    Where both outputs end up in one place, as on a terminal, a comment says before each query
    which it is; it goes to the standard error, so that a file gets nothing but queries.
    """

    def __init__(self, *, single: bool) -> None:
        self._headed = not single and same_place()
        self._empty = True

    def add(self, conversion: Conversion) -> None:
        if self._headed:
            self._separate()
            title = conversion.queries[0].title or "(no title)"
            head = f"# {printable(title)} ({printable(conversion.file.path)})"
            self._say(paint(head, "bright_white", bold=True))
        for query in conversion.queries:
            if self._headed:
                outcome = paint(query.outcome.value, OUTCOME_COLOURS[query.outcome])
                self._say(f"# {query.target}: {outcome}")
            elif query.text is not None:
                self._separate()
            if query.text is not None:
                sys.stdout.write(query.text + "\n")
                self._empty = False

    def close(self) -> None:
        sys.stdout.flush()

    def _separate(self) -> None:
        if not self._empty:
            sys.stdout.write("\n")
        self._empty = False

    def _say(self, line: str) -> None:
        sys.stdout.flush()
        typer.echo(line, err=True)


class NoReport:
    """Nothing: the queries are in files."""

    def add(self, conversion: Conversion) -> None:
        pass

    def close(self) -> None:
        pass


class NdjsonReport:
    """One JSON object a line, for each rule and target."""

    def add(self, conversion: Conversion) -> None:
        for query in conversion.queries:
            sys.stdout.write(json.dumps(as_json(query), ensure_ascii=False) + "\n")

    def close(self) -> None:
        sys.stdout.flush()


class JsonReport:
    """An array of the same objects, printed as they come."""

    def __init__(self) -> None:
        self._opening = "["

    def add(self, conversion: Conversion) -> None:
        for query in conversion.queries:
            text = json.dumps(as_json(query), ensure_ascii=False, indent=2)
            sys.stdout.write(f"{self._opening}\n" + "\n".join(f"  {t}" for t in text.split("\n")))
            self._opening = ","

    def close(self) -> None:
        sys.stdout.write("[]\n" if self._opening == "[" else "\n]\n")
        sys.stdout.flush()


def as_json(query: Query) -> dict[str, Any]:
    """A query as an object of plain JSON."""
    return {
        "id": query.id,
        "title": query.title,
        "path": query.path,
        "target": query.target,
        "outcome": query.outcome.value,
        "reasons": [
            {
                "code": reason.code,
                "message": reason.message,
                "line": reason.place.line if reason.place else None,
                "column": reason.place.column if reason.place else None,
            }
            for reason in query.reasons
        ],
        "query": query.text,
        "fields": dict(query.fields),
    }


class Summary:
    """Counts outcomes by target."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._counts = {target: Counter[Outcome]() for target in targets}
        self.rules = 0

    def add(self, conversion: Conversion) -> None:
        self.rules += 1
        for query in conversion.queries:
            self._counts[query.target][query.outcome] += 1

    @property
    def all_converted(self) -> bool:
        return not any(
            counts[Outcome.REFUSED] or counts[Outcome.FAILED] for counts in self._counts.values()
        )

    def lines(self) -> list[str]:
        """A line for each target."""
        width = max(map(len, self._counts))
        digits = len(str(self.rules))
        lines = [f"{self.rules} rule{'s' if self.rules != 1 else ''}"]
        for target, counts in self._counts.items():
            numbers = (
                paint(f"{counts[outcome]:{digits}} {outcome.value}", OUTCOME_COLOURS[outcome])
                if counts[outcome]
                else f"{counts[outcome]:{digits}} {outcome.value}"
                for outcome in Outcome
            )
            lines.append(f"  {target:{width}}  {'  '.join(numbers)}")
        return lines
