"""The files that hold rules: found, bounded and decoded before YAML sees them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path, PurePath

from transpile.load.problem import Problem, ProblemFound
from transpile.load.source import SourceText
from transpile.query import Place
from transpile.values import dataclass

MAX_BYTES = 8 * 1024 * 1024
"""the largest file that is read; the whole of SigmaHQ in one file is about half of it"""
SUFFIXES = (".yml", ".yaml")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file with rules.

    `path` is the path as it was given, with forward slashes; `relative` is where it stands below
    the folder that was given (for a file that was given itself, its name).
    """

    path: str
    relative: str


def find(paths: Sequence[str]) -> Iterator[RuleFile | Problem]:
    """The rule files of files and folders, in the order given; a folder's own sorted by path.

    Folders are searched to any depth for `*.yml` and `*.yaml`; links to folders are not followed
    inside them. `-` is the standard input. With several folders each file's `relative` begins
    with its folder's name. A file that is reached twice is given once.
    """
    if len(paths) == 1:  # nothing in it is reached twice, so nothing need be remembered
        yield from _find(paths[0], named=False)
        return
    folders = sum(path != STDIN and Path(path).is_dir() for path in paths)
    seen: set[str] = set()
    for path in paths:
        for found in _find(path, named=folders > 1):
            if isinstance(found, RuleFile):
                folder, name = os.path.split(found.path)
                place = f"{_absolute(folder)}/{name}"
                if place in seen:
                    continue
                seen.add(place)
            yield found


def _find(path: str, *, named: bool) -> Iterator[RuleFile | Problem]:
    if path == STDIN:
        yield RuleFile(STDIN, "stdin")
        return
    top = Path(path)
    if not top.is_dir():
        yield RuleFile(top.as_posix(), top.name)
        return
    prefix = PurePath(top.resolve().name if named else "")
    before = folder = ""
    inside = PurePath()
    for found in _walk(path):
        if isinstance(found, Problem):
            yield found
            continue
        parent, name = os.path.split(found)
        if parent != before:  # the files of a folder come one after the other
            before, folder = parent, PurePath(parent).as_posix()
            inside = prefix / os.path.relpath(parent, path)
        path_here = PurePath(name).as_posix() if folder == "." else f"{folder.rstrip('/')}/{name}"
        below = inside.as_posix()
        yield RuleFile(path_here, name if below == "." else f"{below}/{name}")


@cache
def _absolute(folder: str) -> str:
    return os.path.abspath(folder)  # noqa: PTH100 (resolves no links)


def _walk(folder: str) -> Iterator[str | Problem]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        name = PurePath(folder).as_posix()
        yield Problem("unreadable-file", f"the folder can't be read: {error.strerror}", name)
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif entry.name.lower().endswith(SUFFIXES):
            yield from _rule_file(entry)


def _rule_file(entry: os.DirEntry[str]) -> Iterator[str | Problem]:
    try:
        kind = 0 if entry.is_file(follow_symlinks=False) else entry.stat().st_mode
    except OSError:  # a link that leads nowhere or to itself: reading it says so
        kind = 0
    if kind == 0 or stat.S_ISREG(kind):
        yield entry.path
    elif not stat.S_ISDIR(kind):
        message = "this is no regular file"
        yield Problem("unreadable-file", message, PurePath(entry.path).as_posix())


def read(file: RuleFile) -> SourceText:
    """The text of a rule file.

    Raises ProblemFound: it can't be read, is larger than MAX_BYTES, or is no text.
    """
    return decode(file, read_bytes(file))


def read_bytes(file: RuleFile) -> bytes:
    """What a rule file holds.

    Raises ProblemFound: it can't be read, or is larger than MAX_BYTES.
    """
    try:
        data = _read_stdin() if file.path == STDIN else _read_file(file.path)
    except OSError as error:
        raise ProblemFound(
            Problem("unreadable-file", f"the file can't be read: {error.strerror}", file.path)
        ) from None
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        hint = "split it into files of a few rules"
        raise ProblemFound(Problem("file-size", message, file.path, hint=hint))
    return data


def read_given(path: str) -> bytes:
    """What a file that the user gave by its path holds; raises as `read_bytes` does."""
    return read_bytes(RuleFile(PurePath(path).as_posix(), path))


def decode(file: RuleFile, data: bytes) -> SourceText:
    """The text that a rule file holds; raises ProblemFound where it is no text."""
    return SourceText(file.path, _decode(data, file.path))


def _read_stdin() -> bytes:
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _read_file(path: str) -> bytes:
    # A pipe is read where it is given by hand, as in `<(...)`; a device never ends.
    found = os.stat(path)  # noqa: PTH116 (many files)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        raise ProblemFound(Problem("unreadable-file", "this is no regular file", path))
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
        # Room for the largest file takes longer to get than most files to read.
        data = stream.read(min(found.st_size, MAX_BYTES) + 1)
        while data and len(data) <= MAX_BYTES and (more := stream.read(MAX_BYTES + 1 - len(data))):
            data += more
    return data


def _decode(data: bytes, path: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data:
        raise ProblemFound(Problem("binary-file", "this is a binary file, no YAML", path))
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode(encoding, "replace")
        source = SourceText(path, data.decode(encoding, "replace"))
        before = SourceText(path, good).lines
        place = Place(len(before), len(before[-1]) + 1)
        message = f"the byte 0x{data[error.start]:02X} is not {encoding[:6].rstrip('-').upper()}"
        hint = "save the file as UTF-8"
        raise ProblemFound(source.problem("text-encoding", message, place, hint=hint)) from None
