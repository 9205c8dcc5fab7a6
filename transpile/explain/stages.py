"""The condition of a rule as ordered stages, each with its predicates as the rule writes them.

Nothing is flattened: `contains|all` stays a conjunction wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeAlias

from transpile.load.condition_tree import (
    Condition,
    Joined,
    Named,
    Negated,
    Selected,
    parse,
    selected,
)
from transpile.values import dataclass


class Join(str, Enum):
    """How a group's members make it hold."""

    AND = "and"
    OR = "or"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Predicate:
    """One key of a detection with one of its values; the key of a keyword has no field."""

    key: str
    value: object

    @property
    def field(self) -> str:
        return self.key.partition("|")[0]

    @property
    def modifiers(self) -> tuple[str, ...]:
        return tuple(self.key.split("|")[1:])

    def __str__(self) -> str:
        return f"{self.key}: {scalar(self.value)}" if self.key else scalar(self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Members that are joined; `name` is the detection that they are the definition of."""

    join: Join
    members: tuple[Part, ...]
    name: str = ""


Part: TypeAlias = Predicate | Group


@dataclass(frozen=True, slots=True)
class Stage:
    """One conjunct of a condition: `not 1 of filter_*`, and in words which detections that is."""

    text: str
    spelled: str
    part: Part


@dataclass(frozen=True, slots=True)
class StagedCondition:
    """A condition of the rule; an event must pass all of its stages."""

    text: str
    stages: tuple[Stage, ...]


def staged(detection: Mapping[Any, Any]) -> list[StagedCondition]:
    """The conditions of a rule's section `detection`."""
    reader = _Reader(detection)
    condition = detection["condition"]
    texts = condition if isinstance(condition, list) else [condition]
    return [reader.condition(text) for text in texts]


def predicates(part: Part) -> Iterator[Predicate]:
    """Every predicate of a part, in the order of the rule."""
    if isinstance(part, Predicate):
        yield part
    else:
        for member in part.members:
            yield from predicates(member)


class _Reader:
    def __init__(self, section: Mapping[Any, Any]) -> None:
        self._definitions = {
            str(name): value
            for name, value in section.items()
            if name not in ("condition", "timeframe")
        }

    def condition(self, text: str) -> StagedCondition:
        tree = parse(text)
        every = isinstance(tree, Joined) and tree.every
        conjuncts = tree.operands if isinstance(tree, Joined) and every else (tree,)
        return StagedCondition(text, tuple(map(self._stage, conjuncts)))

    def _stage(self, condition: Condition) -> Stage:
        return Stage(_text(condition), self._spelled(condition), self._part(condition))

    def _part(self, condition: Condition) -> Part:
        if isinstance(condition, Named):
            return self._detection(condition.name)
        if isinstance(condition, Selected):
            names = selected(condition.pattern, self._definitions)
            return _joined(_join(condition.every), list(map(self._detection, names)))
        if isinstance(condition, Negated):
            return Group(Join.NOT, (self._part(condition.operand),))
        return Group(_join(condition.every), tuple(map(self._part, condition.operands)))

    def _detection(self, name: str) -> Part:
        part = definition(self._definitions[name])
        if isinstance(part, Group):
            return Group(part.join, part.members, name)
        return Group(Join.AND, (part,), name)

    def _spelled(self, condition: Condition) -> str:
        """Which detections a selector stands for; empty where the text says it itself."""
        negated = isinstance(condition, Negated)
        inner = condition.operand if isinstance(condition, Negated) else condition
        if not isinstance(inner, Selected):
            return ""
        names = selected(inner.pattern, self._definitions)
        listed = ", ".join(names)
        if len(names) == 1:
            return f"not {listed}" if negated else listed
        if negated:
            return f"not all of {listed} together" if inner.every else f"none of {listed}"
        return f"all of {listed}" if inner.every else f"at least one of {listed}"


def _join(every: bool) -> Join:
    return Join.AND if every else Join.OR


def definition(value: Any) -> Part:
    """What a detection asks: a map all of its keys, a list of maps any of them."""
    if isinstance(value, dict):
        return _joined(Join.AND, [_item(str(key), one) for key, one in value.items()])
    if isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        return _joined(Join.OR, list(map(definition, value)))
    return _item("", value)


def _item(key: str, value: Any) -> Part:
    values = value if isinstance(value, list) else [value]
    modifiers = key.split("|")[1:]
    # "neq" denies the whole list: none of the values, or with "all" not all of them.
    join = Join.AND if ("all" in modifiers) != ("neq" in modifiers) else Join.OR
    return _joined(join, [Predicate(key, one) for one in values])


def _joined(join: Join, parts: list[Part]) -> Part:
    return parts[0] if len(parts) == 1 else Group(join, tuple(parts))


def _text(condition: Condition) -> str:
    """A condition as a rule would write it."""
    if isinstance(condition, Named):
        return condition.name
    if isinstance(condition, Selected):
        return f"{'all' if condition.every else '1'} of {condition.pattern}"
    if isinstance(condition, Negated):
        return f"not {_operand(condition.operand)}"
    return (" and " if condition.every else " or ").join(map(_operand, condition.operands))


def _operand(condition: Condition) -> str:
    text = _text(condition)
    return f"({text})" if isinstance(condition, Joined) else text


_PLAIN = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def scalar(value: object) -> str:
    """A value as YAML writes it in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return '"' + escaped.replace('"', '\\"') + '"'
