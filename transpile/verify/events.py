"""Events at the boundaries of a rule's meaning, to run a query on.

They come from the meaning: each alternative hit, each leg broken, each filter satisfied, case
flipped, each field absent and empty, and values just inside and just outside of each test. What
an event is, a hit or a miss, is for the caller to ask: ``meaning.matches(event)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, zip_longest
from typing import TypeAlias, TypeVar

from transpile.verify.mutations import near
from transpile.verify.predicates import Absent, Cidr, Compare, Number, SameAs
from transpile.verify.reference import Meaning
from transpile.verify.tree import RAW, Leaf
from transpile.verify.values import Value
from transpile.verify.witness import Witnesses, leaf_goals

Built: TypeAlias = dict[str, Value]
Subject: TypeAlias = tuple[Leaf, Built]
_Item = TypeVar("_Item")

DEFAULT_LIMIT = 120


def boundary_events(meaning: Meaning, limit: int = DEFAULT_LIMIT) -> list[dict[str, object]]:
    """At most *limit* different events, the same ones on every run.

    Every leaf gets an event in which it holds while all beside it does, and one in which just
    that is taken away, before anything else is added; if these would take more than three
    quarters of *limit*, leaves spread evenly over the rule get them. Absent fields are left out
    of an event, a keyword's text is under ``_raw``.
    """
    events: dict[tuple[object, ...], Built] = {}
    for event in _all_events(meaning, limit):
        present: Built = {name: value for name, value in event.items() if value is not None}
        events.setdefault(_identity(present), present)
        if len(events) >= limit:
            break
    return [dict(event) for event in events.values()]


def _all_events(meaning: Meaning, limit: int) -> Iterator[Built]:
    witnesses = Witnesses(meaning)
    filler = {name: witnesses.filler(name) for name in meaning.fields}
    whole = witnesses.find([(meaning.root, True)])
    base = whole if whole is not None else filler
    yield base
    yield _swapped(base)
    yield filler

    subjects = _hits(meaning, witnesses, base, limit)
    yield from _hit_and_broken(subjects, filler, limit * 3 // 4)
    yield from _each_field(meaning, base, subjects)
    yield from (_swapped(hit) for _, hit in _spread(subjects, 6))
    yield from _mutated(_spread(subjects, limit))


def _identity(event: Mapping[str, Value]) -> tuple[object, ...]:
    return tuple((name, type(event[name]), event[name]) for name in sorted(event))


def _hits(meaning: Meaning, witnesses: Witnesses, base: Built, limit: int) -> list[Subject]:
    """Leaves of the rule, each with an event in which it holds and all beside it too."""
    found: list[Subject] = []
    for leaf, goals in _spread(list(leaf_goals(meaning.root)), limit):
        hit = witnesses.find([(leaf, True), *goals]) or witnesses.find([(leaf, True)])
        found.append((leaf, hit if hit is not None else base))
    return found


def _spread(items: list[_Item], count: int) -> list[_Item]:
    """At most *count* of *items*, evenly over the whole list."""
    if len(items) <= count:
        return items
    return [items[position * len(items) // count] for position in range(count)]


def _key(leaf: Leaf) -> str:
    return RAW if leaf.field is None else leaf.field


def _with(event: Mapping[str, Value], name: str, value: Value) -> Built:
    return {**event, name: value}


def _swapped(event: Mapping[str, Value]) -> Built:
    return {
        name: value.swapcase() if isinstance(value, str) else value for name, value in event.items()
    }


def _broken(leaf: Leaf, hit: Built, filler: Built) -> Built:
    """*hit* with a harmless value where *leaf* looks, or nothing if that is what it had."""
    name = _key(leaf)
    value = filler[name]
    return _with(hit, name, None if hit.get(name) == value else value)


def _hit_and_broken(subjects: list[Subject], filler: Built, room: int) -> list[Built]:
    """Both events of every leaf, or of fewer leaves so that about *room* different ones remain."""
    count = len(subjects)
    while True:
        pairs = [(hit, _broken(leaf, hit, filler)) for leaf, hit in _spread(subjects, count)]
        events = {_identity(event): event for pair in pairs for event in pair}
        if len(events) <= room or count <= 1:
            return list(events.values())
        count = count * 3 // 4


def _each_field(meaning: Meaning, base: Built, subjects: list[Subject]) -> Iterator[Built]:
    """Each field absent, and each field that isn't a number or an address empty."""
    for name in meaning.fields:
        own = [(leaf, hit) for leaf, hit in subjects if _key(leaf) == name]
        for event in (base, *(hit for _, hit in own[:1])):
            yield _with(event, name, None)
            if not own or not all(
                isinstance(leaf.test, Number | Compare | Cidr | Absent) for leaf, _ in own
            ):
                yield _with(event, name, "")


def _mutated(subjects: list[Subject]) -> Iterator[Built]:
    """The values near each test, taking turns over the leaves."""
    return chain.from_iterable(
        (event for event in turn if event is not None)
        for turn in zip_longest(
            *(_around(leaf, hit, number) for number, (leaf, hit) in enumerate(subjects))
        )
    )


def _around(leaf: Leaf, hit: Built, number: int) -> Iterable[Built]:
    name = _key(leaf)
    source = leaf.test.field if isinstance(leaf.test, SameAs) else name
    for value in near(leaf.test, hit.get(source), number):
        yield _with(hit, name, value)
