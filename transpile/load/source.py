"""The text of a rule file, and places in it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from transpile.load.problem import Problem, Severity
from transpile.query import Place
from transpile.values import dataclass

if TYPE_CHECKING:
    from yaml import Node

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what libyaml counts as one
_LONGEST_EXCERPT = 200


def place_of(node: Node) -> Place:
    """Where a node of the YAML tree begins."""
    mark = node.start_mark
    return Place(mark.line + 1, mark.column + 1)


@dataclass(frozen=True)
class SourceText:
    """A rule file: its path as it was given, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        text = self.text
        plain = text.isascii() and "\r" not in text
        return text.split("\n") if plain else _LINE_BREAK.split(text)

    def line(self, number: int) -> str:
        """The line of that number, from 1; empty where the file has none, cut where it is long."""
        if 0 < number <= len(self.lines):
            return self.lines[number - 1][:_LONGEST_EXCERPT]
        return ""

    def find(self, node: Node, pattern: str) -> Place | None:
        """Where the regular expression first fits the text of a node, as the file spells it."""
        first, last = node.start_mark, node.end_mark
        for number in range(first.line, min(last.line + 1, len(self.lines))):
            start = first.column if number == first.line else 0
            end = last.column if number == last.line else len(self.lines[number])
            if found := re.compile(pattern).search(self.lines[number], start, end):
                return Place(number + 1, found.start() + 1)
        return None

    def problem(
        self,
        code: str,
        message: str,
        place: Place | None = None,
        *,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem of this file, with the line that it is in."""
        if place is None:
            return Problem(code, message, self.path, hint=hint, severity=severity)
        excerpt = self.line(place.line)
        return Problem(code, message, self.path, place.line, place.column, hint, excerpt, severity)
