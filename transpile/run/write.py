"""Queries as files, in folders like those of the rules."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from transpile.load.problem import Problem
from transpile.query import Query
from transpile.run.convert import Conversion
from transpile.targets.target import Target


class QueryFolder:
    """A folder that queries are written to, one file for each rule and target.

    A file is there whole or not at all, and is left alone where it holds the query already; no
    other file is touched or removed. Nothing is written outside the folder, whatever a rule file
    is called and wherever links inside the folder lead.
    """

    def __init__(self, root: Path, targets: Sequence[Target]) -> None:
        self._root = root
        shared = Counter(target.suffix for target in targets)
        self._suffixes = {
            target.name: f"{target.name}.{target.suffix}"
            if shared[target.suffix] > 1
            else target.suffix
            for target in targets
        }
        self._written: dict[str, str] = {}
        self._made: set[Path] = set()

    def write(self, conversion: Conversion) -> list[Problem]:
        """Write the queries of a rule; what could not be written, and why, comes back.

        Raises OSError: the folder or a file in it can't be written.
        """
        queries = (query for query in conversion.queries if query.text is not None)
        problems = (self._write(conversion, query) for query in queries)
        return [problem for problem in problems if problem is not None]

    def name(self, conversion: Conversion, query: Query) -> PurePosixPath:
        """The name of a query's file below the folder."""
        relative = PurePosixPath(conversion.file.relative)
        stem = PurePosixPath(relative.name).stem
        if not conversion.alone:
            stem = f"{stem}-{conversion.position}"
        return relative.parent / f"{stem}.{self._suffixes[query.target]}"

    def _write(self, conversion: Conversion, query: Query) -> Problem | None:
        name = self.name(conversion, query)
        other = self._written.setdefault(str(name).casefold(), conversion.file.path)
        if other != conversion.file.path:
            message = f"{name} already holds the query of {other}"
            hint = "rename one of the two rule files"
            return Problem("output-collision", message, conversion.file.path, hint=hint)
        path = self._root / name
        if ".." in name.parts or name.is_absolute() or not self._make(path.parent):
            message = f"{name} would be outside of the folder for queries"
            return Problem("output-outside", message, conversion.file.path)
        replace_file(path, f"{query.text}\n".encode())
        return None

    def _make(self, folder: Path) -> bool:
        """Make a folder, unless a link leads it out of the root."""
        if folder not in self._made:
            if not folder.resolve().is_relative_to(self._root.resolve()):
                return False
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return True


def replace_file(path: Path, data: bytes) -> None:
    """Give a file this content at once; one that has it already keeps its times.

    Raises OSError: it can't be written; the file is as it was before.
    """
    try:
        if not path.is_symlink() and path.read_bytes() == data:
            return
    except FileNotFoundError:
        pass
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        # O_EXCL follows no link that somebody else put there.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as stream:
            stream.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
