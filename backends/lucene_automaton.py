"""How much work a regular expression is for Lucene, which gives up on one that is too much.

Lucene makes an expression a deterministic automaton and stops when the states that it has joined
on the way pass ten times the work limit: org.apache.lucene.util.automaton.Operations.determinize,
DEFAULT_DETERMINIZE_WORK_LIMIT. Counting the same over the positions of the expression comes close.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from heapq import heappop, heappush
from typing import NamedTuple

from transpile.ir.nodes import Parts, Wildcard
from transpile.ir.regex import (
    ANY,
    Assertion,
    Choice,
    Class,
    Literal,
    Pattern,
    Repeat,
    Sequence,
    variants,
)

EFFORT_LIMIT = 60_000
"""well below ten times the default of max_determinized_states, which a query should not raise"""

_HARMLESS_COUNT = 8
_HARMLESS_LENGTH = 200


@lru_cache(maxsize=1024)
def fits(pattern: Pattern, *, skipping: bool) -> bool:
    """Whether Lucene takes a search for the pattern.

    `x{0,9}` can be written as nine nested options or, `skipping`, as `(x?){9}`, in which each of
    them may be left out; which is less work depends on what surrounds it. Only long counted
    repetitions make a pattern too much, so nothing else is looked into.
    """
    if not _counts(pattern):
        return True
    items = pattern.items if isinstance(pattern, Sequence) else (pattern,)
    around = Repeat(ANY, 0, None)
    before = () if items and items[0] is Assertion.START else (around,)
    after = () if items and items[-1] is Assertion.END else (around,)
    return _effort(Sequence((*before, *items, *after)), skipping=skipping) < EFFORT_LIMIT


def fits_glob(parts: Parts, length: int, *, folded: bool) -> bool:
    """Whether Lucene takes a pattern of wildcards, of so many characters, which may be too much.

    That takes many `?` behind a `*`, or long text that repeats itself.
    """
    if length <= _HARMLESS_LENGTH and parts.count(Wildcard.ANY_ONE) <= _HARMLESS_COUNT:
        return True
    return _fits_glob(parts, folded=folded)


@lru_cache(maxsize=1024)
def _fits_glob(parts: Parts, *, folded: bool) -> bool:
    # Without its runs it may be short enough.
    text = "".join(part for part in parts if isinstance(part, str))
    if parts.count(Wildcard.ANY_ONE) <= _HARMLESS_COUNT and len(text) <= _HARMLESS_LENGTH:
        return True
    items: list[Pattern] = []
    for part in parts:
        if isinstance(part, str):
            items += (Literal(c, folded) for c in part)
        else:
            items.append(Repeat(ANY, 0, None) if part is Wildcard.ANY_RUN else ANY)
    return _effort(Sequence(tuple(items)), skipping=False) < EFFORT_LIMIT


def _counts(pattern: Pattern) -> bool:
    if isinstance(pattern, Sequence):
        return any(map(_counts, pattern.items))
    if isinstance(pattern, Choice):
        return any(map(_counts, pattern.branches))
    if isinstance(pattern, Repeat):
        return max(pattern.least, pattern.most or 0) > _HARMLESS_COUNT or _counts(pattern.item)
    return False


class _Part(NamedTuple):
    """Part of a position automaton: whether it may be empty, and where it begins and ends."""

    empty: bool = True
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass
class _Positions:
    """The position automaton of Glushkov: one state for each place that takes a character."""

    skipping: bool
    ranges: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)

    def add(self, pattern: Pattern) -> _Part:
        """Add a pattern as a part of its own."""
        if isinstance(pattern, Literal):
            cases = variants(pattern.character) if pattern.folded else (pattern.character,)
            return self._place(tuple((ord(c), ord(c)) for c in cases))
        if isinstance(pattern, Class):
            return self._place(pattern.ranges)
        if isinstance(pattern, Sequence):
            return reduce(self._then, map(self.add, pattern.items), _Part())
        if isinstance(pattern, Choice):
            empty, first, last = zip(*map(self.add, pattern.branches), strict=True)
            return _Part(any(empty), frozenset().union(*first), frozenset().union(*last))
        if isinstance(pattern, Repeat):
            return self._repeat(pattern)
        return _Part()

    def _place(self, ranges: tuple[tuple[int, int], ...]) -> _Part:
        self.ranges.append(ranges)
        self.follow.append(set())
        here = frozenset((len(self.ranges) - 1,))
        return _Part(False, here, here)

    def _then(self, left: _Part, right: _Part) -> _Part:
        for position in left.last:
            self.follow[position] |= right.first
        return _Part(
            left.empty and right.empty,
            left.first | right.first if left.empty else left.first,
            left.last | right.last if right.empty else right.last,
        )

    def _repeat(self, repeat: Repeat) -> _Part:
        copies = [self.add(repeat.item) for _ in range(repeat.least)]
        if repeat.most is None:
            looped = copies[-1] if copies else self.add(repeat.item)
            self._then(looped, looped)
            return reduce(self._then, copies) if copies else looped._replace(empty=True)
        options = [self.add(repeat.item) for _ in range(repeat.most - repeat.least)]
        if self.skipping:
            optional = reduce(self._then, (o._replace(empty=True) for o in options), _Part())
        else:
            optional = _Part()
            for option in reversed(options):
                optional = self._then(option, optional)._replace(empty=True)
        return reduce(self._then, [*copies, optional])


def _effort(pattern: Pattern, *, skipping: bool) -> int:
    """The sum of the sizes of the joined states, counted no further than the limit."""
    positions = _Positions(skipping)
    first = _bits(positions.add(pattern).first)
    edges = {edge for r in positions.ranges for low, high in r for edge in (low, high + 1)}
    # States are bits of a number, by far the fastest sets of small numbers that there are.
    taking = {
        _bits(
            p
            for p, ranges in enumerate(positions.ranges)
            if any(low <= edge <= high for low, high in ranges)
        )
        for edge in edges
    }
    follow = _Follow([_bits(next_ones) for next_ones in positions.follow])
    after: dict[int, int] = {}
    # The largest first: where there are too many, that shows soonest.
    seen, work, effort = {first}, [(-first.bit_count(), first)], 0
    while work and effort < EFFORT_LIMIT:
        size, ready = heappop(work)
        effort -= size
        for taken in {ready & characters for characters in taking}:
            if taken not in after:
                after[taken] = follow.on(taken)
            state = after[taken]
            if state and state not in seen:
                seen.add(state)
                heappush(work, (-state.bit_count(), state))
    return effort


class _Follow(dict[tuple[int, int], int]):
    """What follows on positions, of which a state has many: by eights of them, known once asked."""

    def __init__(self, sets: list[int]) -> None:
        super().__init__()
        self._sets = sets

    def __missing__(self, eight: tuple[int, int]) -> int:
        number, among = eight
        union = 0
        for position, follow in enumerate(self._sets[8 * number : 8 * number + 8]):
            if among >> position & 1:
                union |= follow
        self[eight] = union
        return union

    def on(self, positions: int) -> int:
        """The union of what follows on each of the positions."""
        union = 0
        for eight in enumerate(positions.to_bytes(positions.bit_length() // 8 + 1, "little")):
            union |= self[eight]
        return union


def _bits(positions: Iterable[int]) -> int:
    bits = 0
    for position in positions:
        bits |= 1 << position
    return bits
