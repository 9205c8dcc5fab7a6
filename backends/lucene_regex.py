"""Lucene's regular expressions, which Elasticsearch's Lucene and EQL queries share.

They match the whole value, know no anchors, no `\\b`, no `(?…)` and no escapes for control
characters, and case counts: org.apache.lucene.util.automaton.RegExp, and
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/regexp-syntax.html
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from transpile.ir.nodes import Parts, Wildcard
from transpile.ir.regex import (
    ANY,
    LAST,
    SPACE,
    WORD,
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

MAX_LENGTH = 1000
"""the default of index.max_regex_length"""

_SPECIAL = frozenset('.?+*|{}[]()"#@&<>~^$-/')
_ANY_RUN = ".*"
_MOST_VARIANTS = 64


def literal(text: str, *, cased: bool) -> str:
    """A pattern for just this text, in either case unless it is cased."""
    return text.translate(_CASED if cased else _FOLDED)


def glob(parts: Parts, *, cased: bool) -> str:
    """A pattern for a whole value that fits the parts."""
    return "".join(
        literal(part, cased=cased)
        if isinstance(part, str)
        else _ANY_RUN
        if part is Wildcard.ANY_RUN
        else "."
        for part in parts
    )


def search(pattern: Pattern, *, skipping: bool = False) -> str:
    """A pattern for every whole value in which the given one is found.

    `skipping` says how a long optional repetition is written (see `lucene_automaton.fits`).

    Raises:
        Refused: an assertion in a place from which it can't be moved to the ends.
    """
    found = dict.fromkeys(
        _anchored(items) for items in _spread(_skipped(pattern) if skipping else pattern)
    )
    possible = [text for text in found if text is not None]
    if not possible:
        raise Refused("regex-assertion", "a pattern that finds nothing")
    return "|".join(possible)


@lru_cache(maxsize=4096)
def _character(character: str, *, folded: bool) -> str:
    cases = variants(character) if folded else (character,)
    if len(cases) > 1:
        return f"[{''.join(reversed(cases))}]"
    # A backslash escaped by another would swallow the slash that ends a pattern.
    if character == "\\":
        return r"[\\]"
    return f"\\{character}" if character in _SPECIAL else character


class _Characters(dict[int, str]):
    """The pattern of each character by its code point; that of ASCII is ready."""

    def __init__(self, *, folded: bool) -> None:
        super().__init__((point, _character(chr(point), folded=folded)) for point in range(128))
        self._folded = folded

    def __missing__(self, point: int) -> str:
        return _character(chr(point), folded=self._folded)


_CASED, _FOLDED = _Characters(folded=False), _Characters(folded=True)


def _spread(pattern: Pattern) -> list[tuple[Pattern, ...]]:
    """The sequences that the pattern stands for, so that assertions stand at the top level.

    Only choices and optional items that hold an assertion are multiplied out.
    """
    if isinstance(pattern, Choice) and _asserts(pattern):
        return [items for branch in pattern.branches for items in _spread(branch)]
    if isinstance(pattern, Sequence) and _asserts(pattern):
        spread = [_spread(item) for item in pattern.items]
        count = 1
        for choices in spread:
            count *= len(choices)
        if count > _MOST_VARIANTS:
            raise Refused("regex-assertion", "too many ways to place ^, $ or \\b")
        return [sum(choice, ()) for choice in product(*spread)]
    if isinstance(pattern, Repeat) and _asserts(pattern):
        if pattern.most is None or pattern.most > 4:
            raise Refused("regex-assertion", "^, $ or \\b in a repetition")
        times = range(pattern.least, pattern.most + 1)
        return [s for n in times for s in _spread(Sequence((pattern.item,) * n))] or [()]
    return [pattern.items] if isinstance(pattern, Sequence) else [(pattern,)]


def _skipped(pattern: Pattern) -> Pattern:
    """The pattern with `x{1,9}` as `x(x?){8}`."""
    if isinstance(pattern, Sequence):
        return Sequence(tuple(map(_skipped, pattern.items)))
    if isinstance(pattern, Choice):
        return Choice(tuple(map(_skipped, pattern.branches)))
    if isinstance(pattern, Repeat):
        item = _skipped(pattern.item)
        options = 0 if pattern.most is None else pattern.most - pattern.least
        if options < 2:
            return Repeat(item, pattern.least, pattern.most)
        optional = Repeat(Repeat(item, 0, 1), options, options)
        leading = (Repeat(item, pattern.least, pattern.least),) if pattern.least else ()
        return Sequence((*leading, optional))
    return pattern


def _asserts(pattern: Pattern) -> bool:
    if isinstance(pattern, Assertion):
        return True
    if isinstance(pattern, Sequence):
        return any(map(_asserts, pattern.items))
    if isinstance(pattern, Choice):
        return any(map(_asserts, pattern.branches))
    return isinstance(pattern, Repeat) and _asserts(pattern.item)


_WORD_CLASS = "[A-Z_a-z0-9]"
_NOT_WORD_CLASS = "[^A-Z_a-z0-9]"


def _anchored(items: tuple[Pattern, ...]) -> str | None:
    """The whole value for one sequence; None for one that nothing can match."""
    assertions = [isinstance(item, Assertion) for item in items]
    start = next((i for i, yes in enumerate(assertions) if not yes), len(items))
    if start == len(items):
        return _nothing_but(frozenset(items))
    end = len(items) - next(i for i, yes in enumerate(reversed(assertions)) if not yes)
    body = items[start:end]
    inner: list[str] = []
    for position, item in enumerate(body):
        if not isinstance(item, Assertion):
            inner.append(_write(item, alone=len(body) == 1))
        elif not _holds_between(item, body[position - 1], body[position + 1]):
            return None
    before = _before(items[:start], _wordness(body[0], first=True))
    after = _after(items[end:], _wordness(body[-1], first=False))
    return before + "".join(inner) + after


def _nothing_but(assertions: frozenset[Pattern]) -> str:
    if assertions <= {Assertion.START} or assertions <= {Assertion.END}:
        return _ANY_RUN
    if assertions == {Assertion.START, Assertion.END}:
        return "()"
    raise Refused("regex-assertion", "assertions with nothing between them")


def _only(assertions: tuple[Pattern, ...]) -> Pattern | None:
    kinds = tuple(dict.fromkeys(assertions))
    if len(kinds) > 1:
        raise Refused("regex-assertion", "several assertions in one place")
    return kinds[0] if kinds else None


def _before(assertions: tuple[Pattern, ...], neighbour: bool | None) -> str:
    assertion = _only(assertions)
    if assertion is None:
        return _ANY_RUN
    if assertion is Assertion.START:
        return ""
    if assertion is Assertion.LINE_START:
        return f"({_ANY_RUN}\n)?"
    if _needs_word(assertion, neighbour):
        return _ANY_RUN + _WORD_CLASS
    return f"({_ANY_RUN}{_NOT_WORD_CLASS})?"


def _after(assertions: tuple[Pattern, ...], neighbour: bool | None) -> str:
    assertion = _only(assertions)
    if assertion is None:
        return _ANY_RUN
    if assertion is Assertion.END:
        return ""
    if assertion is Assertion.LINE_END:
        return f"(\n{_ANY_RUN})?"
    if _needs_word(assertion, neighbour):
        return _WORD_CLASS + _ANY_RUN
    return f"({_NOT_WORD_CLASS}{_ANY_RUN})?"


def _needs_word(assertion: Pattern, neighbour: bool | None) -> bool:
    """Whether a boundary test asks for a word character on the side that is not the pattern's."""
    if assertion not in (Assertion.BOUNDARY, Assertion.NOT_BOUNDARY):
        raise Refused("regex-assertion", f"{_name(assertion)} where it is never true")
    if neighbour is None:
        raise Refused("regex-assertion", f"{_name(assertion)} beside what may be a word or not")
    return neighbour is (assertion is Assertion.NOT_BOUNDARY)


