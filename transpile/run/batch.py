"""Many rules in their order, on one core or on all, from the cache where they were seen before."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from transpile.load import files
from transpile.load.files import RuleFile
from transpile.load.problem import Problem, ProblemFound
from transpile.run.conversion import Conversion, Converted, broken
from transpile.run.encoding import decode, encode

if TYPE_CHECKING:
    from transpile.run.cache import Cache
    from transpile.run.convert import Converter
    from transpile.run.processes import Lost, Portion, Processes, Work
    from transpile.run.recipe import Recipe

_CHUNK = 128
"""files that are read and looked up at once"""
_WINDOW = 1024
"""files that are on their way at a time"""
_HELD = 4 * 1024 * 1024
"""bytes of files to convert from which on no more are read"""
_FILES = 24
"""files that are converted together"""
_BYTES = 64 * 1024
"""and their size, unless a single one is larger"""
WORTH_PROCESSES = 48
"""files to convert from which on other processes are worth their start"""

Outcome: TypeAlias = "bytes | list[Converted]"
"""what comes out for a file: encoded, or what can't be"""


def convert_files(
    found: Iterable[RuleFile | Problem], converter: Converter
) -> Iterator[Conversion]:
    """What comes out for each rule of the files, in their order; one file is held at a time.

    A rule whose id another one had before is broken: the two can't be told apart in a SIEM.
    """
    names = [target.name for target in converter.targets]
    ids = _Ids()
    for file in found:
        for converted in _convert(file, converter, names):
            yield ids.conversion(converted)


def _convert(file: RuleFile | Problem, converter: Converter, targets: list[str]) -> list[Converted]:
    read = _read(file)
    if isinstance(read, Problem):
        return [_unread(file, read, targets)]
    (converted,) = converter.convert_files([(read, _rule_file(file))])
    return converted


def _read(file: RuleFile | Problem) -> bytes | Problem:
    if isinstance(file, Problem):
        return file
    try:
        return files.read_bytes(file)
    except ProblemFound as found:
        return found.problem


def _rule_file(file: RuleFile | Problem) -> RuleFile:
    return RuleFile(file.path, file.path) if isinstance(file, Problem) else file


def _unread(file: RuleFile | Problem, problem: Problem, targets: Iterable[str]) -> Converted:
    return Converted(broken(_rule_file(file), list(targets), [problem]))


class _Ids:
    """The ids of the rules so far, by their hashes: of many rules, texts would be too much."""

    def __init__(self) -> None:
        self._paths: dict[int, str] = {}
        self._lines: dict[int, int] = {}

    def conversion(self, converted: Converted) -> Conversion:
        """The conversion, or that of a broken rule where another one had the id before."""
        conversion, place = converted.conversion, converted.place
        first = conversion.queries[0]
        if place is None or first.id is None:
            return conversion
        path = conversion.file.path
        key = hash(first.id)
        there = self._paths.setdefault(key, path)
        line = self._lines.setdefault(key, place.line)
        if there == path and line == place.line:
            return conversion
        problem = Problem(
            "duplicate-id",
            f"the id {first.id} is already that of {there}:{line}",
            path,
            place.line,
            place.column,
            "give this rule an id of its own, or take one of the two out",
            converted.excerpt,
        )
        return broken(
            conversion.file,
            [query.target for query in conversion.queries],
            (problem, *conversion.problems),
            position=conversion.position,
            alone=conversion.alone,
            id=first.id,
            title=first.title,
        )


@dataclass(slots=True, eq=False)
class _Job:
    """A file on its way: what it holds, and in the end what came out."""

    file: RuleFile
    data: bytes = b""
    key: bytes = b""
    outcome: Outcome | Lost | None = None


