"""The tree of a meaning: and, or, not, and leaves that ask something of a field.

It is two-valued: a leaf on an absent field is false (only :class:`Absent` is true there), and the
negation of it is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from transpile.values import dataclass
from transpile.verify.predicates import Absent, Event, Predicate

RAW = "_raw"
"""The key of an event's raw message; a keyword searches only there when the event has it."""


class NoMeaning(ValueError):
    """The rule says nothing definite: it is invalid, or needs what only a pipeline knows."""


@dataclass(frozen=True)
class Leaf:
    """*test* of one field's value; *field* is ``None`` for a keyword."""

    field: str | None
    test: Predicate

    def holds(self, event: Event) -> bool:
        """Whether *event* passes the test."""
        if self.field is None:
            return any(self.test.accepts(text, event) for text in searched_texts(event))
        value = event.get(self.field)
        if value is None:
            return isinstance(self.test, Absent)
        return self.test.accepts(value, event)


@dataclass(frozen=True)
class And:
    """All operands hold."""

    operands: tuple[Node, ...]

    def holds(self, event: Event) -> bool:
        """Whether *event* passes every operand."""
        return all(operand.holds(event) for operand in self.operands)


@dataclass(frozen=True)
class Or:
    """At least one operand holds."""

    operands: tuple[Node, ...]

    def holds(self, event: Event) -> bool:
        """Whether *event* passes any operand."""
        return any(operand.holds(event) for operand in self.operands)


@dataclass(frozen=True)
class Not:
    """The operand does not hold."""

    operand: Node

    def holds(self, event: Event) -> bool:
        """Whether *event* fails the operand."""
        return not self.operand.holds(event)


Node: TypeAlias = And | Or | Not | Leaf


def searched_texts(event: Event) -> list[str]:
    """The texts a keyword is sought in: the raw message, or else every value that is text."""
    raw = event.get(RAW)
    if raw is not None:
        return [str(raw)]
    return [value for value in event.values() if isinstance(value, str)]


def all_of(operands: list[Node]) -> Node:
    """The conjunction of one or more nodes, without a needless level."""
    flat: list[Node] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, And) else [operand])
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(operands: list[Node]) -> Node:
    """The disjunction of one or more nodes, without a needless level."""
    flat: list[Node] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, Or) else [operand])
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf below *node*, in the order of the rule."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Not):
        yield from leaves(node.operand)
    else:
        for operand in node.operands:
            yield from leaves(operand)
