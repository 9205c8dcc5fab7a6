"""The lock file: what it says is read back, and nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transpile.check.lock import DamagedLock, Lock, LockedFile, content_hash, read
from transpile.check.made import Made, made, mapping_version

LOCK = Lock(
    Made("queries", ("splunk", "sentinel"), "p", {"p.yml": "abc"}, "1.0", "def"),
    {"b": "1-2", "a/é": "3-4"},
    {"b.spl": LockedFile("00", "b"), "all.conf": LockedFile("11")},
)


def test_what_is_written_is_read() -> None:
    assert read(LOCK.text()) == LOCK
    assert read(Lock(LOCK.made).text()) == Lock(LOCK.made)


def test_a_line_for_each_rule_and_file() -> None:
    lines = LOCK.text().splitlines()
    assert '    "a/é": "3-4",' in lines
    assert '    "b.spl": ["00", "b"]' in lines
    assert json.loads(LOCK.text())["version"] == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"version": 1', '"version": 2', "its version is 2"),
        ('"tool": "1.0"', '"tool": 1', "it has no sound text 1"),
        ('["splunk", "sentinel"]', "7", "it has no sound"),
        ('["00", "b"]', '["00", "b", "c"]', "it has no sound"),
        ('"3-4"', "null", "it has no sound"),
        ("{", "<<<<<<< HEAD\n{", "line 1: Expecting value"),
    ],
)
def test_damage_is_told(old: str, new: str, said: str) -> None:
    with pytest.raises(DamagedLock, match=said):
        read(LOCK.text().replace(old, new, 1))


def test_hashes() -> None:
    assert content_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb924"  # of SHA-256's standard
    assert len(mapping_version()) == 16


def test_pipelines_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "fields.yml"
        path.parent.mkdir()
        path.write_text(f"name: {folder}", "utf-8")
        paths.append(str(path))
    both = made("queries", ["splunk"], "", paths)
    assert len(both.pipelines) == 2
    assert list(made("queries", ["splunk"], "", paths[:1]).pipelines) == ["fields.yml"]
    Path(paths[0]).write_text("name: changed", "utf-8")
    assert made("queries", ["splunk"], "", paths).pipelines != both.pipelines
