"""KQL's lexis: string literals, names, and paths into dynamic values.

Whatever stands in a rule goes through one of these, so that it can't leave its literal.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
# No keyword starts with a capital letter or an underscore:
# https://learn.microsoft.com/kusto/query/schema-entities/entity-names
_BARE_NAME = re.compile(r"[A-Z_][A-Za-z0-9_]*")


def string(text: str) -> str:
    """A double-quoted literal; https://learn.microsoft.com/kusto/query/scalar-data-types/string"""
    if text.isprintable():
        escaped = text.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}"'
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


@lru_cache(maxsize=1024)
def name(text: str) -> str:
    """A column's name, quoted unless it is a plain identifier that can be no keyword."""
    return text if _BARE_NAME.fullmatch(text) else f"[{_single_quoted(text)}]"


def member(value: str, *path: str) -> str:
    """The member of a dynamic value: `EventData.Image`, `EventData["Event Name"]`.

    https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic#dynamic-object-accessors
    """
    return value + "".join(
        f".{step}" if _BARE_NAME.fullmatch(step) else f"[{string(step)}]" for step in path
    )


def _single_quoted(text: str) -> str:
    inner = "".join('"' if c == '"' else r"\'" if c == "'" else _escaped(c) for c in text)
    return f"'{inner}'"
