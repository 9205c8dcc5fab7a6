"""Regular expressions as Sigma means them, as a tree that each dialect writes in its own way.

Sigma's `re` is a search in the PCRE tradition: case-sensitive without `i`, `.` stops at a line
break without `s`, `\\w \\d \\s` are ASCII. The pattern is parsed by Python's own parser, which
reads the part of PCRE that rules use; only the tree is ours.

`$` without `m` is the end of the text, also where a line break ends it.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from transpile.values import dataclass

if sys.version_info >= (3, 11):
    from re import _constants as op
    from re import _parser as parser
else:
    import sre_constants as op
    import sre_parse as parser

from transpile.query import Refused

WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
DIGIT = ((48, 57),)
SPACE = ((9, 13), (32, 32))
LAST = 0x10FFFF


class Assertion(Enum):
    """A place in the text that takes no character."""

    START = "^"
    END = "$"
    LINE_START = "^ with m"
    LINE_END = "$ with m"
    BOUNDARY = r"\b"
    NOT_BOUNDARY = r"\B"


@dataclass(frozen=True, slots=True)
class Literal:
    """One character; `folded` when it matches in either case."""

    character: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """One character out of ranges of code points, sorted and apart, case already unfolded."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    branches: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `least` times and, unless that is None, at most `most`; greed changes no match."""

    item: Pattern
    least: int
    most: int | None


Pattern: TypeAlias = Literal | Class | Assertion | Sequence | Choice | Repeat

ANY = Class(((0, LAST),))
ANY_BUT_NEWLINE = Class(((0, 9), (11, LAST)))
EMPTY = Sequence(())


@lru_cache(maxsize=4096)
def parse(pattern: str, flags: str = "") -> Pattern:
    """The tree of a pattern; `flags` is a subset of `ims`, to which inline flags add.

    Raises:
        Refused: what is no regular language or depends on the engine: `regex-lookaround`,
            `regex-backreference`, `regex-construct`; `regex-syntax` for an invalid pattern.
    """
    bits = 0
    for flag in flags:
        bits |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[flag]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern, bits)
    except re.error as error:
        raise Refused("regex-syntax", f"{pattern!r} is no regular expression: {error}") from None
    return _sequence(tree, tree.state.flags)


@lru_cache(maxsize=4096)
def variants(character: str) -> tuple[str, ...]:
    """The character and its other case, sorted; it alone where there is no way back.

    Case is folded by lower case, character by character: a long s is no s, although its upper case
    is an S.
    """
    lower = character.lower()
    if len(lower) != 1:
        return (character,)
    upper = lower.upper()
    back = {upper} if len(upper) == 1 and upper.lower() == lower else set()
    return tuple(sorted({character, lower} | back))


def negated(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The code points outside the ranges, which are sorted and apart."""
    result, start = [], 0
    for low, high in ranges:
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        result.append((start, LAST))
    return tuple(result)


def _merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def _sequence(items: Any, flags: int) -> Pattern:
    nodes: list[Pattern] = []
    for item in items:
        node = _item(item, flags)
        nodes.extend(node.items if isinstance(node, Sequence) else (node,))
    return nodes[0] if len(nodes) == 1 else Sequence(tuple(nodes))


def _item(item: tuple[Any, Any], flags: int) -> Pattern:  # noqa: C901
    code, value = item
    if code is op.LITERAL:
        folded = bool(flags & re.IGNORECASE) and len(variants(chr(value))) > 1
        return Literal(chr(value), folded)
    if code is op.NOT_LITERAL:
        return Class(negated(_class_ranges([(op.LITERAL, value)], flags)))
    if code is op.ANY:
        return ANY if flags & re.DOTALL else ANY_BUT_NEWLINE
    if code is op.IN:
        return Class(_class_ranges(value, flags))
    if code is op.BRANCH:
        return Choice(tuple(_sequence(branch, flags) for branch in value[1]))
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = value
        return Repeat(_sequence(inner, flags), least, None if most == op.MAXREPEAT else most)
    if code is op.SUBPATTERN:
        _, added, removed, inner = value
        return _sequence(inner, (flags | added) & ~removed)
    if code is op.AT:
        return _assertion(value, flags)
    if code in (op.ASSERT, op.ASSERT_NOT):
        raise Refused(
            "regex-lookaround", "the pattern looks ahead or behind, which this language can't"
        )
    if code in (op.GROUPREF, op.GROUPREF_EXISTS):
        raise Refused(
            "regex-backreference", "the pattern refers back to a group, which this language can't"
        )
    raise Refused(
        "regex-construct", f"the pattern has a {str(code).lower()}, which this language lacks"
    )


def _assertion(value: Any, flags: int) -> Assertion:
    multiline = bool(flags & re.MULTILINE)
    if value is op.AT_BEGINNING:
        return Assertion.LINE_START if multiline else Assertion.START
    if value is op.AT_END:
        return Assertion.LINE_END if multiline else Assertion.END
    return {
        op.AT_BEGINNING_STRING: Assertion.START,
        op.AT_END_STRING: Assertion.END,
        op.AT_BOUNDARY: Assertion.BOUNDARY,
        op.AT_NON_BOUNDARY: Assertion.NOT_BOUNDARY,
    }[value]


_CATEGORIES = {
    op.CATEGORY_DIGIT: DIGIT,
    op.CATEGORY_NOT_DIGIT: negated(DIGIT),
    op.CATEGORY_SPACE: SPACE,
    op.CATEGORY_NOT_SPACE: negated(SPACE),
    op.CATEGORY_WORD: WORD,
    op.CATEGORY_NOT_WORD: negated(WORD),
}


def _class_ranges(members: Any, flags: int) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    inverted = False
    for code, value in members:
        if code is op.NEGATE:
            inverted = True
        elif code is op.LITERAL:
            ranges += _folded(value, value, flags)
        elif code is op.RANGE:
            ranges += _folded(value[0], value[1], flags)
        else:
            ranges += _CATEGORIES[value]
    merged = _merged(ranges)
    return negated(merged) if inverted else merged


_LARGEST_FOLDED_RANGE = 0x300


def _folded(low: int, high: int, flags: int) -> list[tuple[int, int]]:
    ranges = [(low, high)]
    if flags & re.IGNORECASE and high - low < _LARGEST_FOLDED_RANGE:
        for point in range(low, high + 1):
            ranges += [(ord(c), ord(c)) for c in variants(chr(point))]
    return ranges