def _holds_between(assertion: Pattern, left: Pattern, right: Pattern) -> bool:
    if assertion not in (Assertion.BOUNDARY, Assertion.NOT_BOUNDARY):
        raise Refused("regex-assertion", f"{_name(assertion)} inside the pattern")
    before, after = _wordness(left, first=False), _wordness(right, first=True)
    if before is None or after is None:
        raise Refused("regex-assertion", f"{_name(assertion)} beside what may be a word or not")
    return (before is not after) is (assertion is Assertion.BOUNDARY)


def _name(assertion: Pattern) -> str:
    return assertion.value if isinstance(assertion, Assertion) else ""


def _wordness(pattern: Pattern, *, first: bool) -> bool | None:
    """Whether the pattern begins (or ends) with a word character; None where it may do either."""
    found, empty = _edge(pattern, first=first)
    return found.pop() if len(found) == 1 and not empty else None


def _edge(pattern: Pattern, *, first: bool) -> tuple[set[bool | None], bool]:
    """The wordness of all that may stand at an edge, and whether the pattern may be empty."""
    if isinstance(pattern, Literal):
        pattern = Class(((ord(pattern.character),) * 2,))
    if isinstance(pattern, Class):
        inside = [_covers(WORD, low, high) for low, high in pattern.ranges]
        outside = [_covers(negated(WORD), low, high) for low, high in pattern.ranges]
        return {True if all(inside) else False if all(outside) else None}, False
    if isinstance(pattern, Repeat):
        found, empty = _edge(pattern.item, first=first)
        return found, empty or pattern.least == 0
    if isinstance(pattern, Choice):
        edges = [_edge(branch, first=first) for branch in pattern.branches]
        return set().union(*(found for found, _ in edges)), any(empty for _, empty in edges)
    found = set()
    for item in pattern.items[:: 1 if first else -1] if isinstance(pattern, Sequence) else ():
        more, empty = _edge(item, first=first)
        found |= more
        if not empty:
            return found, False
    return found, True


