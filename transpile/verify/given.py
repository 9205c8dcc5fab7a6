"""Events that a user gives: flat JSON objects by Sigma's field names, one a line or in an array."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transpile.values import dataclass

MAX_BYTES = 64 * 1024 * 1024


class BadEvents(Exception):
    """What is wrong with an events file; the text begins with the place."""


@dataclass(frozen=True)
class GivenEvent:
    """An event and where it stands: its line in a file of lines, its number in an array."""

    number: int
    fields: dict[str, object]


def read_events(path: Path) -> list[GivenEvent]:
    """The events of a file, an array where its first character is `[`.

    Raises BadEvents: the file can't be read, is no JSON, or holds what is no flat object.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadEvents(f"{path}: the file can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise BadEvents(f"{path}: the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadEvents(f"{path}:{line}: this is not UTF-8") from None
    events = _array(text, path) if text.lstrip().startswith("[") else _lines(text, path)
    if not events:
        raise BadEvents(f"{path}: there is no event in it")
    return events


def _array(text: str, path: Path) -> list[GivenEvent]:
    return [
        _event(value, number, f"{path}: event {number}")
        for number, value in enumerate(_parse(text, path, 1), 1)
    ]


def _lines(text: str, path: Path) -> list[GivenEvent]:
    return [
        _event(_parse(line, path, number), number, f"{path}:{number}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]


def _parse(text: str, path: Path, first: int) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        line = first + error.lineno - 1
        raise BadEvents(f"{path}:{line}:{error.colno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise BadEvents(f"{path}:{first}: this is nested too deeply") from None
    except ValueError as error:  # NaN, or an integer of thousands of digits
        raise BadEvents(f"{path}:{first}: this is no JSON: {error}") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _event(value: Any, number: int, place: str) -> GivenEvent:
    if not isinstance(value, dict):
        raise BadEvents(f'{place}: an event is an object, as {{"Image": "C:\\\\a.exe"}}')
    for name, held in value.items():
        if isinstance(held, (dict, list)):
            kind = "an object" if isinstance(held, dict) else "an array"
            raise BadEvents(f"{place}: {name} is {kind}; events are flat, by Sigma's field names")
    return GivenEvent(number, {name: held for name, held in value.items() if held is not None})
