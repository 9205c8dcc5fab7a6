"""What killed runs leave goes; what is somebody else's stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transpile.run.temporary import OwnFolder, beside, remove_left

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nothing is removed elsewhere")


@pytest.fixture
def dead() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_files_of_dead_processes_go_and_all_others_stay(tmp_path: Path, dead: int) -> None:
    left = tmp_path / f".a.spl.{dead}.tmp"
    own = Path(beside(str(tmp_path / "a.spl")))
    others = [
        own,
        tmp_path / f".a.spl.{os.getppid()}.tmp",
        tmp_path / f"a.spl.{dead}.tmp",
        tmp_path / f".a.spl.{dead}",
        tmp_path / ".a.spl.tmp",
        tmp_path / f".a.spl.{'9' * 30}.tmp",
    ]
    for path in (left, *others):
        path.touch()
    folder = tmp_path / f".folder.{dead}.tmp"
    folder.mkdir()
    remove_left(tmp_path)
    assert set(tmp_path.iterdir()) == {*others, folder}


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    remove_left(tmp_path / "none")


LEAVES = """
import os, sys, tempfile
from transpile.run.temporary import OwnFolder
folder = OwnFolder().path
(folder / "1").touch()
(folder / "2.done").touch()
print(folder, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left_by_a_killed_run(temporary: Path) -> Path:
    environment = os.environ | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-c", LEAVES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    return Path(done.stdout.strip())


def test_the_folder_of_a_killed_run_goes_with_the_next(temporary: Path) -> None:
    left = left_by_a_killed_run(temporary)
    assert left.parent == temporary
    assert sorted(path.name for path in left.iterdir()) == ["1", "2.done"]
    own = OwnFolder()
    assert list(temporary.iterdir()) == [own.path]
    own.remove()
    assert not list(temporary.iterdir())


def test_what_others_put_into_it_stays(temporary: Path) -> None:
    left = left_by_a_killed_run(temporary)
    (left / "notes.txt").touch()
    OwnFolder().remove()
    assert [path.name for path in left.iterdir()] == ["notes.txt"]


def test_the_folder_of_a_run_that_goes_on_stays(temporary: Path) -> None:
    first = OwnFolder()
    (first.path / "1").touch()
    second = OwnFolder()
    assert (first.path / "1").exists()
    first.remove()
    second.remove()


def test_a_folder_of_somebody_elses_stays(temporary: Path) -> None:
    checkout = temporary / "sigma-transpile-work-of-mine"
    (checkout / "src").mkdir(parents=True)
    (checkout / "src" / "1").touch()
    OwnFolder().remove()
    assert (checkout / "src" / "1").exists()
