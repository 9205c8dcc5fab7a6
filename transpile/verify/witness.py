"""Events that make chosen parts of a meaning true or false.

A search by repair: build the event that the literals chosen so far ask for, look for the first
goal that it fails, and choose one more literal that would help.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from transpile.verify.predicates import Predicate, SameAs
from transpile.verify.reference import Meaning
from transpile.verify.tree import RAW, And, Leaf, Node, Not
from transpile.verify.values import Value, fillers, find_value

Goal: TypeAlias = tuple[Node, bool]
Literal: TypeAlias = tuple[Leaf, bool]
Literals: TypeAlias = tuple[Literal, ...]

_STEPS = 400


def leaf_goals(node: Node, above: tuple[Goal, ...] = ()) -> Iterator[tuple[Leaf, tuple[Goal, ...]]]:
    """Every leaf with the goals of an event in which this leaf makes the difference.

    The operands beside it in a conjunction hold; a negation above it is left to fail, which is
    how a filter gets satisfied while everything else still holds.
    """
    if isinstance(node, Leaf):
        yield node, above
    elif isinstance(node, Not):
        yield from leaf_goals(node.operand, above)
    elif isinstance(node, And):
        for operand in node.operands:
            beside = tuple((other, True) for other in node.operands if other is not operand)
            yield from leaf_goals(operand, above + beside)
    else:
        for operand in node.operands:
            yield from leaf_goals(operand, above)


class Witnesses:
    """Finds events for one meaning; remembers the values it has put together."""

    def __init__(self, meaning: Meaning) -> None:
        tests: dict[str, list[Predicate]] = {name: [] for name in meaning.fields}
        for leaf in meaning.leaves:
            tests[_key(leaf)].append(leaf.test)
        self._fill = {name: fillers(asked) for name, asked in tests.items()}
        for position, name in enumerate(_compared(meaning)):
            self._fill[name] = tuple(
                f"{value}-{position}"
                if isinstance(value, str) and value.startswith("Qz")
                else value
                for value in self._fill[name]
            )
        self._values: dict[tuple[str, frozenset[tuple[int, bool]]], tuple[Value] | None] = {}
        self._steps = 0

    def filler(self, name: str) -> Value:
        """The harmless value of a field."""
        return self._fill[name][0]

    def find(self, goals: Sequence[Goal]) -> dict[str, Value] | None:
        """An event that meets all *goals*, absent fields left out; ``None`` when none is met."""
        self._steps = _STEPS
        return self._repair(goals, ())

    def _repair(self, goals: Sequence[Goal], chosen: Literals) -> dict[str, Value] | None:
        self._steps -= 1
        event = self._build(chosen)
        if event is None:
            return None
        failed = next(((node, want) for node, want in goals if node.holds(event) != want), None)
        if failed is None:
            return event
        for leaf, want in _fixes(*failed, event):
            if self._steps <= 0:
                return None
            if any(other is leaf for other, _ in chosen):
                continue
            found = self._repair(goals, (*chosen, (leaf, want)))
            if found is not None:
                return found
        return None

    def _build(self, chosen: Literals) -> dict[str, Value] | None:
        asked: dict[str, list[Literal]] = {}
        same: list[tuple[str, str]] = []
        for leaf, want in chosen:
            if isinstance(leaf.test, SameAs):
                if want:
                    same.append((_key(leaf), leaf.test.field))
            else:
                asked.setdefault(_key(leaf), []).append((leaf, want))
        for name, other in same:
            shared = asked.get(name, []) + asked.get(other, [])
            asked[name] = asked[other] = shared
        event: dict[str, Value] = {}
        shared_fill = dict(same)
        for name in self._fill:
            found = self._value(shared_fill.get(name, name), asked.get(name, []))
            if found is None:
                return None
            if found[0] is not None:
                event[name] = found[0]
        return event if _consistent(chosen, event) else None

    def _value(self, name: str, asked: Sequence[Literal]) -> tuple[Value] | None:
        key = (name, frozenset((id(leaf), want) for leaf, want in asked))
        if key not in self._values:
            self._values[key] = find_value(
                [leaf.test for leaf, want in asked if want],
                [leaf.test for leaf, want in asked if not want],
                self._fill[name],
            )
        return self._values[key]


def _consistent(chosen: Literals, event: Mapping[str, Value]) -> bool:
    return all(leaf.holds(event) == want for leaf, want in chosen if isinstance(leaf.test, SameAs))


def _compared(meaning: Meaning) -> list[str]:
    """The fields that the rule compares with each other: their fillers must differ."""
    names: dict[str, None] = {}
    for leaf in meaning.leaves:
        if isinstance(leaf.test, SameAs):
            names.update({_key(leaf): None, leaf.test.field: None})
    return list(names)


def _key(leaf: Leaf) -> str:
    return RAW if leaf.field is None else leaf.field


def _fixes(node: Node, want: bool, event: Mapping[str, Value]) -> Iterator[Literal]:
    """The literals that would bring a failing goal nearer to holding on *event*."""
    if isinstance(node, Leaf):
        yield node, want
    elif isinstance(node, Not):
        yield from _fixes(node.operand, not want, event)
    elif isinstance(node, And) is want:
        failing = next(operand for operand in node.operands if operand.holds(event) != want)
        yield from _fixes(failing, want, event)
    else:
        for operand in node.operands:
            yield from _fixes(operand, want, event)
