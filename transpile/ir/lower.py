"""From a rule to its meaning.

Each detection is lowered once, however often the condition names it. Modifiers have been applied by
pySigma when the rule was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import TYPE_CHECKING

from sigma.exceptions import SigmaConditionError
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from transpile.ir.networks import unmapped
from transpile.ir.nodes import (
    Anchor,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    NumberEquals,
    Parts,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Wildcard,
)
from transpile.ir.simplify import all_of, any_of, negation
from transpile.load.condition_tree import Condition, Named, Negated, Selected, parse, selected
from transpile.load.definitions import Detection, Detections, Item
from transpile.query import Place, Refused
from transpile.values import dataclass

if TYPE_CHECKING:
    from sigma.rule import SigmaRule


def lower(rule: Detections | SigmaRule) -> Node:
    """The meaning of a rule, its fields under the names that the rule has now.

    Several conditions mean any of them.

    Raises:
        Refused: a placeholder that no pipeline resolved, a value that only one backend knows,
            a keyword that is no text, or a condition that selects nothing.
        SigmaConditionError: a condition that can't be parsed or names no detection.
    """
    if not isinstance(rule, Detections):
        from transpile.load import pysigma  # noqa: PLC0415 (takes 0.1 s)

        rule = pysigma.detections(rule)
    conditions = _Conditions(rule)
    return any_of([conditions.lower(text) for text in rule.conditions])


class _Conditions:
    """The conditions of one rule over its detections, each of which is lowered once."""

    def __init__(self, detections: Detections) -> None:
        self._detections = detections.named
        self._lowered: dict[str, Node] = {}

    def lower(self, text: str) -> Node:
        return self._node(parse(text))

    def _node(self, condition: Condition) -> Node:
        if isinstance(condition, Named):
            return self._detection(condition.name)
        if isinstance(condition, Selected):
            names = selected(condition.pattern, self._detections)
            if not names:
                raise Refused(
                    "empty-selection", f"no detection of the rule fits {condition.pattern!r}"
                )
            return _join(condition.every)([self._detection(name) for name in names])
        if isinstance(condition, Negated):
            return negation(self._node(condition.operand))
        return _join(condition.every)([self._node(operand) for operand in condition.operands])

    def _detection(self, name: str) -> Node:
        if name not in self._lowered:
            if name not in self._detections:
                raise SigmaConditionError(f"Detection '{name}' not defined in detections")
            self._lowered[name] = _lower_detection(self._detections[name])
        return self._lowered[name]


def _join(every: bool) -> Callable[[Iterable[Node]], Node]:
    return all_of if every else any_of


def _lower_detection(detection: Detection) -> Node:
    return _join(detection.every)(
        [
            _lower_item(part) if isinstance(part, Item) else _lower_detection(part)
            for part in detection.parts
        ]
    )


def _lower_item(item: Item) -> Node:
    values: list[SigmaType] = item.values or [SigmaNull()]
    node = _join(item.every)(
        [
            _lower_value(value, _Subject(item.field, place))
            for value, place in zip(values, item.place_of_each(len(values)), strict=True)
        ]
    )
    return negation(node) if item.negated else node


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a value is about: a field, or for a keyword none."""

    name: str | None
    place: Place | None

    def field_for(self, what: str) -> Field:
        if self.name is None:
            raise Refused("keyword-kind", f"a keyword must be text; this one is {what}", self.place)
        return Field(self.name)


@singledispatch
def _lower_value(value: SigmaType, subject: _Subject) -> Node:
    raise Refused(
        "backend-value",
        f"a {type(value).__name__} is written in the language of one backend only",
        subject.place,
    )


@_lower_value.register(SigmaExpansion)
def _(value: SigmaExpansion, subject: _Subject) -> Node:
    return any_of(_lower_value(v, subject) for v in value.values)


@_lower_value.register(SigmaString)
def _(value: SigmaString, subject: _Subject) -> Node:
    parts = _parts(value, subject.place)
    cased = isinstance(value, SigmaCasedString)
    if subject.name is None:
        return _keyword(parts, cased, subject.place)
    return text_match(Field(subject.name), parts, cased, subject.place)


def text_match(field: Field, parts: Parts, cased: bool, place: Place | None) -> Node:
    """The leaf for a text with wildcards: `*` alone asks for presence only."""
    if Wildcard.ANY_RUN not in parts and Wildcard.ANY_ONE not in parts:
        return Equals(field, "".join(map(str, parts)), cased, place=place)
    if parts == (Wildcard.ANY_RUN,):
        return Exists(field, place=place)
    return Glob(field, parts, cased, place=place)


