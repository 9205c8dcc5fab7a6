"""Work on many items by several processes, with one result for each item whatever ends a process.

The processes are a `concurrent.futures.ProcessPoolExecutor`'s. Items and results go through files
of a folder of the run's own, and through the pool's pipes only their number: what is shorter than
PIPE_BUF is written at once (https://man7.org/linux/man-pages/man7/pipe.7.html). So nobody waits
for the rest of a message from a process that died while it wrote, and no pipe is ever full.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from functools import partial
from itertools import chain, islice
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from transpile.run.temporary import OwnFolder
from transpile.values import dataclass

_AHEAD = 4
"""portions under way for each process, so that none waits for the next"""

Item = TypeVar("Item")
Made = TypeVar("Made")
Work = Callable[[Sequence[Item]], Sequence[Made]]
"""makes a result for each of some items, in their order"""


@dataclass(frozen=True, slots=True)
class Lost:
    """The result for an item that ended the process which worked on it, all alone.

    `exit_code` is the process's: above 0 its own, below 0 the number of the signal that ended it.
    """

    exit_code: int

    def __str__(self) -> str:
        if self.exit_code < 0:
            with suppress(ValueError):
                return signal.Signals(-self.exit_code).name
        return f"exit code {self.exit_code}"


class Portion(Generic[Item, Made]):
    """Items that one process works on, and where it leaves what it makes of them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.future: Future[None] = Future()
        self.outcomes: list[Made | Lost] | None = None


class Processes(Generic[Item, Made]):
    """Processes that work on portions of items; to be closed, also after an interruption."""

    def __init__(
        self,
        prepare: Callable[[], Work[Item, Made]],
        count: int,
        work: Work[Item, Made] | None = None,
    ) -> None:
        """Take what makes the work, `count` of processes, and the work where it is there already.

        A process that can't be forked calls `prepare`, which must be possible to pickle.
        """
        self._prepare = prepare
        self._work = work
        self._count = count
        self._numbers = itertools.count()
        self._folder = OwnFolder()
        self._stop = multiprocessing.Pipe(duplex=False)
        self._executor: ProcessPoolExecutor | None = None
        self._under_way: list[Portion[Item, Made]] = []

    @property
    def has_room(self) -> bool:
        """Whether another portion may be submitted before the results of one are taken."""
        return len(self._under_way) < self._count * _AHEAD

    def submit(self, items: Sequence[Item]) -> Portion[Item, Made]:
        """Give the items to a process."""
        portion = Portion[Item, Made](self._folder.path / str(next(self._numbers)))
        portion.file.write_bytes(pickle.dumps(items, pickle.HIGHEST_PROTOCOL))
        self._under_way.append(portion)
        try:
            portion.future = self._started().submit(_work_on, str(portion.file))
        except BrokenProcessPool as broken:
            portion.future.set_exception(broken)
        return portion

    def results(self, portion: Portion[Item, Made]) -> list[Made | Lost]:
        """Wait for the results of a portion, one for each item.

        Raises what the work raised for it.
        """
        while portion.outcomes is None:
            try:
                portion.future.result()
                portion.outcomes = _made(portion.file)
            except BrokenProcessPool:
                self._recover()
        self._under_way.remove(portion)
        portion.file.unlink()
        return portion.outcomes

    def close(self) -> None:
        """End the processes, whatever they are at."""
        _, writer = self._stop
        writer.send_bytes(b"stop")
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
        for end in self._stop:
            end.close()
        self._folder.remove()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context, begin = self._context()
            self._executor = ProcessPoolExecutor(self._count, context, begin)
        return self._executor

    def _context(self) -> tuple[Any, Callable[[], None]]:
        """How processes start now, and what each of them does first."""
        reader, _ = self._stop
        # A fork shares what is loaded; it is safe where there is no other thread.
        if sys.platform == "linux" and threading.active_count() == 1:
            if self._work is None:
                self._work = self._prepare()
            # Whoever forks must not flush again what is still to be written.
            sys.stdout.flush()
            sys.stderr.flush()
            work = self._work
            return multiprocessing.get_context("fork"), partial(_begin, reader, lambda: work)
        return multiprocessing.get_context("spawn"), partial(_begin, reader, self._prepare)

    def _recover(self) -> None:
        """Work once more on all portions of a broken pool, each in a process of its own."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None
        for portion in self._under_way:
            broken = isinstance(portion.future.exception(), BrokenProcessPool)
            if broken and portion.outcomes is None:
                portion.outcomes = self._alone(portion.file)

    def _alone(self, file: Path) -> list[Made | Lost]:
        """The results of a portion, item by item where one of them ends its process."""
        code = self._run_alone(file)
        if code == 0:
            return _made(file)
        items: Sequence[Item] = pickle.loads(file.read_bytes())  # noqa: S301 (written above)
        if len(items) == 1:
            return [Lost(code)]
        outcomes: list[Made | Lost] = []
        for item in items:
            file.write_bytes(pickle.dumps([item], pickle.HIGHEST_PROTOCOL))
            outcomes += self._alone(file)
        return outcomes

    def _run_alone(self, file: Path) -> int:
        context, begin = self._context()
        process = context.Process(target=_begin_and_work_on, args=(begin, str(file)), daemon=True)
        process.start()
        try:
            process.join()
        finally:
            process.kill()
            process.join()
        code: int = process.exitcode
        return code


def spread(
    items: Iterable[Item], prepare: Callable[[], Work[Item, Made]], processes: int, size: int
) -> Iterator[Made | Lost]:
    """A result for each item, in their order, made in portions of a size by so many processes.

    One process is this one, and so it is where there is one portion only.
    """
    rest = iter(items)
    portions = iter(lambda: list(islice(rest, size)), [])
    first = list(islice(portions, 2))
    if processes <= 1 or len(first) <= 1:
        work = prepare()
        for portion in chain(first, portions):
            yield from work(portion)
        return
    with closing(Processes(prepare, processes)) as pool:
        under_way = deque(map(pool.submit, first))
        for portion in portions:
            while not pool.has_room:
                yield from pool.results(under_way.popleft())
            under_way.append(pool.submit(portion))
        while under_way:
            yield from pool.results(under_way.popleft())


def _made(file: Path) -> list[Any]:
    """The outcomes that a process left."""
    done = file.with_suffix(_DONE)
    outcomes: list[Any] = pickle.loads(done.read_bytes())  # noqa: S301 (by a process of our own)
    done.unlink()
    return outcomes


_DONE = ".done"
_WORK: list[Work[Any, Any]] = []
"""what this process makes of items"""


def _begin(stop: Connection, prepare: Callable[[], Work[Any, Any]]) -> None:
    """Make a process of the pool ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started us decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(stop,), daemon=True).start()
    _WORK[:] = [prepare()]
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _end_with(stop: Connection) -> None:
    """End this process when its pool is closed or the process that started it is gone."""
    parent = multiprocessing.parent_process()
    connection.wait([stop] if parent is None else [stop, parent.sentinel])
    os._exit(1)


def _work_on(file: str) -> None:
    path = Path(file)
    made = _WORK[0](pickle.loads(path.read_bytes()))  # noqa: S301 (by the pool)
    path.with_suffix(_DONE).write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))


def _begin_and_work_on(begin: Callable[[], None], file: str) -> None:
    begin()
    _work_on(file)
