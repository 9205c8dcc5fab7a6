"""Regular expressions as KQL's `matches regex` reads them, from the tree of Sigma's.

It searches, counts Unicode letters and digits as `\\w` and `\\d`, has no lookaround and no
backreferences, and reads `[`, `&&`, `--` and `~~` inside a class as operators:
https://learn.microsoft.com/kusto/query/regex. So classes are written out, and everything that may
be an operator is escaped. The result is RE2's too (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from transpile.ir.nodes import Parts, Wildcard
from transpile.ir.regex import (
    ANY,
    ANY_BUT_NEWLINE,
    LAST,
    Assertion,
    Choice,
    Class,
    Literal,
    Pattern,
    Repeat,
    Sequence,
    negated,
    variants,
)
from transpile.query import Refused

MOST_REPETITIONS = 1000
"""RE2's limit of a counted repetition"""

_SPECIAL = frozenset("\\.+*?()|[]{}^$")
_SPECIAL_IN_CLASS = frozenset("\\[]^-&~")
_CONTROLS = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\f": r"\f"}
_ASSERTIONS = {
    Assertion.START: "^",
    Assertion.END: "$",
    Assertion.LINE_START: "(?m:^)",
    Assertion.LINE_END: "(?m:$)",
    Assertion.BOUNDARY: r"\b",
    Assertion.NOT_BOUNDARY: r"\B",
}


def glob(*globs: Parts, cased: bool) -> str:
    """A pattern that finds just the texts that fit the parts, or any of several."""
    return f"(?{'s' if cased else 'is'})" + "|".join(map(_glob, globs))


def _glob(parts: Parts) -> str:
    inner = list(parts)
    opening, closing = "^", "$"
    if inner and inner[0] is Wildcard.ANY_RUN:
        opening, inner = "", inner[1:]
    if inner and inner[-1] is Wildcard.ANY_RUN:
        closing, inner = "", inner[:-1]
    text = "".join(
        "".join(map(_character, part))
        if isinstance(part, str)
        else (".*" if part is Wildcard.ANY_RUN else ".")
        for part in inner
    )
    return f"{opening}{text}{closing}"


def search(pattern: Pattern) -> str:
    """A pattern that finds what the given one finds.

    Raises:
        Refused: a repetition over the engine's limit (`regex-repetition`).
    """
    nodes = list(_nodes(pattern))
    cases = {n.folded for n in nodes if isinstance(n, Literal) and len(variants(n.character)) > 1}
    writer = _Writer(
        everything=ANY in nodes and ANY_BUT_NEWLINE not in nodes, folded=cases == {True}
    )
    flags = ("i" if writer.folded else "") + ("s" if writer.everything else "")
    return (f"(?{flags})" if flags else "") + writer.alternatives(pattern)


def uses_word_boundary(pattern: Pattern) -> bool:
    """Whether the pattern asks for a word boundary, where letters outside ASCII count here."""
    return any(n in (Assertion.BOUNDARY, Assertion.NOT_BOUNDARY) for n in _nodes(pattern))


def finds_empty(pattern: Pattern) -> bool:
    """Whether the pattern is found in the empty text."""
    if isinstance(pattern, Assertion):
        return pattern is not Assertion.BOUNDARY
    if isinstance(pattern, Sequence):
        return all(map(finds_empty, pattern.items))
    if isinstance(pattern, Choice):
        return any(map(finds_empty, pattern.branches))
    return isinstance(pattern, Repeat) and (not pattern.least or finds_empty(pattern.item))


def _nodes(pattern: Pattern) -> Iterator[Pattern]:
    yield pattern
    if isinstance(pattern, Sequence):
        inner = pattern.items
    elif isinstance(pattern, Choice):
        inner = pattern.branches
    else:
        inner = (pattern.item,) if isinstance(pattern, Repeat) else ()
    for item in inner:
        yield from _nodes(item)


class _Writer:
    """Writes a tree under the flags `s` (`everything`) and `i` (`folded`) of the whole pattern."""

    def __init__(self, *, everything: bool, folded: bool) -> None:
        self.everything = everything
        self.folded = folded

    def alternatives(self, pattern: Pattern) -> str:
        """The text where nothing follows but the end or a parenthesis."""
        if isinstance(pattern, Choice):
            return "|".join(map(self._in_sequence, pattern.branches))
        return self._in_sequence(pattern)

    def _in_sequence(self, pattern: Pattern) -> str:
        items = pattern.items if isinstance(pattern, Sequence) else (pattern,)
        return "".join(
            f"(?i:{text})" if switched else text
            for switched, run in groupby(items, self._needs_folding)
            if (text := "".join(map(self._one, run))) or True
        )

    def _needs_folding(self, item: Pattern) -> bool:
        return isinstance(item, Literal) and item.folded and not self.folded

    def _one(self, pattern: Pattern) -> str:
        if isinstance(pattern, Literal):
            return _character(pattern.character)
        if isinstance(pattern, Class):
            return self._class(pattern)
        if isinstance(pattern, Assertion):
            return _ASSERTIONS[pattern]
        if isinstance(pattern, Repeat):
            return self._repeated(pattern)
        return f"(?:{self.alternatives(pattern)})"

    def _repeated(self, repeat: Repeat) -> str:
        if max(repeat.least, repeat.most or 0) > MOST_REPETITIONS:
            raise Refused(
                "regex-repetition", f"KQL repeats an item at most {MOST_REPETITIONS} times"
            )
        atom = isinstance(repeat.item, (Literal, Class)) and not self._needs_folding(repeat.item)
        text = self._one(repeat.item) if atom else f"(?:{self.alternatives(repeat.item)})"
        return text + _times(repeat.least, repeat.most)

    def _class(self, pattern: Class) -> str:
        if pattern == (ANY if self.everything else ANY_BUT_NEWLINE):
            return "."
        if pattern == ANY:
            return "(?s:.)"
        if not pattern.ranges:
            return r"[^\x00-\x{10FFFF}]"
        inverted = pattern.ranges[0][0] == 0 and pattern.ranges[-1][1] == LAST
        ranges = negated(pattern.ranges) if inverted else pattern.ranges
        return f"[{'^' if inverted else ''}{''.join(_range(low, high) for low, high in ranges)}]"


def _times(least: int, most: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if short is not None:
        return short
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _range(low: int, high: int) -> str:
    first, last = _member(low), _member(high)
    return first if low == high else first + last if high == low + 1 else f"{first}-{last}"


def _member(point: int) -> str:
    character = chr(point)
    return f"\\{character}" if character in _SPECIAL_IN_CLASS else _plain(character)


def _character(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL else _plain(character)


def _plain(character: str) -> str:
    if character in _CONTROLS:
        return _CONTROLS[character]
    return character if character.isprintable() else f"\\x{{{ord(character):X}}}"