class Batch:
    """One run over many files; to be closed, also after an interruption."""

    def __init__(
        self,
        found: Iterable[RuleFile | Problem],
        recipe: Recipe,
        *,
        cache: Cache | None = None,
        jobs: int = 1,
    ) -> None:
        self._found = iter(found)
        self._recipe = recipe
        # Only then pipelines may ask other files, programs and servers for values.
        asks = recipe.pipelines and os.environ.get("PYSIGMA_ALLOW_EXTERNAL_SOURCES")
        self._cache = None if asks else cache
        self._jobs = jobs
        self._window: deque[_Job] = deque()
        self._pending: deque[_Job] = deque()
        self._held = 0
        self._converter: Converter | None = None
        self._processes: Processes[tuple[bytes, RuleFile], Outcome] | None = None
        self._under_way: deque[tuple[list[_Job], Portion[tuple[bytes, RuleFile], Outcome]]] = (
            deque()
        )

    def conversions(self) -> Iterator[Conversion]:
        """What comes out for each rule, in the order of the files.

        A rule whose id another one had before is broken: the two can't be told apart in a SIEM.
        """
        ids = _Ids()
        while self._fill():
            if self._window[0].outcome is None:
                self._convert_next()
            job = self._window.popleft()
            for converted in self._results(job):
                yield ids.conversion(converted)

    def check(self) -> None:
        """Make sure that the pipeline files and the schema can be used.

        Raises:
            ProblemFound: one can't.
        """
        if not self._recipe.pipelines and not self._recipe.schema:
            return
        key = hashlib.sha256(b"pipelines" + self._recipe.digest).digest()
        if self._cache is None or not self._cache.get([key]):
            self._converter = self._recipe.converter()
            if self._cache is not None:
                self._cache.put(key, b"usable")

    def close(self) -> None:
        """End the other processes and keep what is worth keeping."""
        if self._processes is not None:
            self._processes.close()
        if self._cache is not None:
            self._cache.close()

    def _fill(self) -> bool:
        """Read files ahead and hand them on; gives back whether there is any left."""
        while len(self._window) <= _WINDOW - _CHUNK and self._held < _HELD:
            chunk = [self._job(file) for file in islice(self._found, _CHUNK)]
            if not chunk:
                break
            self._look_up([job for job in chunk if job.outcome is None])
            self._window.extend(chunk)
            new = [job for job in chunk if job.outcome is None]
            self._pending.extend(new)
            self._held += sum(len(job.data) for job in new)
            # They begin while others of the files are still to be read.
            self._employ()
        return bool(self._window)

    def _job(self, file: RuleFile | Problem) -> _Job:
        read = _read(file)
        if isinstance(read, Problem):
            unread = [_unread(file, read, self._recipe.targets)]
            return _Job(_rule_file(file), outcome=unread)
        return _Job(_rule_file(file), read)

    def _look_up(self, jobs: list[_Job]) -> None:
        if self._cache is None:
            return
        for job in jobs:
            job.key = self._recipe.key(job.file, job.data)
        known = self._cache.get([job.key for job in jobs])
        for job in jobs:
            if job.key in known:
                job.outcome = known[job.key]

    def _employ(self) -> None:
        """Give work to other processes, if there is enough of it."""
        if self._processes is None and self._jobs > 1 and len(self._pending) >= WORTH_PROCESSES:
            from transpile.run.processes import Processes  # noqa: PLC0415

            work = None if self._converter is None else _work(self._converter)
            self._processes = Processes(partial(_prepared, self._recipe), self._jobs, work)
        while self._processes is not None and self._pending and self._processes.has_room:
            jobs = self._portion()
            portion = self._processes.submit([(job.data, job.file) for job in jobs])
            self._under_way.append((jobs, portion))
            for job in jobs:
                job.data = b""

    def _portion(self) -> list[_Job]:
        """The first of the pending files, as many as are to be converted together."""
        jobs = [self._pending.popleft()]
        size = len(jobs[0].data)
        while self._pending and len(jobs) < _FILES:
            size += len(self._pending[0].data)
            if size > _BYTES:
                break
            jobs.append(self._pending.popleft())
        self._held -= sum(len(job.data) for job in jobs)
        return jobs

    def _convert_next(self) -> None:
        """Convert the first files that have no outcome yet, or wait until others have done so."""
        if self._processes is None:
            self._convert()
            return
        jobs, portion = self._under_way.popleft()
        for job, outcome in zip(jobs, self._processes.results(portion), strict=True):
            job.outcome = outcome
            if isinstance(outcome, bytes) and self._cache is not None:
                self._cache.put(job.key, outcome)
        self._employ()

    def _convert(self) -> None:
        """Convert the first of the pending files here."""
        if self._converter is None:
            self._converter = self._recipe.converter()
        jobs = self._portion()
        outcomes = self._converter.convert_files([(job.data, job.file) for job in jobs])
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome, job.data = outcome, b""
            if self._cache is not None and (encoded := encode(outcome)) is not None:
                self._cache.put(job.key, encoded)

    def _results(self, job: _Job) -> list[Converted]:
        if isinstance(job.outcome, bytes):
            return decode(job.outcome, job.file)
        if isinstance(job.outcome, list):
            return job.outcome
        return [self._lost(job.file, job.outcome)]

    def _lost(self, file: RuleFile, lost: Lost | None) -> Converted:
        message = f"the process that converted this file ended before it was done ({lost})"
        hint = "leave the file out, or convert it alone to see whether it needs too much memory"
        problem = Problem("process-lost", message, file.path, hint=hint)
        return Converted(broken(file, self._recipe.targets, [problem]))


def _prepared(recipe: Recipe) -> Work[tuple[bytes, RuleFile], Outcome]:
    return _work(recipe.converter())


def _work(converter: Converter) -> Work[tuple[bytes, RuleFile], Outcome]:
    return partial(_converted, converter)


def _converted(converter: Converter, files: Sequence[tuple[bytes, RuleFile]]) -> list[Outcome]:
    return [encode(results) or results for results in converter.convert_files(files)]


def cores() -> int:
    """How many processes can run at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
