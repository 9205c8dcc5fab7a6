"""Temporary files and folders of a run, told by their names from everybody else's.

A run that is killed leaves them; a later one removes them, never those of a run that goes on.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

_FOLDER = "sigma-transpile-work-"
_NAME = re.compile(r"\..*\.(\d+)\.tmp", re.DOTALL)
_INSIDE = re.compile(r"\d+(\.done)?")
"""names of the files in a folder of a run"""


def beside(path: str) -> str:
    """The name of the temporary file that this process writes before it is called `path`."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.{os.getpid()}.tmp"


def remove_left(folder: str | Path) -> None:
    """Remove the files named by `beside` whose process is gone from a folder, where that can be."""
    if os.name != "posix":  # elsewhere nobody can ask for a process without ending it
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found and entry.is_file(follow_symlinks=False) and _is_gone(int(found[1])):
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


class OwnFolder:
    """A folder of this run for files that are called by a number, with `.done` or without.

    It is locked as long as the run or a process that it forked lives. Those of dead runs go.
    """

    def __init__(self) -> None:
        """Make the folder. Raises OSError: it can't be made."""
        made = Path(tempfile.mkdtemp(prefix=f".{_FOLDER}"))
        self._lock = None if fcntl is None else _locked(made)
        # Under its own name it is never without its lock.
        self.path = made.rename(made.with_name(made.name.removeprefix(".")))
        if fcntl is not None:
            _remove_dead(self.path)

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def _remove_dead(own: Path) -> None:
    with suppress(OSError):
        for other in own.parent.glob(f"{_FOLDER}*"):
            if other == own or other.lstat().st_uid != os.geteuid():
                continue
            with suppress(OSError):
                lock = _locked(other)
                if lock is not None:
                    _remove(other)
                    os.close(lock)


def _remove(folder: Path) -> None:
    """Remove a folder of a run, unless somebody put other files into it."""
    for file in folder.iterdir():
        if _INSIDE.fullmatch(file.name):
            file.unlink()
    folder.rmdir()


def _locked(folder: Path) -> int | None:
    """The folder, open and locked; None where another process has it locked."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file
