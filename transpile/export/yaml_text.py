"""YAML as the Azure-Sentinel repository writes it: texts of several lines as blocks.

Written here rather than by PyYAML, so that the same bytes come out of every version of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.-][A-Za-z0-9]+)*")
_DURATION = re.compile(r"[1-9][0-9]*[mhd]")
_NOT_TEXT = re.compile(r"(?i:null|true|false|yes|no|on|off|y|n)")


def dump(content: Mapping[str, Any]) -> str:
    """A document; values are texts, numbers, flags, and lists and maps of them."""
    return "".join(f"{line}\n" for key, value in content.items() for line in _entry(key, value))


def _entry(key: str, value: Any) -> list[str]:
    if isinstance(value, str) and "\n" in value and _fits_block(value):
        return [f"{key}: |-", *(f"  {line}" if line else "" for line in value.split("\n"))]
    if isinstance(value, Mapping) and value:
        return [f"{key}:", *(f"  {line}" for k, v in value.items() for line in _entry(k, v))]
    if isinstance(value, (list, tuple)) and value:
        return [f"{key}:", *(line for item in value for line in _item(item))]
    return [f"{key}: {_scalar(value)}"]


def _item(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        lines = [line for k, v in value.items() for line in _entry(k, v)]
        return [f"  {'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines)]
    return [f"  - {_scalar(value)}"]


def _fits_block(text: str) -> bool:
    """Whether a block scalar that ends without a line break holds this text."""
    printable = text.replace("\n", "").replace("\t", "").isprintable()
    return printable and not text[0].isspace() and not text.endswith("\n")


def _scalar(value: Any) -> str:
    if value in ([], (), {}):
        return "{}" if isinstance(value, Mapping) else "[]"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) or _DURATION.fullmatch(value)
        if plain and not _NOT_TEXT.fullmatch(value):
            return value
        return _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    """JSON's strings are YAML's too, but for what may not stand in a document as it is."""
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
