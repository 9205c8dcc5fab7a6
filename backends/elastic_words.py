"""Analysed text, of which Elasticsearch keeps words: a weaker condition that they can answer.

Every text that a test asks for has runs of letters, digits and `_`, and no analyzer that is used
for such fields splits them: the standard one cuts at the word boundaries of UAX #29, PowerShell's
at all but these and hyphens. So a run stands inside of one word, which are in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from backends.dialect import Notes
from transpile.ir.nodes import (
    AnyLeaf,
    Equals,
    Exists,
    Glob,
    IsNull,
    Keyword,
    Node,
    Regex,
    Type,
    Wildcard,
)
from transpile.ir.simplify import all_of
from transpile.ir.walk import leaves
from transpile.ir.weaken import regex_as_glob, split

_RUN = re.compile(r"[A-Za-z0-9_]{3,}")
"""runs that tell something; shorter ones are in almost every text"""


def by_words(condition: Node, notes: Notes) -> Node:
    """A condition that holds wherever this one does, with words in the place of analysed text.

    Where nothing would be left to ask, the condition stays as it is.
    """
    analysed = [leaf for leaf in leaves(condition) if _is_analysed(leaf)]
    said = split(condition, _weakened)[0] if analysed else None
    if said is None:
        return condition
    asked = set(leaves(said))
    for leaf in analysed:
        words = _words(leaf)
        kept = bool(words) and all(word in asked for word in words)
        _tell(leaf, kept, notes)
    return said


def _tell(leaf: AnyLeaf, kept: bool, notes: Notes) -> None:
    if isinstance(leaf, Keyword):
        return
    name = f"{leaf.field.name} (for {leaf.field.sigma_name})"
    effect = "its words are asked for, wherever they stand" if kept else "a test on it is left out"
    message = f"{name} is analysed text: {effect}, so that other events are found, too"
    if message not in [reason.message for reason in notes.approximations]:
        notes.approximate("words-only", message, leaf.place)


def _is_analysed(leaf: AnyLeaf) -> bool:
    if isinstance(leaf, (Keyword, IsNull, Exists)):
        return False
    return leaf.field.type is Type.TEXT


def _weakened(leaf: AnyLeaf) -> Node | None:
    if not _is_analysed(leaf):
        return leaf
    words = _words(leaf)
    return all_of(words) if words else None


def _words(leaf: AnyLeaf) -> Sequence[Glob]:
    """What must stand in the words of a text that passes the test."""
    if isinstance(leaf, Regex):
        found = regex_as_glob(leaf)
        return _words(found) if isinstance(found, Glob) else ()
    if not isinstance(leaf, (Equals, Glob)):
        return ()
    field = replace(leaf.field, type=Type.CASELESS)
    run = Wildcard.ANY_RUN
    return [
        Glob(field, (run, word, run), place=leaf.place)
        for word in dict.fromkeys(text.lower() for text in _runs(leaf))
    ]


def _runs(leaf: Equals | Glob) -> Iterator[str]:
    for part in leaf.parts if isinstance(leaf, Glob) else (leaf.value,):
        if isinstance(part, str):
            yield from _RUN.findall(part)
