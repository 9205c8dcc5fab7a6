"""Values near a boundary of one test: what a translation of that test most easily gets wrong.

Nothing here says which side of the boundary a value is on: the reference labels it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from transpile.verify.predicates import (
    Absent,
    Boolean,
    Cidr,
    Compare,
    Number,
    Predicate,
    Present,
    Regex,
    SameAs,
    Text,
    TimePart,
    Wild,
    text_of,
)
from transpile.verify.sample import samples
from transpile.verify.values import Value, addresses, instantiate, moments, unique

_RUN = "\"'\\ *?<>&%\n\N{LATIN SMALL LETTER E WITH ACUTE}"


def near(test: Predicate, value: Value, turn: int = 0) -> list[Value]:
    """Values around *value*, which passes *test* or is a filler.

    What is peculiar to the test comes first; what can happen to any text starts at another place
    with every *turn*, so that many tests together see all of it.
    """
    general: list[Value] = []
    if isinstance(test, Text) and isinstance(value, str):
        general = list(_any_text(value, instantiate(test.parts)))
        general = general[turn % len(general) :] + general[: turn % len(general)]
    return [other for other in unique([*_near(test, value), *general]) if other != value]


@singledispatch
def _near(test: Predicate, value: Value) -> Iterable[Value]:
    raise TypeError(f"no values are known around {type(test).__name__}")


@_near.register
def _(test: Text, value: Value) -> Iterator[Value]:
    if not isinstance(value, str):
        yield from (text_of(value), f"{text_of(value)}0")
        return
    yield from _replaced_wildcards(test, value)
    yield from _without_special_meaning(test, value)


def _any_text(value: str, tight: str) -> Iterator[str]:
    """*value*, in which *tight* is what was asked for, with something added or changed."""
    yield f"{value} x"
    yield f"x {value}"
    yield from _damaged(value, tight)
    yield value.swapcase()
    yield tight
    yield f'"{value}"'
    yield f"\N{LATIN SMALL LETTER E WITH ACUTE}{value}\N{LATIN SMALL LETTER U WITH DIAERESIS}"
    yield f"{_RUN}{value}{_RUN}"
    yield value.replace("\\", "\\\\")
    yield value.replace("\\", "/")
    yield f"{value}\n"
    yield f"x\n{value}"
    yield value[1:]
    yield value[:-1]
    yield value + value
    yield value.replace(" ", "")


def _in_place(test: Text, value: str, run: str, one: str) -> str:
    """*value* with the test's wildcards filled in another way, what is around them kept."""
    tight = instantiate(test.parts)
    other = instantiate(test.parts, run, one)
    return value.replace(tight, other, 1) if tight and tight in value else other


def _replaced_wildcards(test: Text, value: str) -> Iterator[str]:
    inner = Wild.RUN in test.parts[1:-1]
    if Wild.ONE in test.parts:
        for one in ("", "qq", "*", "\\", "\n"):
            yield _in_place(test, value, "", one)
    if inner:
        for run in ("", " ", _RUN):
            yield instantiate(test.parts, run)


def _without_special_meaning(test: Text, value: str) -> Iterator[str]:
    """The literal ``*`` and ``?`` of the test replaced, as if they had been wildcards."""
    if any(isinstance(part, str) and ("*" in part or "?" in part) for part in test.parts):
        for star, mark in (("Z", "Z"), ("", ""), ("ZZ", "?"), ("*", "Z")):
            yield value.replace("*", star).replace("?", mark)


def _damaged(value: str, tight: str) -> Iterator[str]:
    """*value* with one character of the tested text replaced, left out, or put in."""
    start = value.find(tight) if tight else -1
    if start < 0:
        start, tight = 0, value
    if not tight:
        return
    middle = start + len(tight) // 2
    last = start + len(tight) - 1
    for position in (middle, start, last):
        other = "Z" if value[position] not in "zZ" else "K"
        yield value[:position] + other + value[position + 1 :]
    yield value[:middle] + value[middle + 1 :]
    yield value[:middle] + "\N{LATIN SMALL LETTER E WITH ACUTE}" + value[middle:]


@_near.register
def _(test: Number, value: Value) -> Iterator[Value]:
    yield from (test.value + 1, str(test.value), test.value - 1, test.value * 10)


@_near.register
def _(test: Boolean, value: Value) -> Iterator[Value]:
    name = text_of(test.value)
    yield from (not test.value, name, name.upper(), name.title())


@_near.register
def _(test: Absent, value: Value) -> Iterator[Value]:
    yield from (None, "", "-", " ", "null")


@_near.register
def _(test: Present, value: Value) -> Iterator[Value]:
    yield from ("", None, "x", " ")


@_near.register
def _(test: Regex, value: Value) -> Iterator[Value]:
    drawn = samples(test)
    yield from drawn[:2]
    if isinstance(value, str):
        yield value.swapcase()
        yield f"x\n{value}\ny"
        yield f"x{value}x"
        for text in (value, *drawn[:3]):
            positions = sorted({0, len(text) // 3, len(text) // 2, 2 * len(text) // 3})
            for position in positions:
                yield text[:position] + text[position + 1 :]
        yield value[:-1]
        yield f"{_RUN}{value}{_RUN}"
        yield value.upper()
        yield value.lower()
    yield from drawn[2:]
    yield from (text.swapcase() for text in drawn)


@_near.register
def _(test: Cidr, value: Value) -> Iterator[Value]:
    yield from addresses(test.network)
    yield "-"


@_near.register
def _(test: Compare, value: Value) -> Iterator[Value]:
    bound = test.bound
    for number in (bound, bound + 1, bound - 1):
        yield number
        yield str(number)
    yield from (bound * 10, -bound, 9, 10, "9", "10", 0)


@_near.register
def _(test: TimePart, value: Value) -> Iterator[Value]:
    for moment in moments([test]):
        yield moment
        yield moment.replace("T", " ").removesuffix("Z")
    yield "2024-03-13"


@_near.register
def _(test: SameAs, value: Value) -> Iterator[Value]:
    text = text_of(value) if value is not None else ""
    yield from (text.swapcase(), f"{text}x", f"x{text}", f"x{text}x", text[1:], f"{text} ", None)
