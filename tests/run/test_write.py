"""Queries as files: where they go, whole or not at all, and never outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from transpile.load.files import RuleFile
from transpile.query import Outcome, Query
from transpile.run.convert import Conversion
from transpile.run.write import QueryFolder, replace_file
from transpile.targets import registry

LUCENE, EQL = registry.ending("elastic-lucene"), registry.ending("elastic-eql")
AGENT_EQL = registry.ending("elastic-agent-eql")


def conversion(
    relative: str, *texts: str | None, position: int = 1, alone: bool = True, path: str = ""
) -> Conversion:
    queries = tuple(
        Query(
            None,
            "A",
            path or relative,
            target,
            Outcome.EXACT if text else Outcome.REFUSED,
            text=text,
        )
        for target, text in zip(("elastic-lucene", "elastic-eql"), texts, strict=False)
    )
    return Conversion(RuleFile(path or relative, relative), position, alone, queries)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_folders_are_mirrored(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path / "out", [LUCENE, EQL])
    assert folder.write(conversion("windows/a.yml", "f:é", "any where f")) == []
    assert files(tmp_path) == ["out/windows/a.eql", "out/windows/a.lucene"]
    assert (tmp_path / "out/windows/a.lucene").read_bytes() == "f:é\n".encode()


def test_refused_rule_writes_and_removes_nothing(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path, [LUCENE, EQL])
    (tmp_path / "a.lucene").write_text("older\n", encoding="utf-8")
    folder.write(conversion("a.yml", None, "any where f"))
    assert files(tmp_path) == ["a.eql", "a.lucene"]
    assert (tmp_path / "a.lucene").read_text(encoding="utf-8") == "older\n"


def test_targets_of_one_ending_are_told_apart(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path, [LUCENE, EQL, AGENT_EQL])
    folder.write(conversion("a.yml", "f", "any where f"))
    assert files(tmp_path) == ["a.elastic-eql.eql", "a.lucene"]


def test_rules_of_one_file_are_numbered(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path, [LUCENE])
    for position in (1, 2):
        assert folder.write(conversion("a.yml", "f", position=position, alone=False)) == []
    assert files(tmp_path) == ["a-1.lucene", "a-2.lucene"]


def test_second_rule_for_a_file_is_told(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path, [LUCENE])
    folder.write(conversion("a.yml", "first", path="x/a.yml"))
    (problem,) = folder.write(conversion("A.yaml", "second", path="x/A.yaml"))
    assert (problem.code, problem.path) == ("output-collision", "x/A.yaml")
    assert problem.message == "A.lucene already holds the query of x/a.yml"
    assert files(tmp_path) == ["a.lucene"]


def test_what_a_rule_has_no_query_for_is_left_to_others(tmp_path: Path) -> None:
    folder = QueryFolder(tmp_path, [LUCENE, EQL])
    folder.write(conversion("a.yml", None, "first"))
    (problem,) = folder.write(conversion("a.yaml", "second", "second"))
    assert problem.message == "a.eql already holds the query of a.yml"
    (problem,) = folder.write(conversion("A.yml", "third", None))
    assert problem.message == "A.lucene already holds the query of a.yaml"
    assert files(tmp_path) == ["a.eql", "a.lucene"]


@pytest.mark.parametrize("relative", ["../a.yml", "x/../../a.yml", "x/../a.yml", "{out}/x/a.yml"])
def test_names_stay_inside(tmp_path: Path, relative: str) -> None:
    """Also a way out and back in is none: two names of one file would hide a collision."""
    folder = QueryFolder(tmp_path / "out", [LUCENE])
    (problem,) = folder.write(conversion(relative.format(out=tmp_path / "out"), "f"))
    assert problem.code == "output-outside"
    assert files(tmp_path) == []


def test_links_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "out" / "windows").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "b.lucene").symlink_to(tmp_path / "secret")
    folder = QueryFolder(tmp_path / "out", [LUCENE])
    (problem,) = folder.write(conversion("windows/a.yml", "f"))
    assert problem.code == "output-outside"
    assert folder.write(conversion("b.yml", "f")) == []
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "secret"
    assert not (tmp_path / "out" / "b.lucene").is_symlink()
    assert files(tmp_path / "elsewhere") == []


def test_unchanged_file_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, b"x")
    os.utime(path, (1, 1))
    replace_file(path, b"x")
    assert path.stat().st_mtime == 1
    replace_file(path, b"y")
    assert path.stat().st_mtime != 1


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    replace_file(tmp_path / "ours", b"")
    (tmp_path / "theirs").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    replace_file(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert files(tmp_path) == ["a"]
    assert path.read_bytes() == b"old"


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Kill a process that writes without end: each file is one of the two, whole."""
    path = tmp_path / "a"
    ones, twos = b"1" * 4_000_000, b"2" * 4_000_000
    code = (
        "import sys; from pathlib import Path; from transpile.run.write import replace_file\n"
        "while True:\n"
        "    for digit in b'1', b'2': replace_file(Path(sys.argv[1]), digit * 4_000_000)"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)])
        deadline = time.monotonic() + 20
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.read_bytes() in (ones, twos)
