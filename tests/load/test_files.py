"""Which files are read, and which are refused before YAML sees them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from transpile.load import files
from transpile.load.files import RuleFile, find, read
from transpile.load.problem import Problem, ProblemFound

RULE = "title: A\nlogsource:\n  product: windows\ndetection:\n  s:\n    A: é\n  condition: s\n"


def names(*paths: Path | str) -> list[str]:
    return [file.relative for file in find([str(p) for p in paths]) if isinstance(file, RuleFile)]


def refused(path: Path) -> Problem:
    with pytest.raises(ProblemFound) as caught:
        read(RuleFile(path.name if not path.is_absolute() else str(path), path.name))
    return caught.value.problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/z.yml", "b/a.yaml", "a.yml", "B.YML", "b/notes.txt", "c/.hidden/x.yml"):
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RULE, encoding="utf-8")
    return tmp_path / "rules"


def test_folder_is_searched_in_order(folder: Path) -> None:
    assert names(folder) == ["B.YML", "a.yml", "b/a.yaml", "b/z.yml", "c/.hidden/x.yml"]


def test_order_given_is_kept_and_nothing_comes_twice(folder: Path) -> None:
    assert names(folder / "b" / "z.yml", folder)[:2] == ["z.yml", "B.YML"]
    assert len(names(folder / "b" / "z.yml", folder)) == 5


def test_several_folders_keep_their_names(folder: Path) -> None:
    assert names(folder / "b", folder / "c") == ["b/a.yaml", "b/z.yml", "c/.hidden/x.yml"]


def test_any_file_is_taken_when_it_is_named(folder: Path) -> None:
    assert names(folder / "b" / "notes.txt", "-") == ["notes.txt", "stdin"]


def test_links(folder: Path) -> None:
    (folder / "dangling.yml").symlink_to("nowhere")
    (folder / "loop.yml").symlink_to("loop.yml")
    (folder / "again").symlink_to(".")
    (folder / "linked.yml").symlink_to("a.yml")
    (folder / "folder.yml").symlink_to("b")
    found = names(folder)
    assert [n for n in found if n not in ("B.YML", "a.yml", "b/a.yaml", "b/z.yml")] == [
        "c/.hidden/x.yml",
        "dangling.yml",
        "linked.yml",
        "loop.yml",
    ]
    assert refused(folder / "dangling.yml").message == (
        "the file can't be read: No such file or directory"
    )
    assert refused(folder / "loop.yml").code == "unreadable-file"


def test_pipe_in_a_folder_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yml")
    problems = [found for found in find([str(folder)]) if isinstance(found, Problem)]
    assert [(p.code, p.message) for p in problems] == [
        ("unreadable-file", "this is no regular file")
    ]


def test_device_is_not_read() -> None:
    assert refused(Path("/dev/zero")).message == "this is no regular file"


def test_folder_that_vanishes_or_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def closed(path: str) -> object:
        if path.endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(files.os, "scandir", closed)
    found = list(find([str(folder)]))
    problems = [problem for problem in found if isinstance(problem, Problem)]
    assert [(p.code, p.path) for p in problems] == [("unreadable-file", f"{folder}/b")]
    assert len(found) == 4


def test_file_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", closed)
    assert refused(folder / "a.yml").message == "the file can't be read: Permission denied"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE, encoding=encoding)
    assert read(RuleFile(str(path), path.name)).text == RULE


def test_large_file_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.yml"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    problem = refused(path)
    assert (problem.code, problem.message, problem.hint) == (
        "file-size",
        "the file is larger than 8 MiB",
        "split it into files of a few rules",
    )


def test_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "binary.yml"
    path.write_bytes(b"\x7fELF\x01\x00\x00")
    assert refused(path).message == "this is a binary file, no YAML"


def test_other_encoding_is_located(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes(b"title: A\nauthor: J\xf6rg\n")
    problem = refused(path)
    assert (problem.code, problem.message) == ("text-encoding", "the byte 0xF6 is not UTF-8")
    assert (problem.line, problem.column) == (2, 10)
    assert problem.hint == "save the file as UTF-8"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.sys, "stdin", SimpleNamespace(buffer=io.BytesIO(RULE.encode())))
    assert read(RuleFile("-", "stdin")).text == RULE
