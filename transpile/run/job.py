"""One file of a run: what is to be done with it, and the doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transpile.load.files import RuleFile
from transpile.run.conversion import Converted

if TYPE_CHECKING:
    from transpile.run.convert import Converter


@dataclass(slots=True, eq=False)
class Job:
    """A file on its way: what it holds, and in the end what came out."""

    file: RuleFile
    data: bytes = b""
    key: bytes = b""
    results: list[Converted] | None = None
    encoded: bytes | None = None

    @property
    def is_done(self) -> bool:
        return self.results is not None or self.encoded is not None

    def finish(self, outcome: bytes | list[Converted]) -> None:
        """What came out, encoded or not; what the file held is let go."""
        if isinstance(outcome, bytes):
            self.encoded = outcome
        else:
            self.results = outcome
        self.data = b""


def convert_file(data: bytes, file: RuleFile, converter: Converter) -> list[Converted]:
    """What comes out for each rule of a file."""
    from transpile.load.rules import Rule, load_bytes  # noqa: PLC0415

    results = []
    for rule in load_bytes(data, file):
        conversion = converter.convert(rule)
        if isinstance(rule, Rule) and rule.id is not None:
            results.append(Converted(conversion, rule.place, rule.source.line(rule.place.line)))
        else:
            results.append(Converted(conversion))
    return results
