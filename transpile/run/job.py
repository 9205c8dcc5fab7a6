"""The files of a run on their way, some at a time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from transpile.load.files import RuleFile
from transpile.run.conversion import Converted

_FILES = 24
"""files that are converted together"""
_BYTES = 32 * 1024
"""and their size, unless a single one is larger: what fits in a pipe before anybody reads it"""


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


def portion(pending: deque[Job]) -> list[Job]:
    """The first of these jobs, as many as are to be done together; they are taken from there."""
    taken = [pending.popleft()]
    size = len(taken[0].data)
    while pending and len(taken) < _FILES and size + len(pending[0].data) <= _BYTES:
        size += len(pending[0].data)
        taken.append(pending.popleft())
    return taken
