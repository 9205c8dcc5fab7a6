"""Where the keys of a TOML file stand, which the standard library's parser doesn't tell."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from transpile.query import Place

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HEADER = re.compile(r"\s*\[\[?(?P<keys>[^\[\]#]*(?:\"[^\"]*\"|'[^']*'|[^\[\]#\"'])*)\]\]?")
_ENTRY = re.compile(r"\s*(?P<keys>(?:\"[^\"]*\"|'[^']*'|[^=#\"'\[\]{}])+?)\s*=")
_KEY = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")
_ERROR = re.compile(r"(?P<message>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of)")


def place_of_error(error: tomllib.TOMLDecodeError) -> tuple[str, Place]:
    """What is wrong and where, from the words of the parser."""
    found = _ERROR.match(str(error))
    if found is None:
        return str(error), Place(1, 1)
    line, column = found["line"] or 1, found["column"] or 1
    return found["message"], Place(int(line), int(column))


def place_of_key(text: str, path: Sequence[str]) -> Place:
    """Where a key is given a value, or else the innermost table above it that is found."""
    best, depth = Place(1, 1), 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.match(line)) is not None:
            table = _keys(header["keys"])
            full, column = table, header.start("keys") + 1
        elif (entry := _ENTRY.match(line)) is not None:
            full, column = (*table, *_keys(entry["keys"])), entry.start("keys") + 1
        else:
            continue
        if len(full) > depth and tuple(path[: len(full)]) == full:
            best, depth = Place(number, column), len(full)
    return best


def _keys(text: str) -> tuple[str, ...]:
    return tuple(next(filter(None, found.groups()), "") for found in _KEY.finditer(text))
