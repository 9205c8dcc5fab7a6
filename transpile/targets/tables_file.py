"""A user's file of tables as TOML: what it holds, and the line that each key is in."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from transpile.load.problem import Problem, ProblemFound, Severity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class TablesFile:
    """One file, read; nothing in it is checked yet."""

    def __init__(self, path: str) -> None:
        """Read the file.

        Raises ProblemFound: it can't be read, or is no TOML.
        """
        self._path = path
        try:
            self._text = Path(path).read_text("utf-8")
            self.document: dict[str, Any] = tomllib.loads(self._text)
        except (OSError, UnicodeDecodeError) as error:
            raise self.fault(f"it can't be read: {error}") from error
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            raise self.fault(f"it is no TOML: {error}", int(place[1]) if place else None) from error

    def log_source(self, number: int) -> int | None:
        """The line of the header [[logsource]] of that number, from 0."""
        headers = [
            line
            for line, text in enumerate(self._text.splitlines(), 1)
            if re.match(r"\s*\[\[\s*logsource\s*\]\]", text)
        ]
        return headers[number] if number < len(headers) else None

    def header(self, name: str) -> int | None:
        """The line of the header [NAME]."""
        for line, text in enumerate(self._text.splitlines(), 1):
            if text.strip().replace('"', "").startswith(f"[{name}]"):
                return line
        return None

    def line(self, key: str, after: int | None = None) -> int | None:
        """The first line from `after` on that a key begins; else `after`."""
        wanted = re.compile(
            rf"""\s*(?:\[+\s*(?:\w+\.)*)?["']?{re.escape(key)}["']?\s*(?:=|\]|\.)"""
        )
        for line, text in enumerate(self._text.splitlines(), 1):
            if line >= (after or 1) and wanted.match(text):
                return line
        return after

    def problem(
        self,
        code: str,
        message: str,
        line: int | None = None,
        *,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem of this file, with the line that it is in."""
        excerpt = self._text.splitlines()[line - 1] if line is not None else ""
        column = len(excerpt) - len(excerpt.lstrip()) + 1 if line is not None else None
        return Problem(code, message, self._path, line, column, hint, excerpt, severity)

    def fault(self, message: str, line: int | None = None) -> ProblemFound:
        """A fault that keeps the file from being used."""
        return ProblemFound(self.problem("bad-mapping", message, line))
