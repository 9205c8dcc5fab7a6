"""Events that a user gives, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.verify.given import BadEvents, GivenEvent, read_events


def events_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "events.ndjson"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_lines(tmp_path: Path) -> None:
    path = events_file(tmp_path, '{"a": "x", "gone": null}\n\n{"b": 5, "c": true}')
    assert read_events(path) == [GivenEvent(1, {"a": "x"}), GivenEvent(3, {"b": 5, "c": True})]


def test_array(tmp_path: Path) -> None:
    path = events_file(tmp_path, '\ufeff [{"a": "x"},\n {"b": 5}]')
    assert read_events(path) == [GivenEvent(1, {"a": "x"}), GivenEvent(2, {"b": 5})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": }', ":2:7: this is no JSON: Expecting value"),
        ('[{"a": 1},\n {"a": 1]', ":2:9: this is no JSON: Expecting ',' delimiter"),
        ('{"a": 1}\n5', ':2: an event is an object, as {"Image": "C:\\\\a.exe"}'),
        ('{"a": {"b": 1}}', ":1: a is an object; events are flat, by Sigma's field names"),
        ('[{"a": [1]}]', ": event 1: a is an array; events are flat, by Sigma's field names"),
        ('{"a": NaN}', ":1: this is no JSON: NaN is no number"),
        ("", ": there is no event in it"),
        ("[]", ": there is no event in it"),
        (b'{"a": 1}\n{"a": "\xe4"}', ":2: this is not UTF-8"),
        ("[" * 100_000, ":1: this is nested too deeply"),
    ],
)
def test_what_is_wrong_has_a_place(content: str | bytes, message: str, tmp_path: Path) -> None:
    path = events_file(tmp_path, content)
    with pytest.raises(BadEvents) as bad:
        read_events(path)
    assert str(bad.value) == f"{path}{message}"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadEvents, match="can't be read: No such file"):
        read_events(tmp_path / "none.json")
