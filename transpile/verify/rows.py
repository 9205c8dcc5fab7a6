"""How an event of a log source stands in a target: what its products write there.

A boundary event has Sigma's names; a row has the target's, with values of the types that the
target's schema gives, and with what the log source adds (channel, event id, dataset).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address

from transpile.ir.nodes import And, Equals, Exists, Field, Node, NumberEquals, Or, Type
from transpile.targets.plan import Plan
from transpile.verify.tree import RAW


class NoRow(Exception):
    """The target can't hold the event: a text in a number, two values for one field."""


def row(plan: Plan, event: Mapping[str, object], fields: Collection[str]) -> dict[str, object]:
    """The row for an event, by the target's field names; `fields` are those that the rule asks of.

    Raises:
        NoRow: no product can write this event there, so no query can be asked about it.
    """
    cells: dict[str, object] = {}
    for name, value in event.items():
        for field, held in _cells(plan, name, value):
            if cells.setdefault(field.name, held) != held:
                raise NoRow(f"two values for {field.name}")
    asked = {field.name for name in fields if name != RAW for field in plan.resolve(name)}
    for scope in plan.scope:
        for name, held in _witness(scope):
            # Where the rule asks of it too, only what the log source writes there is an event.
            if name in asked and cells.get(name) != held:
                raise NoRow(f"{name} is the log source's")
            cells[name] = held
    return cells


def _cells(plan: Plan, name: str, value: object) -> Iterator[tuple[Field, object]]:
    if name == RAW:
        yield plan.text or Field(RAW), value
        return
    for field in plan.resolve(name):
        translation = plan.values.get(field.name)
        if translation is None:
            yield field, _typed(field, value)
        elif (translated := translation.get(str(value).lower())) is not None:
            yield field, translated


def _typed(field: Field, value: object) -> object:
    try:
        if field.type is Type.LONG and str(int(str(value))) == str(value):
            return int(str(value))
        if field.type is Type.DOUBLE:
            return float(str(value))
        if field.type is Type.IP:
            return str(ip_address(str(value)))
        if field.type is Type.BOOLEAN:
            return {"true": True, "false": False}[str(value).lower()]
    except (ValueError, KeyError):
        raise NoRow(f"{field.name} can't hold {value!r}") from None
    if field.type is Type.LONG:
        raise NoRow(f"{field.name} can't hold {value!r}")
    return value


def _witness(scope: Node) -> Iterator[tuple[str, object]]:
    """What a row holds so that the scope takes it."""
    if isinstance(scope, And):
        for operand in scope.operands:
            yield from _witness(operand)
    elif isinstance(scope, Or):
        yield from _witness(scope.operands[0])
    elif isinstance(scope, Equals):
        yield scope.field.name, scope.value
    elif isinstance(scope, NumberEquals):
        yield scope.field.name, scope.number
    elif isinstance(scope, Exists):
        yield scope.field.name, "present"
    else:
        raise NoRow(f"no event is known for a scope of {type(scope).__name__}")
