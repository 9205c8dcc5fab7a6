"""The folder that files are kept in: nothing is read, written or removed outside of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from transpile.run.temporary import remove_left
from transpile.run.write import replace_file


class OutsideFolder(Exception):
    """A name that leads out of the folder."""


class OutputFolder:
    """Files below one folder, by their path with forward slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._inside: dict[Path, bool] = {}
        self._written: set[Path] = set()

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none.

        Raises OSError: it can't be read.
        """
        try:
            path = self._path(name)
            return None if path.is_symlink() else path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, OutsideFolder):
            return None

    def write(self, name: str, data: bytes) -> None:
        """Give a file this content, whole or not at all.

        Raises:
            OutsideFolder: the name, or a link, leads out of the folder.
            OSError: it can't be written.
        """
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent not in self._written:
            self._written.add(path.parent)
            remove_left(path.parent)
        replace_file(path, data)

    def remove(self, name: str) -> None:
        """Remove a file, and the folders that are empty then.

        Raises:
            OutsideFolder: the name, or a link, leads out of the folder.
            OSError: it can't be removed.
        """
        path = self._path(name)
        path.unlink(missing_ok=True)
        for folder in path.relative_to(self.root).parents:
            if folder == Path() or any((self.root / folder).iterdir()):
                break
            (self.root / folder).rmdir()

    def names(self) -> Iterator[str]:
        """Every file, sorted; links to folders are not followed."""
        found = []
        for folder, _, names in os.walk(self.root):
            below = Path(folder).relative_to(self.root)
            found += [(below / name).as_posix() for name in names]
        yield from sorted(found)

    def _path(self, name: str) -> Path:
        relative = PurePosixPath(name)
        path = self.root / relative
        if ".." in relative.parts or relative.is_absolute() or not self._is_inside(path.parent):
            raise OutsideFolder(name)
        return path

    def _is_inside(self, folder: Path) -> bool:
        """Whether a folder is below the root, wherever links lead; asked once for each folder."""
        if folder not in self._inside:
            self._inside[folder] = folder.resolve().is_relative_to(self.root.resolve())
        return self._inside[folder]
