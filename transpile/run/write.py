"""Queries as files, in folders like those of the rules."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from transpile.load.problem import Problem
from transpile.query import Query
from transpile.run.conversion import Conversion
from transpile.run.temporary import beside, remove_left

if TYPE_CHECKING:
    from transpile.targets.registry import Ending


class QueryFolder:
    """A folder that queries are written to, one file for each rule and target.

    A file is there whole or not at all, and is left alone where it holds the query already; no
    other file is touched or removed. Nothing is written outside the folder, whatever a rule file
    is called and wherever links inside the folder lead.
    """

    def __init__(self, root: Path, targets: Sequence[Ending]) -> None:
        self._root = root
        self._path = os.fspath(root)
        shared = Counter(target.suffix for target in targets)
        self._suffixes = {
            target.name: f"{target.name}.{target.suffix}"
            if shared[target.suffix] > 1
            else target.suffix
            for target in targets
        }
        # Of many rules, the names of all files would be too much: a hash stands for those of a
        # rule, and beside its rule file are told only the targets that it has no query for.
        self._first: dict[int, str] = {}
        self._others: dict[tuple[int, str], str | None] = {}
        self._made: set[str] = set()
        self._new: set[str] = set()

    def write(self, conversion: Conversion) -> list[Problem]:
        """Write the queries of a rule; what could not be written, and why, comes back.

        Raises OSError: the folder or a file in it can't be written.
        """
        folder, stem = self._place(conversion)
        place = hash(f"{folder}/{stem}".casefold())
        problems = []
        for query in conversion.queries:
            other = self._holder(place, query)
            if query.text is not None:
                file = f"{stem}.{self._suffixes[query.target]}"
                problems.append(self._write(query, query.text, folder, file, other))
        return [problem for problem in problems if problem is not None]

    def name(self, conversion: Conversion, query: Query) -> PurePosixPath:
        """The name of a query's file below the folder."""
        folder, stem = self._place(conversion)
        return PurePosixPath(folder, f"{stem}.{self._suffixes[query.target]}")

    @staticmethod
    def _place(conversion: Conversion) -> tuple[str, str]:
        folder, slash, name = conversion.file.relative.rpartition("/")
        stem = os.path.splitext(name)[0]  # noqa: PTH122 (pathlib remembers every name)
        if not conversion.alone:
            stem = f"{stem}-{conversion.position}"
        return folder or slash, stem

    def _holder(self, place: int, query: Query) -> str | None:
        """The rule file whose query the file of this one holds: the first that has any."""
        first = self._first.setdefault(place, query.path)
        others = self._others
        key = place, query.target
        if query.text is None:
            if first == query.path:
                others[key] = None
        elif others.get(key, first) is None:
            others[key] = query.path
        return others.get(key, first)

    def _write(
        self, query: Query, text: str, folder: str, file: str, holder: str | None
    ) -> Problem | None:
        name = f"{folder}/{file}" if folder else file
        if holder != query.path:
            message = f"{name} already holds the query of {holder}"
            hint = "rename one of the two rule files"
            return Problem("output-collision", message, query.path, hint=hint)
        if not self._make(folder):
            message = f"{name} would be outside of the folder for queries"
            return Problem("output-outside", message, query.path)
        path, data = f"{self._path}/{name}", f"{text}\n".encode()
        if folder in self._new:
            write_file(path, data)
        else:
            replace_file(path, data)
        return None

    def _make(self, inside: str) -> bool:
        """Make a folder below the root, unless its name or a link leads it out of there."""
        if inside not in self._made:
            below = PurePosixPath(inside)
            folder = self._root / below
            if ".." in below.parts or below.is_absolute():
                return False
            if not folder.resolve().is_relative_to(self._root.resolve()):
                return False
            try:
                folder.mkdir(parents=True)
                self._new.add(inside)
            except FileExistsError:
                folder.mkdir(exist_ok=True)
                remove_left(folder)
            self._made.add(inside)
        return True


def replace_file(path: str | Path, data: bytes) -> None:
    """Give a file this content at once; one that has it already keeps its times.

    Raises OSError: it can't be written; the file is as it was before.
    """
    path = os.fspath(path)
    if not _holds(path, data):
        write_file(path, data)


def write_file(path: str, data: bytes) -> None:
    """Give a file this content at once, whatever it is now.

    Raises OSError: it can't be written; the file is as it was before.
    """
    temporary = beside(path)
    try:
        _write_new(temporary, data)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _holds(path: str, data: bytes) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | _NO_LINK | _BINARY)
    except FileNotFoundError:
        return False
    except OSError:
        if os.path.islink(path):  # noqa: PTH114
            return False
        raise
    try:
        if _NO_LINK == 0 and os.path.islink(path):  # noqa: PTH114
            return False
        if stat.S_ISREG((found := os.fstat(file)).st_mode) and found.st_size != len(data):
            return False
        return os.read(file, len(data) + 1) == data
    finally:
        os.close(file)


def _write_new(path: str, data: bytes) -> None:
    # O_EXCL follows no link that somebody else put there.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    try:
        file = os.open(path, flags, 0o666)
    except FileExistsError:
        os.unlink(path)  # noqa: PTH108
        file = os.open(path, flags, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)
