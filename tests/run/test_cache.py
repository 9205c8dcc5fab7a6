"""The cache: bounded, shared by processes, and never a reason to fail."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from transpile.run import cache
from transpile.run.cache import Cache, Size, place

ENTRIES = {f"key {i}".encode(): f"entry {i}".encode() * 20 for i in range(50)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "cache.sqlite"


def put(file: Path, entries: dict[bytes, bytes] = ENTRIES, limit: int = cache.LIMIT) -> None:
    one = Cache(file, limit)
    for key, data in entries.items():
        one.put(key, data)
    one.close()


def get(file: Path, keys: list[bytes] | None = None) -> dict[bytes, bytes]:
    one = Cache(file)
    try:
        return one.get([*ENTRIES] if keys is None else keys)
    finally:
        one.close()


def test_what_was_put_is_there(file: Path) -> None:
    assert get(file) == {}
    put(file)
    assert get(file) == ENTRIES
    assert get(file, [b"key 1", b"another"]) == {b"key 1": ENTRIES[b"key 1"]}
    assert Cache(file).size().entries == len(ENTRIES)


def test_more_keys_than_one_select_takes(file: Path) -> None:
    many = {f"{i}".encode(): b"x" for i in range(2000)}
    put(file, many)
    assert get(file, [*many]) == many


def test_nothing_is_written_by_reading(file: Path) -> None:
    put(file)
    before = file.read_bytes()
    get(file)
    assert file.read_bytes() == before


def test_clear(file: Path) -> None:
    Cache(file).clear()
    assert not file.exists()
    put(file)
    Cache(file).clear()
    assert get(file) == {}
    assert Cache(file).size().entries == 0


def warnings_of(file: Path) -> list[str]:
    """What is told when the cache is used."""
    told: list[str] = []
    one = Cache(file, warn=told.append)
    assert one.get([*ENTRIES]) == {}
    one.put(b"another", b"entry")
    one.close()
    return told


@pytest.mark.parametrize("damage", [b"no database at all", b"SQLite format 3\0", None])
def test_a_damaged_file_is_set_aside_with_one_warning(file: Path, damage: bytes | None) -> None:
    put(file)
    content = file.read_bytes()
    # Where nothing else is said, all pages but the first are overwritten.
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096) if damage is None else damage)
    damaged = file.read_bytes()
    (warning,) = warnings_of(file)
    aside = file.with_name(f"{file.name}.set-aside")
    assert str(aside) in warning
    assert "\n" not in warning
    assert aside.read_bytes() == damaged
    put(file)
    assert get(file) == ENTRIES
    assert get(file, [b"another"]) == {b"another": b"entry"}


def test_an_empty_file_is_a_new_one(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert warnings_of(file) == []
    assert get(file, [b"another"]) == {b"another": b"entry"}


def test_a_database_of_another_program_is_set_aside_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE entries (something)")
    connection.close()
    foreign = file.read_bytes()
    (warning,) = warnings_of(file)
    assert "another program" in warning
    assert file.with_name(f"{file.name}.set-aside").read_bytes() == foreign
    assert get(file, [b"another"]) == {b"another": b"entry"}


def test_a_damaged_entry_is_a_missing_one(file: Path) -> None:
    put(file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE entries SET entry = x'00' || entry WHERE key = ?", (b"key 1",))
        connection.execute("UPDATE entries SET entry = 'text' WHERE key = ?", (b"key 2",))
    connection.close()
    assert ENTRIES.items() - get(file).items() == {
        (key, ENTRIES[key]) for key in (b"key 1", b"key 2")
    }


def test_a_folder_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    put(tmp_path / "file" / "cache.sqlite")
    assert get(tmp_path / "file" / "cache.sqlite") == {}
    assert Cache(tmp_path / "file" / "cache.sqlite").size() == Size(0, 0)


def test_it_is_bounded_and_keeps_what_was_used_last(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 400_000
    for day in range(30):
        monkeypatch.setattr("time.time", lambda now=day: now * 86_400)
        put(file, {f"{day} {i}".encode(): os.urandom(5000) for i in range(10)}, limit)
        assert get(file, [b"0 0"]), "used every day"
    assert file.stat().st_size < limit * 1.3
    assert not get(file, [b"1 1"])
    assert get(file, [b"29 9"])


def _write(file: Path, writer: int) -> None:
    for round in range(5):  # noqa: A001
        put(file, {f"{writer} {round} {i}".encode(): b"x" * 2000 for i in range(50)})


def test_processes_write_at_the_same_time(file: Path) -> None:
    context = multiprocessing.get_context("fork")  # the module of a test can't be imported anew
    writers = [context.Process(target=_write, args=(file, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    keys = [f"{w} {r} {i}".encode() for w in range(4) for r in range(5) for i in range(50)]
    assert len(get(file, keys)) == len(keys)


def test_a_writer_that_is_killed_leaves_a_usable_cache(file: Path) -> None:
    put(file)
    code = (
        "import os, signal, sys; from pathlib import Path; from transpile.run.cache import Cache\n"
        "one = Cache(Path(sys.argv[1]))\n"
        "one.get([b'x'])\n"
        "one._connection.execute('BEGIN IMMEDIATE')\n"
        "one._connection.execute(\"INSERT INTO entries VALUES (x'00', 0, x'00')\")\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=False)
    put(file, {b"new": b"entry"})
    assert get(file) == ENTRIES
    assert get(file, [b"new"]) == {b"new": b"entry"}


def test_a_lock_that_stays_is_not_waited_for_long(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(file)
    monkeypatch.setattr(cache, "_WAIT", 0.05)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    put(file, {b"new": b"entry"})
    assert get(file) == ENTRIES
    holder.execute("ROLLBACK")
    holder.close()


def test_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", str(tmp_path))
    assert place().parent == tmp_path
    monkeypatch.delenv("SIGMA_TRANSPILE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("sys.platform", "linux")
    assert place().parent == tmp_path / "xdg" / "sigma-transpile"
