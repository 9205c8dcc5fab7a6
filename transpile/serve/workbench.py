"""Rules that are being typed, explained by a process of their own that may be ended at any time."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from transpile.catalog.recipe import Recipe, explainer_of

MAX_BYTES = 64 * 1024
"""the longest text that is explained"""
SECONDS = 5.0
"""how long a text may take; then its process is ended"""
WAITING = 4
"""texts that may wait for the process"""


class TooSlow(Exception):
    """The text took longer than SECONDS, or more than memory gives."""


class Busy(Exception):
    """Too many texts are waiting."""


class Workbench:
    """Explains one text at a time."""

    def __init__(self, recipe: Recipe, seconds: float = SECONDS) -> None:
        self._recipe = recipe
        self._seconds = seconds
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def explain(self, text: str) -> Sequence[object]:
        """The rules of a text, explained or broken.

        Raises:
            TooSlow: no answer in time.
            Busy: there are too many before it.
        """
        if not self._waiting.acquire(blocking=False):
            raise Busy
        try:
            with self._turn:
                return self._ask(text)
        finally:
            self._waiting.release()

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _ask(self, text: str) -> Sequence[object]:
        connection = self._connected()
        try:
            connection.send(text)
            if connection.poll(self._seconds):
                answer: Sequence[object] = connection.recv()
                return answer
        except (EOFError, OSError):
            pass
        self._end()
        raise TooSlow

    def _connected(self) -> Connection:
        if self._connection is None or self._process is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_work, args=(theirs, self._recipe), daemon=True, name="workbench"
            )
            self._process.start()
            theirs.close()
            # The process says so when it is ready; its start doesn't count for the text.
            if not self._connection.poll(60):
                self._end()
                raise TooSlow
            self._connection.recv()
        return self._connection

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


_MEMORY = 2 * 1024 * 1024 * 1024


def _work(connection: Connection, recipe: Recipe) -> None:
    from transpile.catalog.collection import explain_text  # noqa: PLC0415 (only this process)

    _bound_memory()
    explainer = explainer_of(recipe)
    connection.send(None)
    while True:
        try:
            text = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        connection.send(explain_text(text, explainer))


def _bound_memory() -> None:
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
