"""An event put to a rule: which of its predicates it passes, with the actual value and why.

Each predicate is decided by the reference meaning, which no query language has a part in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import singledispatch
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from transpile.explain.explanation import Explanation
from transpile.explain.stages import Group, Join, Part
from transpile.explain.stages import Predicate as Written
from transpile.values import dataclass
from transpile.verify.modifiers import item
from transpile.verify.predicates import (
    Absent,
    Cidr,
    Compare,
    Event,
    Number,
    Predicate,
    Present,
    Regex,
    SameAs,
    Text,
    TimePart,
    number_of,
    text_of,
)
from transpile.verify.tree import Leaf, NoMeaning, leaves

_ENVELOPES = ("EventData", "event_data", "UserData")
"""objects that hold an event's own fields in the forms that shippers write"""
MAX_EVENT_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """A predicate or a group, and whether the event passes it.

    `actual` is the value of the event's field and `why` says why that passes or fails; both are
    empty for a group.
    """

    text: str
    passed: bool
    actual: str = ""
    why: str = ""
    members: tuple[CheckedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """An event, and what it passes of each condition and stage; `found` if it is what is meant."""

    found: bool
    conditions: tuple[CheckedPart, ...]


class NoEvent(ValueError):
    """The text holds no event."""


def read_events(text: str) -> list[dict[str, Any]]:
    """The events of a JSON text: one object, an array of them, or one object a line.

    Raises:
        NoEvent: the text is no JSON, or holds something else than objects.
    """
    try:
        found = [json.loads(text)]
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            found = [json.loads(line) for line in lines]
        except (json.JSONDecodeError, RecursionError):
            found = []
        if not found:
            raise NoEvent(f"no JSON: {error}") from None
    except RecursionError:
        raise NoEvent("the JSON is nested too deep") from None
    if len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    if not found or not all(isinstance(one, dict) for one in found):
        raise NoEvent("an event is a JSON object")
    return [_fields(one) for one in found]


def _fields(event: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event by the names that a rule uses.

    A nested field goes by its path, `a.b`; one in an envelope such as `EventData` by its name too.
    """
    fields: dict[str, Any] = {}
    for path, value in _walk(event, ()):
        fields[".".join(path)] = value
    for path, value in _walk(event, ()):
        for envelope in _ENVELOPES:
            if envelope in path[:-1]:
                name = ".".join(path[path.index(envelope) + 1 :])
                fields.setdefault(name, value)
    if len(fields) > MAX_EVENT_VALUES:
        raise NoEvent(f"the event has more than {MAX_EVENT_VALUES:,} values")
    return fields


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, (*path, name))
    elif isinstance(value, list):
        yield path, json.dumps(value, ensure_ascii=False)
    else:
        yield path, value


def check(explanation: Explanation, event: Mapping[str, Any]) -> CheckedEvent:
    """What an event passes of a rule."""
    conditions = []
    for condition in explanation.conditions:
        stages = tuple(
            replace(_part(stage.part, event), text=stage.text) for stage in condition.stages
        )
        conditions.append(
            CheckedPart(condition.text, all(stage.passed for stage in stages), members=stages)
        )
    return CheckedEvent(any(one.passed for one in conditions), tuple(conditions))


def _part(part: Part, event: Event) -> CheckedPart:
    if isinstance(part, Group):
        return _group(part, event)
    try:
        node = item(part.key, part.value)
    except NoMeaning as error:
        return CheckedPart(str(part), False, why=f"can't be told: {error}")
    passed = node.holds(event)
    told = list(leaves(node))
    decisive = next((leaf for leaf in told if leaf.holds(event)), told[0])
    return CheckedPart(
        str(part), passed, _actual(part, event), _why(decisive, event, decisive.holds(event))
    )


def _group(group: Group, event: Event) -> CheckedPart:
    members = tuple(_part(member, event) for member in group.members)
    held = [member.passed for member in members]
    if group.join is Join.NOT:
        passed = not held[0]
    else:
        passed = all(held) if group.join is Join.AND else any(held)
    name = f"{group.name} ({group.join.value})" if group.name else group.join.value
    return CheckedPart(name, passed, members=members)


def _actual(predicate: Written, event: Event) -> str:
    if not predicate.field:
        return ""
    value = event.get(predicate.field)
    return "" if value is None else text_of(value)


def _why(leaf: Leaf, event: Event, passed: bool) -> str:
    if leaf.field is None:
        return "found in the event" if passed else "found nowhere in the event"
    value = event.get(leaf.field)
    if value is None:
        return "the field is absent"
    if isinstance(leaf.test, (Absent, Present)):
        return "the field is present"
    return _why_value(leaf.test, value, event, passed)


@singledispatch
def _why_value(test: Predicate, value: object, event: Event, passed: bool) -> str:
    return "the value fits" if passed else "the value is another"


@_why_value.register
def _(test: Cidr, value: object, event: Event, passed: bool) -> str:
    if passed:
        return f"inside {test.network}"
    if any(one.accepts(value, event) for one in _ANY_ADDRESS):
        return f"outside of {test.network}"
    return "this is no address"


@_why_value.register
def _(test: Text, value: object, event: Event, passed: bool) -> str:
    if passed:
        return "the text fits"
    if test.cased and replace(test, cased=False).accepts(value, event):
        return "only the case of letters differs"
    return "the text is another"


@_why_value.register
def _(test: Regex, value: object, event: Event, passed: bool) -> str:
    return "the pattern is found" if passed else "the pattern is not found"


@_why_value.register(Number)
@_why_value.register(Compare)
def _(test: Number | Compare, value: object, event: Event, passed: bool) -> str:
    if passed:
        return "the number fits"
    return "this is no number" if number_of(value) is None else "the number is another"


@_why_value.register
def _(test: TimePart, value: object, event: Event, passed: bool) -> str:
    return f"the {test.part} fits" if passed else f"the {test.part} is another, or there is none"


@_why_value.register
def _(test: SameAs, value: object, event: Event, passed: bool) -> str:
    other = event.get(test.field)
    if other is None:
        return f"the field {test.field} is absent"
    return f"{test.field} is {text_of(other)!r}"


_ANY_ADDRESS = (Cidr(IPv4Network("0.0.0.0/0")), Cidr(IPv6Network("::/0")))
