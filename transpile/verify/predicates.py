"""What a rule can ask of one field's value: the predicates at the leaves of a meaning.

Every predicate is a frozen value with one question, ``accepts(value, event)``: *value* is present
in the event (never ``None``), *event* is there for predicates that look at a second field.

A value's text is the string itself, ``true``/``false`` for a boolean, the decimal notation for a
number and ISO 8601 for a point in time; predicates on text apply to that.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from transpile.values import dataclass

Event: TypeAlias = Mapping[str, object]
Network: TypeAlias = IPv4Network | IPv6Network


class Wild(Enum):
    """The wildcards of a Sigma string."""

    RUN = "*"
    """Any number of characters, none and newlines included."""
    ONE = "?"
    """Exactly one character."""


Part: TypeAlias = str | Wild
Segment: TypeAlias = tuple[Part, ...]


def fold(text: str) -> str:
    """*text* without case, character by character, so that its length never changes."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def text_of(value: object) -> str:
    """The text of a present scalar value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")


def number_of(value: object) -> int | float | None:
    """The number that *value* is, or that its text writes in decimal notation; else ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _DECIMAL.match(value):
        return float(value) if "." in value else int(value)
    return None


def segments(parts: tuple[Part, ...]) -> list[Segment]:
    """The pieces of a pattern between its ``*``: each matches text of one fixed length."""
    found: list[list[Part]] = [[]]
    for part in parts:
        if part is Wild.RUN:
            found.append([])
        else:
            found[-1].append(part)
    return [tuple(segment) for segment in found]


def _length(segment: Segment) -> int:
    return sum(len(part) if isinstance(part, str) else 1 for part in segment)


def _segment_pattern(segment: Segment) -> re.Pattern[str]:
    return re.compile(
        "".join(re.escape(part) if isinstance(part, str) else "." for part in segment), re.DOTALL
    )


@dataclass(frozen=True)
class Text:
    """A string with wildcards against the whole text of a value (Sigma: wildcards, escaping).

    Case counts only when *cased*. A literal ``*`` or ``?`` is part of a ``str`` part.
    """

    parts: tuple[Part, ...]
    cased: bool = False

    def accepts(self, value: object, event: Event) -> bool:
        text = text_of(value)
        return self._check(text if self.cased else fold(text))

    @property
    def wildcards(self) -> bool:
        """Whether the pattern has any wildcard."""
        return any(isinstance(part, Wild) for part in self.parts)

    @cached_property
    def _check(self) -> Callable[[str], bool]:
        parts = tuple(
            part if isinstance(part, Wild) or self.cased else fold(part) for part in self.parts
        )
        if not any(isinstance(part, Wild) for part in parts):
            return "".join(part for part in parts if isinstance(part, str)).__eq__
        first, *middle = segments(parts)
        if not middle:
            whole = _segment_pattern(first)
            return lambda text: whole.fullmatch(text) is not None
        last = middle.pop()
        head, tail = _segment_pattern(first), _segment_pattern(last)
        inner = [_segment_pattern(segment) for segment in middle if segment]
        head_length, tail_length = _length(first), _length(last)

        def check(text: str) -> bool:
            end = len(text) - tail_length
            if head_length > end or not head.match(text) or not tail.match(text, end):
                return False
            position = head_length
            for pattern in inner:
                found = pattern.search(text, position, end)
                if found is None:
                    return False
                position = found.end()
            return True

        return check


@dataclass(frozen=True)
class Number:
    """A number in the rule: equals that number, or its decimal notation as text."""

    value: int | float

    def accepts(self, value: object, event: Event) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            return value == self.value
        return text_of(value) == text_of(self.value)


@dataclass(frozen=True)
class Boolean:
    """A boolean in the rule: equals that boolean, or its name as text in any case."""

    value: bool

    def accepts(self, value: object, event: Event) -> bool:
        if isinstance(value, bool | str):
            return fold(text_of(value)) == text_of(self.value)
        return False


