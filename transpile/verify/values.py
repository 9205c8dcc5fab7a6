"""A value for one field that passes some tests and fails others.

Candidates are put together from what the tests ask for, and each is checked by the tests
themselves before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from ipaddress import IPv6Address
from itertools import chain, zip_longest
from typing import TypeAlias

from transpile.verify.predicates import (
    Absent,
    Boolean,
    Cidr,
    Compare,
    Network,
    Number,
    Part,
    Predicate,
    Regex,
    Segment,
    Text,
    TimePart,
    Wild,
    fold,
    segments,
)
from transpile.verify.sample import samples

Value: TypeAlias = str | int | float | bool | None
"""What an event holds in a field; ``None`` is an absent field."""

_TEXTS = ("Qz7", "J0 ~", "9", "\N{SNOWMAN}", "")
_NUMBERS = (424242, 0, -7, 999999999)
_ADDRESSES = ("198.51.100.7", "2001:db8:77::7", "203.0.113.9", "8.8.8.8", "2a00:1450::1")
_JOINTS = ("x", "", " ", "-q-", "\\", "/")


def fillers(tests: Sequence[Predicate]) -> tuple[Value, ...]:
    """Harmless values for a field that a rule asks *tests* of, of the type they suggest."""
    kinds = {type(test) for test in tests} - {Absent}
    if Cidr in kinds:
        return _ADDRESSES
    if kinds and kinds <= {Number, Compare}:
        return _NUMBERS
    if kinds == {Boolean}:
        return (True, False)
    return _TEXTS


def find_value(
    wanted: Sequence[Predicate], unwanted: Sequence[Predicate], fill: Sequence[Value]
) -> tuple[Value] | None:
    """A value that passes all *wanted* and no *unwanted* tests, in a tuple; else ``None``.

    The two-field test is not decided here; *fill* are the values to try when nothing is wanted.
    """
    if any(isinstance(test, Absent) for test in wanted):
        return (
            (None,)
            if all(isinstance(t, Absent) for t in wanted) and _ok(None, (), unwanted)
            else None
        )
    candidates: Iterable[Value] = _candidates(wanted) if wanted else (*fill, *_TEXTS, None)
    for candidate in candidates:
        if _ok(candidate, wanted, unwanted):
            return (candidate,)
    return None


def _ok(value: Value, wanted: Sequence[Predicate], unwanted: Sequence[Predicate]) -> bool:
    return all(_passes(test, value) for test in wanted) and not any(
        _passes(test, value) for test in unwanted
    )


def _passes(test: Predicate, value: Value) -> bool:
    if value is None:
        return isinstance(test, Absent)
    return test.accepts(value, {})


def _candidates(wanted: Sequence[Predicate]) -> Iterator[Value]:
    for test in wanted:
        if isinstance(test, Number):
            yield test.value
            yield str(test.value)
        elif isinstance(test, Boolean):
            yield test.value
        elif isinstance(test, Cidr):
            yield from addresses(test.network)
        elif isinstance(test, Compare):
            yield from (test.bound, test.bound + 1, test.bound - 1)
            yield from (test.bound * 2 + 1, -test.bound - 1)
    parts = [test for test in wanted if isinstance(test, TimePart)]
    if parts:
        yield from moments(parts)
    texts = [test for test in wanted if isinstance(test, Text)]
    regexes = [test for test in wanted if isinstance(test, Regex)]
    if texts or regexes:
        yield from _texts(texts, regexes)
    yield from _TEXTS
    yield from _NUMBERS


def instantiate(parts: tuple[Part, ...], run: str = "", one: str = "q") -> str:
    """The text of a pattern with its wildcards filled in."""
    return "".join(
        part if isinstance(part, str) else run if part is Wild.RUN else one for part in parts
    )


def _texts(texts: Sequence[Text], regexes: Sequence[Regex]) -> Iterator[str]:
    for text in texts:
        if Wild.RUN not in text.parts:
            yield instantiate(text.parts)
    start, floats, end = _pieces(texts)
    drawn = [samples(regex) for regex in regexes]
    for row in zip_longest(*drawn) if drawn else [()]:
        found = [text or options[0] for text, options in zip(row, drawn, strict=True) if options]
        yield from _arranged(start, floats, found, end)


def _pieces(texts: Sequence[Text]) -> tuple[str, list[str], str]:
    """What a value must start with, hold in any order, and end with."""
    starts: list[Segment] = [()]
    ends: list[Segment] = [()]
    floats: list[str] = []
    for text in texts:
        first, *rest = segments(text.parts)
        if not rest:
            continue
        starts.append(first)
        ends.append(rest.pop())
        floats += [instantiate(segment) for segment in rest if segment]
    start = max((instantiate(segment) for segment in starts), key=len)
    end = max((instantiate(segment) for segment in ends), key=len)
    return start, floats, end


def _arranged(start: str, floats: list[str], found: list[str], end: str) -> Iterator[str]:
    held = fold(f"{start}\0{end}\0{' '.join(found)}")
    needed = [
        text
        for position, text in enumerate(floats)
        if fold(text) not in held
        and not any(
            fold(text) in fold(other) and (len(text), -position) < (len(other), -index)
            for index, other in enumerate(floats)
            if index != position
        )
    ]
    orders = [needed + found, found + needed, [*reversed(needed), *found], floats + found]
    for joint in _JOINTS:
        for order in orders:
            yield joint.join([start, *order, end]) if order else start + joint + end
    for order in orders:
        yield "".join([start, *order, end])
        yield start + " ".join(order) + end
        yield start + end + " ".join(order)
        yield " ".join(order) + start + end
    yield start if start.endswith(end) else start + end
    yield _overlapped(start, end)


def _overlapped(start: str, end: str) -> str:
    for size in range(min(len(start), len(end)), 0, -1):
        if fold(start[-size:]) == fold(end[:size]):
            return start + end[size:]
    return start + end


def addresses(network: Network) -> list[str]:
    """Addresses just inside and just outside *network*, in the notations that logs use.

    The first ones are inside. IPv6 is written compressed and, as Sysmon writes it, with every
    group but without leading zeros.
    """
    first, last = int(network.network_address), int(network.broadcast_address)
    kind = type(network.network_address)
    middle = first + (last - first) // 2 + (1 if last - first > 1 else 0)
    limit = 2**network.max_prefixlen
    numbers = [middle, first, last, first - 1, last + 1]
    found = [kind(number) for number in numbers if 0 <= number < limit]
    texts = [str(address) for address in found]
    spelled = [
        text
        for address in found
        if isinstance(address, IPv6Address)
        for text in (uncompressed(address), str(address).upper())
    ]
    if network.version == 4:
        spelled = [f"::ffff:{found[0]}", f"::ffff:{found[-1]}"]
    turns = chain.from_iterable(zip_longest(texts, spelled[::2])), spelled[1::2]
    return [text for text in dict.fromkeys(chain(*turns)) if text is not None]


def uncompressed(address: IPv6Address) -> str:
    """*address* with all eight groups and no leading zeros."""
    return ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))


def moments(parts: Sequence[TimePart]) -> Iterator[str]:
    """Points in time around what *parts* ask for."""
    year, month, day, hour, minute = 2024, 3, 13, 10, 20
    for shift in (0, 1, -1):
        at = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
        for part in parts:
            if part.part != "week":
                at[part.part] = int(part.number) + shift
        text = "{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:30Z".format(**at)
        weeks = [int(part.number) + shift for part in parts if part.part == "week"]
        for week in weeks:
            try:
                monday = date.fromisocalendar(at["year"], week, 1)
            except ValueError:
                continue
            days = (monday + timedelta(days=offset) for offset in range(7))
            yield from (f"{found.isoformat()}{text[10:]}" for found in days)
        yield text


def unique(values: Iterable[Value]) -> list[Value]:
    """*values* without repetitions; ``1``, ``True`` and ``"1"`` are different values."""
    return list({(type(value), value): value for value in values}.values())
