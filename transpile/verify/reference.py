"""The reference meaning of a Sigma rule: which events it finds, by the specification alone.

It shares no code with the compiler, so that agreement between the two says something.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from transpile.values import dataclass
from transpile.verify.condition import parse_condition
from transpile.verify.modifiers import item
from transpile.verify.predicates import Event, SameAs
from transpile.verify.tree import RAW, Leaf, Node, NoMeaning, all_of, any_of, leaves

__all__ = ["RAW", "Meaning", "NoMeaning"]


@dataclass(frozen=True)
class Meaning:
    """What a rule asks of one event, as a tree."""

    root: Node

    @classmethod
    def of(cls, rule: Mapping[str, object]) -> Meaning:
        """The meaning of *rule*, one Sigma rule document as YAML loads it.

        Raises :class:`NoMeaning` for whatever the specification gives no meaning to: an invalid
        detection or condition, an unknown modifier, a placeholder, an aggregation.
        """
        detection = rule.get("detection")
        if not isinstance(detection, Mapping):
            raise NoMeaning("the rule has no detection")
        try:
            selections = {
                str(name): selection(str(name), definition)
                for name, definition in detection.items()
                if name not in ("condition", "timeframe")
            }
            return cls(_condition(detection.get("condition"), selections))
        except RecursionError as error:
            raise NoMeaning("the detection is nested too deeply") from error

    def matches(self, event: Event) -> bool:
        """Whether the rule finds *event*: Sigma field names to scalars, ``None`` is absent."""
        return self.root.holds(event)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf, in the order of the rule."""
        return tuple(leaves(self.root))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that the rule looks at, each once; the raw message's key for keywords."""
        names: dict[str, None] = {}
        for leaf in self.leaves:
            names[RAW if leaf.field is None else leaf.field] = None
            if isinstance(leaf.test, SameAs):
                names[leaf.test.field] = None
        return tuple(names)


def selection(name: str, definition: object) -> Node:
    """One named part of a detection (Sigma: Lists, Maps, Keywords search).

    A map is a conjunction, a list a disjunction of its items, and plain values are keywords.
    """
    if isinstance(definition, Mapping):
        if not definition:
            raise NoMeaning(f"{name}: the map is empty")
        return all_of([item(_key(name, key), value) for key, value in definition.items()])
    if isinstance(definition, list):
        if not definition:
            raise NoMeaning(f"{name}: the list is empty")
        return any_of([selection(name, entry) for entry in definition])
    return item("", definition)


def _key(name: str, key: object) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    raise NoMeaning(f"{name}: {key!r} is no field name")


def _condition(condition: object, selections: Mapping[str, Node]) -> Node:
    conditions = condition if isinstance(condition, list) else [condition]
    texts = [text for text in conditions if isinstance(text, str)]
    if not texts or len(texts) < len(conditions):
        raise NoMeaning("the condition is no text and no list of texts")
    return any_of([parse_condition(text, selections) for text in texts])
