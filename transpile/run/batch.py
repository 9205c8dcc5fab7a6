"""Many rules in their order, on one core or on all, from the cache where they were seen before."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import TYPE_CHECKING

from transpile.load import files
from transpile.load.files import RuleFile
from transpile.load.problem import Problem, ProblemFound
from transpile.run.conversion import Conversion, Converted, broken
from transpile.run.encoding import decode, encode
from transpile.run.job import Job, portion

if TYPE_CHECKING:
    from transpile.run.cache import Cache
    from transpile.run.convert import Converter
    from transpile.run.parallel import Workers
    from transpile.run.recipe import Recipe

_CHUNK = 128
"""files that are read and looked up at once"""
_WINDOW = 1024
"""files that are on their way at a time"""
_OFTEN = 16
"""files that are handed on between two looks at what others have done"""
WORTH_WORKERS = 48
"""files to convert from which on other processes are worth their start"""


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
        self._window: deque[Job] = deque()
        self._pending: deque[Job] = deque()
        self._converter: Converter | None = None
        self._workers: Workers | None = None

    def conversions(self) -> Iterator[Conversion]:
        """What comes out for each rule, in the order of the files.

        A rule whose id another one had before is broken: the two can't be told apart in a SIEM.
        """
        ids = _Ids()
        for number in count():
            if not self._fill():
                return
            job = self._window[0]
            if not job.is_done:
                self._work(job)
            elif self._workers is not None and number % _OFTEN == 0:
                self._workers.feed(self._pending)
            if job.is_done:
                self._window.popleft()
                for converted in self._results(job):
                    yield ids.conversion(converted)

    def check(self) -> None:
        """Make sure that the pipeline files can be used.

        Raises:
            ProblemFound: one can't.
        """
        if not self._recipe.pipelines:
            return
        key = hashlib.sha256(b"pipelines" + self._recipe.digest).digest()
        if self._cache is None or not self._cache.get([key]):
            self._converter = self._recipe.converter()
            if self._cache is not None:
                self._cache.put(key, b"usable")

    def close(self) -> None:
        """End the other processes and keep what is worth keeping."""
        if self._workers is not None:
            self._workers.end()
        if self._cache is not None:
            self._cache.close()

    def _fill(self) -> bool:
        while len(self._window) <= _WINDOW - _CHUNK:
            chunk = [self._job(file) for file in islice(self._found, _CHUNK)]
            if not chunk:
                break
            self._look_up([job for job in chunk if not job.is_done])
            self._window.extend(chunk)
            self._pending.extend(job for job in chunk if not job.is_done)
            # They begin while others of the files are still to be read.
            self._employ()
        return bool(self._window)

    def _job(self, file: RuleFile | Problem) -> Job:
        read = _read(file)
        job = Job(_rule_file(file))
        if isinstance(read, Problem):
            job.finish([_unread(file, read, self._recipe.targets)])
        else:
            job.data = read
        return job

    def _look_up(self, jobs: list[Job]) -> None:
        if self._cache is None:
            return
        for job in jobs:
            name = job.file.path.rpartition("/")[2].encode("utf-8", "surrogateescape")
            parts = (self._recipe.digest, b"%d\0" % len(name), name, job.data)
            job.key = hashlib.sha256(b"".join(parts)).digest()
        known = self._cache.get([job.key for job in jobs])
        for job in jobs:
            if job.key in known:
                job.finish(known[job.key])
                job.key = b""

    def _employ(self) -> None:
        """Give work to other processes, if there is enough of it."""
        if self._workers is None and self._jobs > 1 and len(self._pending) >= WORTH_WORKERS:
            from transpile.run.parallel import Workers  # noqa: PLC0415

            self._workers = Workers(self._recipe, self._jobs, self._converter)
        if self._workers is not None:
            self._workers.feed(self._pending)

    def _work(self, job: Job) -> None:
        self._employ()
        if self._workers is not None:
            if not job.is_done:
                self._workers.wait()
        else:
            if self._converter is None:
                self._converter = self._recipe.converter()
            jobs = portion(self._pending)  # this one is the first of them
            outcomes = self._converter.convert_files((one.data, one.file) for one in jobs)
            for one, results in zip(jobs, outcomes, strict=True):
                encoded = None if self._cache is None else encode(results)
                one.finish(results)
                one.encoded = encoded

    def _results(self, job: Job) -> list[Converted]:
        if self._cache is not None and job.key and job.encoded is not None:
            self._cache.put(job.key, job.encoded)
        if job.results is None:
            return decode(job.encoded or b"[]", job.file)
        return job.results


def cores() -> int:
    """How many processes can run at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