def _covers(ranges: tuple[tuple[int, int], ...], low: int, high: int) -> bool:
    return any(start <= low and high <= end for start, end in ranges)


def _write(pattern: Pattern, *, alone: bool = False) -> str:
    """The pattern's text, in parentheses unless it is one item or stands alone."""
    if isinstance(pattern, Literal):
        return _character(pattern.character, folded=pattern.folded)
    if isinstance(pattern, Class):
        return _class(pattern)
    if isinstance(pattern, Sequence):
        text = "".join(map(_write, pattern.items))
        return text if alone else f"({text})"
    if isinstance(pattern, Choice):
        # An empty branch must be spelled: `(a|)` finds nothing.
        return f"({'|'.join(_write(b, alone=True) or '()' for b in pattern.branches)})"
    if isinstance(pattern, Repeat):
        item = _write(pattern.item)
        if isinstance(pattern.item, Repeat):
            item = f"({item})"
        return item + _times(pattern.least, pattern.most)
    raise Refused("regex-assertion", f"{_name(pattern)} inside the pattern")


def _times(least: int, most: int | None) -> str:
    short = {(1, 1): "", (0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if short is not None:
        return short
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _class(pattern: Class) -> str:
    if pattern == ANY:
        return "."
    if not pattern.ranges:
        return "#"
    inverted = pattern.ranges[0][0] == 0 and pattern.ranges[-1][1] == LAST
    ranges = negated(pattern.ranges) if inverted else pattern.ranges
    if not inverted and len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _character(chr(ranges[0][0]), folded=False)
    return f"[{'^' if inverted else ''}{_members(ranges)}]"


def _members(ranges: tuple[tuple[int, int], ...]) -> str:
    """The members of a class; white space as `\\s`, which here is blank, tab and the line ends."""
    space = "\\s" if set(SPACE) <= set(ranges) else ""
    return space + "".join(
        _range(low, high) for low, high in ranges if not space or (low, high) not in SPACE
    )


def _range(low: int, high: int) -> str:
    first, last = _member(low), _member(high)
    return first if low == high else first + last if high == low + 1 else f"{first}-{last}"


def _member(point: int) -> str:
    character = chr(point)
    return f"\\{character}" if character == "\\" or character in _SPECIAL else character
