"""The data of Windows events, which a column holds as XML: how they are read in KQL.

`<Data Name="Image">C:\\a.exe</Data>`; below UserData each has an element of its own name.
"""

from __future__ import annotations

import re

from backends.kql_text import name, string
from transpile.ir.nodes import (
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Glob,
    IsNull,
    NumberEquals,
    Wildcard,
)
from transpile.ir.source import Element, Source, UnlessEmpty

# The five entities that XML itself has; & is the last one, so that "&amp;lt;" becomes "&lt;".
ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}

_ELEMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_CHARACTERS = frozenset(ENTITIES.values())
_NAMES = tuple(entity.strip("&;") for entity in ENTITIES)
_LONGEST_NAME = max(map(len, _NAMES))


def text(element: Element) -> str:
    """The expression that gives the text."""
    column = name(element.column)
    if element.name:
        found = f"extract({string(f'{_tag(element)}([^<]*)<')}, 1, {column})"
    else:
        found = f"strcat_array(extract_all({string('<Data>([^<]*)<')}, {column}), {_LINE})"
    if element.encoded:
        return found
    for entity, character in ENTITIES.items():
        found = f"replace_string({found}, {string(entity)}, {string(character)})"
    return found


_LINE = string("\n")


def presence(element: Element) -> str:
    """The test whether the event has the datum, be it empty."""
    column = name(element.column)
    if not element.name:
        return f"{column} contains_cs {string('<Data>')}"
    if _is_data(element):
        return f"{column} contains_cs {string(_data(element.name))}"
    return f"{column} matches regex {string(_tag(element, after='[ />]'))}"


def _is_data(element: Element) -> bool:
    return element.is_data or not _ELEMENT_NAME.fullmatch(element.name)


def _data(title: str) -> str:
    return f'<Data Name="{title}"'


def _tag(element: Element, after: str = ">") -> str:
    """A pattern of the tag that opens and what ends it.

    Text has no `<` or `>` of its own in XML, so that what stands before them is a tag's.
    """
    title = element.name.replace(".", r"\.")
    return f"{_data(title)}{after}" if _is_data(element) else f'[<"]{title}"?{after}'


def is_plain(leaf: AnyLeaf) -> bool:
    """Whether a test says of a text with entities what it says of the text that they stand for.

    An entity has letters between `&` and `;`. A text without the characters that entities stand
    for can overlap one only where it is part of these letters, or has the semicolon.
    """
    if isinstance(leaf, Equals):
        return _CHARACTERS.isdisjoint(leaf.value)
    if isinstance(leaf, Glob):
        return Wildcard.ANY_ONE not in leaf.parts and all(
            _is_outside(part) for part in leaf.parts if isinstance(part, str)
        )
    return isinstance(leaf, (NumberEquals, BooleanEquals, Compare, Cidr, IsNull, Exists))


def _is_outside(part: str) -> bool:
    if ";" in part or not _CHARACTERS.isdisjoint(part):
        return False
    return len(part) > _LONGEST_NAME or not any(part.lower() in entity for entity in _NAMES)


def as_it_stands(source: Source | None) -> Source | None:
    """The source without its entities told, where it is one of XML."""
    match source:
        case Element(column, title, is_data):
            return Element(column, title, is_data, encoded=True)
        case UnlessEmpty(column, then, Element() as element):
            encoded = Element(element.column, element.name, element.is_data, encoded=True)
            return UnlessEmpty(column, then, encoded)
    return source
