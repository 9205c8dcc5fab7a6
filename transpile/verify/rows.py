"""How an event of a log source stands in a target: what its products write there.

A boundary event has Sigma's names; a row has the target's, with values of the types that the
target's schema gives, and with what the log source adds (channel, event id, dataset).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address

from transpile.ir.nodes import And, Equals, Exists, Field, Glob, Node, NumberEquals, Or, Type
from transpile.targets.plan import Plan
from transpile.verify.kusto_columns import is_in_every_event
from transpile.verify.tree import RAW


class NoRow(Exception):
    """The target can't hold the event: a text in a number, two values for one field."""


def row(plan: Plan, event: Mapping[str, object], fields: Collection[str]) -> dict[str, object]:
    """The row for an event, by the target's field names; `fields` are those that the rule asks of.

    Raises:
        NoRow: no product can write this event there, so no query can be asked about it.
    """
    return {field.name: value for field, value in cells(plan, event, fields).items()}


def logged(
    plan: Plan, event: Mapping[str, object], fields: Collection[str]
) -> Mapping[str, object]:
    """The event with all of its text, of which its log source tells some: a program's name."""
    if not plan.whole or RAW not in fields:
        return event
    told = [
        values[0]
        for scope in plan.scope
        for field, values, _ in _witness(scope)
        if field in plan.texts
    ]
    return {**event, RAW: "\n".join(map(str, [event.get(RAW, ""), *told]))} if told else event


def cells(plan: Plan, event: Mapping[str, object], fields: Collection[str]) -> dict[Field, object]:
    """The same row by the target's fields themselves, whose types and sources they tell."""
    for name in fields:
        if name not in event and name != RAW and any(map(is_in_every_event, plan.resolve(name))):
            raise NoRow(f"every event has {name}")
    found = dict(_absent(plan, event, fields))
    for name, value in event.items():
        for field, held in _cells(plan, name, value):
            if found.setdefault(field.name, (field, held))[1] != held:
                raise NoRow(f"two values for {field.name}")
    asked = {field.name for name in fields if name != RAW for field in plan.resolve(name)}
    for scope in plan.scope:
        for field, values, cased in _witness(scope):
            held = found.get(field.name, (field, None))[1]
            if any(_same(held, value, cased=cased) for value in values):
                continue
            # Where the rule asks of it too, only what the log source writes there is an event.
            if field.name in asked:
                raise NoRow(f"{field.name} is the log source's")
            found[field.name] = field, values[0]
    return dict(found.values())


def _absent(
    plan: Plan, event: Mapping[str, object], fields: Collection[str]
) -> Iterator[tuple[str, tuple[Field, object]]]:
    """The texts that stand in the row where the event has no value."""
    for name in fields:
        texts = plan.absent(name) if name != RAW else ()
        value = event.get(name)
        if texts and value is None:
            yield from ((field.name, (field, texts[-1])) for field in plan.resolve(name))
        elif str(value).lower() in texts:
            raise NoRow(f"no event with {value!r} in {name} is told from one without a value")


def _cells(plan: Plan, name: str, value: object) -> Iterator[tuple[Field, object]]:
    if name == RAW:
        yield plan.text or Field(RAW), value
        return
    fields = plan.resolve(name)
    if (form := plan.form(name)) is not None:
        held = form.held(str(value))
        if held is None:
            raise NoRow(f"no event has {value!r} as {name}")
        yield from ((field, held[field.name]) for field in fields if field.name in held)
        return
    if len(fields) > 1:
        fields = tuple(field for field in fields if _can_hold(field, value)) or fields
    for field in fields:
        translation = plan.values.get(field.name)
        if translation is None:
            yield field, _typed(field, value)
        elif (translated := translation.get(str(value).lower())) is not None:
            spellings = [text for text, held in translation.items() if held == translated]
            if str(value).lower() != spellings[0]:
                raise NoRow(f"{value!r} is {spellings[0]!r} in other words")
            yield field, translated


def _can_hold(field: Field, value: object) -> bool:
    try:
        _typed(field, value)
    except NoRow:
        return False
    return True


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


def _same(held: object, value: object, *, cased: bool) -> bool:
    texts = str(held), str(value)
    return texts[0] == texts[1] if cased else texts[0].lower() == texts[1].lower()


def _witness(scope: Node) -> Iterator[tuple[Field, Sequence[object], bool]]:
    """What a row holds so that the scope takes it: for each field, any of the values.

    The last tells whether it is written in just that case, for the scope asks for it so.
    """
    if isinstance(scope, And):
        for operand in scope.operands:
            yield from _witness(operand)
    elif isinstance(scope, Or):
        alternatives = [list(_witness(operand)) for operand in scope.operands]
        if any(len(one) != 1 for one in alternatives):
            yield from alternatives[0]
        else:
            field, _, cased = alternatives[0][0]
            held = [v for ((f, values, _),) in alternatives if f == field for v in values]
            yield field, held, cased
    elif isinstance(scope, Equals):
        yield scope.field, (scope.value,), scope.cased
    elif isinstance(scope, Glob):
        parts = (part if isinstance(part, str) else "x" for part in scope.parts)
        yield scope.field, ("".join(parts),), scope.cased
    elif isinstance(scope, NumberEquals):
        yield scope.field, (scope.number,), False
    elif isinstance(scope, Exists):
        yield scope.field, ("present",), False
    else:
        raise NoRow(f"no event is known for a scope of {type(scope).__name__}")
