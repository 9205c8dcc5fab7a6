"""Other processes that convert, each some files at a time.

A process may die, for want of memory or by a fault of a C library. The files that it was at then go
to others one by one, until one dies of a single file, which is named.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.run.conversion import Converted, broken
from transpile.run.encoding import encode
from transpile.run.job import Job, portion

if TYPE_CHECKING:
    from transpile.run.convert import Converter
    from transpile.run.recipe import Recipe

_QUEUED = 2
"""portions that a process has at a time, so that it need not wait for the next"""
_PATIENCE = 0.3
"""seconds in which a process that has nothing to do may end by itself"""
_BUSY_PATIENCE = 0.05
"""and one that was at work, or is gone already"""


class Workers:
    """Processes that convert by a recipe."""

    def __init__(self, recipe: Recipe, count: int, converter: Converter | None = None) -> None:
        """Start them; a converter of the recipe saves making one."""
        self._recipe = recipe
        # A fork shares what is loaded; it is safe where there is no other thread.
        forks = sys.platform == "linux" and threading.active_count() == 1
        self._context: Any = multiprocessing.get_context("fork" if forks else "spawn")
        # Whoever forks must not flush again what is still to be written.
        sys.stdout.flush()
        sys.stderr.flush()
        self._converter = (converter or recipe.converter()) if forks else None
        self._workers: list[_Worker] = []
        self._again: deque[list[Job]] = deque()
        for _ in range(count):
            self._start()

    def feed(self, pending: deque[Job]) -> None:
        """Take up what is done, and give work to those that have little."""
        while self._take(0):
            pass
        for worker in self._workers:
            while (self._again or pending) and len(worker.portions) < _QUEUED:
                worker.send(self._again.popleft() if self._again else portion(pending))

    def wait(self) -> None:
        """Wait until one of them has done something, if one has something to do."""
        if any(worker.portions for worker in self._workers):
            self._take(None)

    def end(self) -> None:
        """End them all, whatever they are at."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _start(self) -> None:
        others = [worker.connection for worker in self._workers]
        worker = _Worker(self._context, self._recipe, self._converter, others)
        self._workers.append(worker)

    def _take(self, timeout: float | None) -> bool:
        ready = connection.wait([worker.connection for worker in self._workers], timeout)
        for worker in [one for one in self._workers if one.connection in ready]:
            try:
                outcomes = worker.connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                self._replace(worker)
                continue
            for job, outcome in zip(worker.portions.popleft(), outcomes, strict=True):
                job.finish(outcome)
        return bool(ready)

    def _replace(self, worker: _Worker) -> None:
        """Another process for one that is gone; the file that ended it is not tried again."""
        self._workers.remove(worker)
        portions = worker.portions
        code = worker.end()
        if portions:
            first = portions.popleft()
            if len(first) == 1:
                first[0].finish([_lost(first[0].file, code, self._recipe.targets)])
            else:
                self._again.extend([job] for job in first)
        self._again.extend(portions)
        self._start()


def _lost(file: RuleFile, code: int | None, targets: Sequence[str]) -> Converted:
    how = f"exit code {code}"
    if code is not None and code < 0:
        with suppress(ValueError):
            how = signal.Signals(-code).name
    message = f"the process that converted this file ended before it was done ({how})"
    hint = "leave the file out, or convert it alone to see whether it needs too much memory"
    problem = Problem("process-lost", message, file.path, hint=hint)
    return Converted(broken(file, targets, [problem]))


class _Worker:
    """One process, and the files that it has been given."""

    def __init__(
        self,
        context: Any,
        recipe: Recipe,
        converter: Converter | None,
        others: Sequence[Connection],
    ) -> None:
        self.portions: deque[list[Job]] = deque()
        self.connection, theirs = context.Pipe()
        forks = context.get_start_method() == "fork"
        # What a fork holds open besides would keep others from seeing that we are gone.
        inherited = [self.connection, *others] if forks else []
        self._process = context.Process(
            target=_convert,
            args=(theirs, recipe, converter, inherited),
            daemon=True,
        )
        self._process.start()
        theirs.close()

    def send(self, portion: list[Job]) -> None:
        """Give it files; where it is gone, reading from it tells."""
        self.portions.append(portion)
        with suppress(OSError):
            self.connection.send([(job.data, job.file) for job in portion])

    def end(self) -> int | None:
        """End the process, if it hasn't; its exit code."""
        self.connection.close()
        self._process.join(_BUSY_PATIENCE if self.portions else _PATIENCE)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code: int | None = self._process.exitcode
        return code


def _convert(
    pipe: Connection,
    recipe: Recipe,
    converter: Converter | None,
    inherited: Sequence[Connection],
) -> None:
    """What each process does until the other end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started us decides
    for one in inherited:
        one.close()
    if converter is None:
        converter = recipe.converter()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    with suppress(EOFError, OSError):
        while True:
            results = converter.convert_files(pipe.recv())
            pipe.send([encode(one) or one for one in results])