_WILDCARDS = {
    SpecialChars.WILDCARD_MULTI: Wildcard.ANY_RUN,
    SpecialChars.WILDCARD_SINGLE: Wildcard.ANY_ONE,
}


def _parts(value: SigmaString, place: Place | None) -> Parts:
    parts: list[str | Wildcard] = []
    last: str | Wildcard | None = None
    for part in value.s:
        if isinstance(part, str):
            if isinstance(last, str):
                last = parts[-1] = last + part
                continue
            last = part
        elif isinstance(part, Placeholder):
            raise Refused(
                "unresolved-placeholder",
                f"no pipeline gives a value for the placeholder %{part.name}%",
                place,
            )
        else:
            wildcard = _WILDCARDS[part]
            if wildcard is last is Wildcard.ANY_RUN:
                continue
            last = wildcard
        parts.append(last)
    return tuple(parts)


def _keyword(parts: Parts, cased: bool, place: Place | None) -> Node:
    """A keyword is found anywhere, so an outer `*` says nothing."""
    inner = list(parts)
    while inner and inner[0] is Wildcard.ANY_RUN:
        del inner[0]
    while inner and inner[-1] is Wildcard.ANY_RUN:
        del inner[-1]
    if not inner:
        raise Refused("empty-keyword", "an empty keyword finds every event", place)
    return Keyword(tuple(inner), cased, place=place)


@_lower_value.register(SigmaRegularExpression)
def _(value: SigmaRegularExpression, subject: _Subject) -> Node:
    field = subject.field_for("a regular expression")
    if value.contains_placeholder():
        raise Refused(
            "unresolved-placeholder", "no pipeline gives a value for the placeholder", subject.place
        )
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    return Regex(field, str(value.regexp), flags, place=subject.place)


@_lower_value.register(SigmaNumber)
def _(value: SigmaNumber, subject: _Subject) -> Node:
    if subject.name is None:
        return Keyword((str(value.number),), place=subject.place)
    return NumberEquals(Field(subject.name), value.number, place=subject.place)


@_lower_value.register(SigmaTimestampPart)
def _(value: SigmaTimestampPart, subject: _Subject) -> Node:
    return _time_part(value, Comparison.EQ, subject)


def _time_part(value: SigmaTimestampPart, comparison: Comparison, subject: _Subject) -> Node:
    return TimePartCompare(
        subject.field_for("a part of a timestamp"),
        TimePart[value.timestamp_part.name],
        comparison,
        int(value.number),
        place=subject.place,
    )


@_lower_value.register(SigmaCompareExpression)
def _(value: SigmaCompareExpression, subject: _Subject) -> Node:
    comparison = Comparison[value.op.name]
    if isinstance(value.number, SigmaTimestampPart):
        return _time_part(value.number, comparison, subject)
    return Compare(
        subject.field_for("a comparison"), comparison, value.number.number, place=subject.place
    )


@_lower_value.register(SigmaBool)
def _(value: SigmaBool, subject: _Subject) -> Node:
    return BooleanEquals(subject.field_for("a truth value"), value.boolean, place=subject.place)


@_lower_value.register(SigmaNull)
def _(value: SigmaNull, subject: _Subject) -> Node:
    return IsNull(subject.field_for("null"), place=subject.place)


@_lower_value.register(SigmaExists)
def _(value: SigmaExists, subject: _Subject) -> Node:
    exists = Exists(subject.field_for("an existence test"), place=subject.place)
    return exists if value.exists else negation(exists)


@_lower_value.register(SigmaCIDRExpression)
def _(value: SigmaCIDRExpression, subject: _Subject) -> Node:
    field = subject.field_for("an address range")
    return Cidr(field, unmapped(value.network), place=subject.place)


_ANCHORS = {
    (False, False): Anchor.WHOLE,
    (True, False): Anchor.START,
    (False, True): Anchor.END,
    (True, True): Anchor.INSIDE,
}


@_lower_value.register(SigmaFieldReference)
def _(value: SigmaFieldReference, subject: _Subject) -> Node:
    return SameAs(
        subject.field_for("a field reference"),
        Field(value.field),
        _ANCHORS[value.starts_with, value.ends_with],
        place=subject.place,
    )
