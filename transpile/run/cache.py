"""Conversions that were made before, by the content that they were made of.

One SQLite file. Whatever is wrong with it costs time only: a file that is damaged or somebody
else's is set aside with a warning, a damaged entry is a missing one, and where nothing can be kept,
nothing is.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from transpile.values import dataclass

LIMIT = 256 * 1024 * 1024
"""bytes that the file may take; beyond it goes what was not used for the longest time"""
_FORMAT = 2
_OURS = 0x51674D61
"""tells the files of this program from others (https://www.sqlite.org/pragma.html#pragma_application_id)"""
_SIDES = ("", "-wal", "-shm")
_AT_ONCE = 400
"""keys of one SELECT, which takes 999 in the oldest SQLite"""
_HELD = 2 * 1024 * 1024
"""bytes of new entries that are held before they are written"""
_DAY = 86_400
_WAIT = 2.0
"""seconds that a write waits for those of other processes"""
_SUM = 16

_T = TypeVar("_T")


def place(folder: Path | None = None) -> Path:
    """The file of the cache.

    It is in the folder given, or else in `SIGMA_TRANSPILE_CACHE`, or in the user's for caches.
    """
    name = f"conversions-{_FORMAT}.sqlite"
    if chosen := folder or os.environ.get("SIGMA_TRANSPILE_CACHE"):
        return Path(chosen) / name
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "sigma-transpile" / name


@dataclass(frozen=True, slots=True)
class Size:
    """What a cache holds, and the bytes that its files take."""

    entries: int
    size: int


class Cache:
    """The cache in a file, open from the first use until `close`; any number of processes may."""

    def __init__(
        self, file: Path, limit: int = LIMIT, *, warn: Callable[[str], None] = lambda message: None
    ) -> None:
        """Name the file, the bytes that it may take, and what tells a warning to the user."""
        self._file = file
        self._warn = warn
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        self._lost = False
        self._today = int(time.time()) // _DAY
        self._new: dict[bytes, bytes] = {}
        self._held = 0
        self._stale: list[bytes] = []

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The entries that there are for these keys."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            none: list[tuple[Any, ...]] = []
            rows = self._do(partial(_select, keys=part), none)
            for key, used, entry in rows:
                data = _checked(entry)
                if data is not None:
                    found[key] = data
                    if used < self._today:
                        self._stale.append(key)
        return found

    def put(self, key: bytes, data: bytes) -> None:
        """Keep an entry; it is written with others, at the latest by `close`."""
        self._new[key] = data
        self._held += len(data)
        if self._held > _HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        new, stale = self._new, self._stale
        self._new, self._stale, self._held = {}, [], 0
        if not new and not stale:
            return

        def write(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)",
                    ((key, self._today, _sum(data) + data) for key, data in new.items()),
                )
                connection.executemany(
                    "UPDATE entries SET used = ? WHERE key = ?",
                    ((self._today, key) for key in stale),
                )
                self._bound(connection)
            connection.execute("PRAGMA incremental_vacuum").fetchall()

        self._do(write, None)

    def close(self) -> None:
        """Write what is held and let go of the file."""
        self.flush()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def size(self) -> Size:
        """How much there is."""
        (entries,) = self._do(
            lambda c: c.execute("SELECT count(*) FROM entries").fetchone(), (0,), make=False
        )
        return Size(entries, sum(path.stat().st_size for path in _existing(self._file)))

    def clear(self) -> None:
        """Remove every entry, and the file where no other process holds it."""

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM entries")
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        self._do(remove, None, make=False)
        self.close()

    def _bound(self, connection: sqlite3.Connection) -> None:
        """Remove a quarter of what was used least lately where there is too much."""
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        if (pages - free) * size > self._limit:
            connection.execute(
                "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries ORDER BY used, rowid"
                " LIMIT 1 + (SELECT count(*) / 4 FROM entries))"
            )

    def _do(
        self, work: Callable[[sqlite3.Connection], _T], otherwise: _T, *, make: bool = True
    ) -> _T:
        """Work on the file; where that fails, go on without a cache."""
        if self._lost or not (make or self._file.exists()):
            return otherwise
        for _ in range(2):
            try:
                if self._connection is None:
                    self._connection = _open(self._file)
                return work(self._connection)
            except sqlite3.OperationalError:
                break  # locked for too long, no space, not allowed, an odd file system
            except sqlite3.DatabaseError as error:
                self._set_aside(str(error))
            except OSError:
                break
        self._lost = True
        return otherwise

    def _set_aside(self, why: str) -> None:
        """Begin a file anew that can't be used; what it held is kept beside it, once."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        aside = self._file.with_name(f"{self._file.name}.set-aside")
        with suppress(OSError):
            for path in _existing(self._file):
                path.replace(aside) if path == self._file else path.unlink()
            self._warn(f"the cache was set aside as {aside} ({why}); rules are converted anew")


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(keys))
    query = f"SELECT key, used, entry FROM entries WHERE key IN ({marks})"  # noqa: S608 (marks)
    return connection.execute(query, keys).fetchall()


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=_WAIT, isolation_level=None)
    connection.text_factory = bytes  # what is no blob is damaged
    try:
        (there,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if there:
            (owner,) = connection.execute("PRAGMA application_id").fetchone()
            if owner != _OURS:
                raise sqlite3.DatabaseError("it is another program's")
        else:
            connection.execute(f"PRAGMA application_id = {_OURS}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute(
                "CREATE TABLE IF NOT EXISTS entries"
                " (key BLOB PRIMARY KEY, used INTEGER NOT NULL, entry BLOB NOT NULL)"
            )
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _existing(file: Path) -> list[Path]:
    paths = (file.with_name(file.name + side) for side in _SIDES)
    return [path for path in paths if path.exists()]


def _sum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SUM).digest()


def _checked(entry: object) -> bytes | None:
    if not isinstance(entry, bytes) or _sum(entry[_SUM:]) != entry[:_SUM]:
        return None
    return entry[_SUM:]