@dataclass(frozen=True)
class Absent:
    """``null`` and ``exists: false``: the field is not in the event."""

    def accepts(self, value: object, event: Event) -> bool:
        return False


@dataclass(frozen=True)
class Present:
    """``exists: true``: the field is in the event, whatever its value."""

    def accepts(self, value: object, event: Event) -> bool:
        return True


_UNIT = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
"""an escape, a class or a dollar: what tells a dollar that is an anchor from one that is not"""


def _ends_the_text(unit: re.Match[str]) -> str:
    return r"\Z" if unit[0] == "$" else unit[0]


@dataclass(frozen=True)
class Regex:
    """``re``: a regular expression found anywhere in the text; *flags* out of ``i m s``.

    ``\\w \\d \\s \\b`` are ASCII, and without ``m`` a ``$`` is the end of the text: Python and PCRE
    would also take it before a last line break, RE2 and Lucene would not, and the specification
    does not say. Raises ``re.error`` from :attr:`compiled` when it is invalid.
    """

    pattern: str
    flags: frozenset[str] = frozenset()

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern as Python searches it."""
        flags = re.ASCII
        for name, flag in (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL)):
            if name in self.flags:
                flags |= flag
        if not flags & re.MULTILINE:
            return re.compile(_UNIT.sub(_ends_the_text, self.pattern), flags)
        return re.compile(self.pattern, flags)

    def accepts(self, value: object, event: Event) -> bool:
        return self.compiled.search(text_of(value)) is not None


@dataclass(frozen=True)
class Cidr:
    """``cidr``: the value is an address inside *network*; mapped IPv4 counts as IPv4."""

    network: Network

    def accepts(self, value: object, event: Event) -> bool:
        try:
            address: IPv4Address | IPv6Address = ip_address(text_of(value))
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address in self.network


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
}


@dataclass(frozen=True)
class Compare:
    """``lt lte gt gte``: the value is a number, or decimal text, on that side of *bound*."""

    op: str
    bound: int | float

    def accepts(self, value: object, event: Event) -> bool:
        number = number_of(value)
        return number is not None and _COMPARE[self.op](number, self.bound)


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?", re.ASCII)


@dataclass(frozen=True)
class TimePart:
    """``minute hour day week month year``: that part of a date compares to *number* by *op*.

    The part is read off as written: no time zone is converted (Sigma: Time Modifiers). A date
    without a time has no hour and no minute; ``week`` is the week of ISO 8601.
    """

    part: str
    number: int | float
    op: str = "eq"

    def accepts(self, value: object, event: Event) -> bool:
        found = self._read(value)
        return found is not None and _COMPARE[self.op](found, self.number)

    def _read(self, value: object) -> int | None:
        match = _ISO.match(text_of(value))
        if match is None:
            return None
        year, month, day, hour, minute = match.groups()
        try:
            week = date(int(year), int(month), int(day)).isocalendar().week
        except ValueError:
            return None
        if self.part == "week":
            return week
        named = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
        text = named[self.part]
        return None if text is None else int(text)


@dataclass(frozen=True)
class SameAs:
    """``fieldref``: equals another field's value, or starts or ends with or contains it.

    *how* is ``equals``, ``startswith``, ``endswith`` or ``contains``. False when the other field
    is absent.
    """

    field: str
    how: str = "equals"
    cased: bool = False

    def accepts(self, value: object, event: Event) -> bool:
        other = event.get(self.field)
        if other is None:
            return False
        mine, its = text_of(value), text_of(other)
        if not self.cased:
            mine, its = fold(mine), fold(its)
        if self.how == "startswith":
            return mine.startswith(its)
        if self.how == "endswith":
            return mine.endswith(its)
        return its in mine if self.how == "contains" else mine == its


Predicate: TypeAlias = (
    Text | Number | Boolean | Absent | Present | Regex | Cidr | Compare | TimePart | SameAs
)
