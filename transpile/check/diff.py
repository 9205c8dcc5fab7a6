"""Differences as people read them: unified, and record by record where a file holds many rules."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_STANZA = re.compile(r"(?m)^(?=(?:# .*\n)*\[)")
_NAME = re.compile(r"(?m)^\[(.*)\]")
_LINE_BREAK_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\n")


def unified(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    """The lines of a unified diff from what is there to what should be."""
    old, new = _records(name, before), _records(name, after)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) == new.get(key):
            continue
        shown = f"{name} ({key})" if key else name
        lines = difflib.unified_diff(
            old.get(key, []),
            new.get(key, []),
            f"committed/{shown}" if key in old else "/dev/null",
            f"expected/{shown}" if key in new else "/dev/null",
            lineterm="",
        )
        yield from lines


def _records(name: str, data: bytes | None) -> Mapping[str, list[str]]:
    """The lines of each record of a file; of most files there is one, without a name."""
    if data is None:
        return {}
    text = data.decode("utf-8", errors="backslashreplace")
    if name.endswith("savedsearches.conf"):
        return {_stanza_name(part): part.splitlines() for part in _STANZA.split(text) if part}
    if name.endswith(".ndjson"):
        return dict(_json_record(number, line) for number, line in enumerate(text.splitlines(), 1))
    if name.endswith(".json"):
        return {"": _json_lines(text)}
    lines = text.splitlines()
    return {"": lines if text.endswith("\n") or not text else [*lines, "(no line break here)"]}


def _stanza_name(part: str) -> str:
    found = _NAME.search(part)
    return found[1] if found else "before the first stanza"


def _json_record(number: int, line: str) -> tuple[str, list[str]]:
    try:
        content: Any = json.loads(line)
        named = content.get("name") or content["attributes"]["title"]
        key = f"{named}, {content.get('rule_id') or content['id']}"
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"line {number}", [line]
    return key, _json_lines(line)


def _json_lines(text: str) -> list[str]:
    """JSON with a line for each value, and for each line of a text in it."""
    try:
        pretty = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text.splitlines()
    return _LINE_BREAK_IN_JSON.sub(r"\1\n    ", pretty).splitlines()
