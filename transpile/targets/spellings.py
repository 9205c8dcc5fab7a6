"""Forms in which one field has the event's text, spelled in another way.

Each gives a test on the event's text as one on the field, and what the field holds for a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from transpile.ir.globs import fits
from transpile.ir.nodes import (
    Equals,
    Exists,
    FieldLeaf,
    Glob,
    IsNull,
    Node,
    Not,
    Parts,
    Regex,
    SameAs,
    Wildcard,
)
from transpile.ir.simplify import all_of, any_of
from transpile.query import Reason, Refused
from transpile.targets.forms import Fields, Said


def _kept(fields: Fields, leaf: FieldLeaf) -> FieldLeaf:
    return replace(leaf, field=fields[0])


def _told(leaf: FieldLeaf, message: str) -> Reason:
    return Reason("kept-in-parts", f"{leaf.field.name}: {message}", leaf.place)


# -------------------------------------------------- text between tags, with entities in it

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SPECIAL = re.compile("|".join(_ENTITIES))
_TAKES_SPECIAL = re.compile(r'[.<>&";]|\[\^|\\[SWDB]|\(\?')
"""what in a pattern may take one of the characters, or look whether it is there"""


def entities(fields: Fields, leaf: FieldLeaf) -> Said:
    """The text as it is, and with entities, as it stands in XML of which only tags were read."""
    kept = _kept(fields, leaf)
    if isinstance(leaf, Regex):
        found = any(re.search(leaf.pattern, e, re.IGNORECASE) for e in _ENTITIES.values())
        if found or _TAKES_SPECIAL.search(leaf.pattern):
            return kept, (_told(leaf, "&, <, > and quotes are entities in it (&amp;)"),)
        return kept, ()
    if isinstance(leaf, Equals):
        escaped = Equals(fields[0], _escaped(leaf.value), leaf.cased, place=leaf.place)
        return any_of(dict.fromkeys([kept, escaped])), ()
    if not isinstance(leaf, Glob):
        return kept, ()
    parts = tuple(_escaped(part) if isinstance(part, str) else part for part in leaf.parts)
    reasons = []
    if Wildcard.ANY_ONE in parts or _cuts_entities(parts):
        reasons = [_told(leaf, "what stands in an entity (&amp; for &) is found, too")]
    if parts == leaf.parts:
        return kept, reasons
    escaped_glob = Glob(fields[0], parts, leaf.cased, place=leaf.place)
    # As it is, a text may also be the beginning of an entity: of & nothing else can be told.
    return escaped_glob if _cuts_entities(leaf.parts) else any_of([kept, escaped_glob]), reasons


def _cuts_entities(parts: Parts) -> bool:
    """Whether a text of the parts may be found where a part of it is a part of an entity."""
    last = len(parts) - 1
    return any(
        _cuts(part.lower(), entity, inner_start=number > 0, inner_end=number < last)
        for number, part in enumerate(parts)
        if isinstance(part, str)
        for entity in _ENTITIES.values()
    )


def _cuts(text: str, entity: str, *, inner_start: bool, inner_end: bool) -> bool:
    if text == entity:
        return False
    ends = (entity[cut:] for cut in range(1, len(entity)))
    beginnings = (entity[:cut] for cut in range(1, len(entity)))
    if inner_start and inner_end and text in entity:
        return True
    return (inner_start and any(map(text.startswith, ends))) or (
        inner_end and any(map(text.endswith, beginnings))
    )


def entities_held(fields: Fields, text: str) -> Mapping[str, object]:
    return {fields[0].name: _escaped(text)}


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ENTITIES[match[0]], text)


# ------------------------------------------------------------------------ a dash for none

NONE = "-"


def dashed(fields: Fields, leaf: FieldLeaf) -> Said:
    """The text in any of the fields, or a dash where there is none.

    Only a test for a dash itself finds one.
    """
    if isinstance(leaf, SameAs):
        message = f"{leaf.field.name} is a dash where there is none, and can't be compared"
        raise Refused("kept-in-parts", message, leaf.place)
    join = all_of if isinstance(leaf, IsNull) else any_of
    return join(_or_dash(replace(leaf, field=field)) for field in fields), ()


def _or_dash(leaf: FieldLeaf) -> Node:
    none = Equals(leaf.field, NONE, place=leaf.place)
    if isinstance(leaf, IsNull):
        return any_of([leaf, none])
    found = isinstance(leaf, (Exists, Regex)) or (
        isinstance(leaf, Glob) and fits(leaf.parts, NONE, cased=leaf.cased)
    )
    return all_of([leaf, Not(none)]) if found else leaf


def dashed_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    return None if text == NONE else dict.fromkeys((field.name for field in fields), text)
