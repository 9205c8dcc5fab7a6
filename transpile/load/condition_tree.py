"""The condition of a rule as a tree.

Conditions are pySigma's to judge. Its parser takes a tenth of a second to load, so what is beyond
doubt is read here; whatever else a condition holds goes to pySigma, which reads it or says why not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

from sigma.exceptions import SigmaConditionError

from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """The detection of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Selected:
    """All detections, or any of them, whose names fit a pattern."""

    pattern: str
    every: bool


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Operands of `and` (every) or of `or`."""

    operands: tuple[Condition, ...]
    every: bool


Condition: TypeAlias = Named | Selected | Negated | Joined


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """The tree of a condition.

    Raises:
        SigmaConditionError: it can't be parsed, in pySigma's words.
        RecursionError: it is nested too deep.
    """
    return _Plain(text).read() or _pysigma(text)


def parts(condition: Condition) -> Iterator[Named | Selected]:
    """The names and the patterns of a condition, in its order."""
    if isinstance(condition, (Named, Selected)):
        yield condition
    elif isinstance(condition, Negated):
        yield from parts(condition.operand)
    else:
        for operand in condition.operands:
            yield from parts(operand)


def selected(pattern: str, names: Iterable[str]) -> list[str]:
    """The detections that a pattern selects.

    As in pySigma, a leading underscore hides a detection from the patterns of others.
    """
    fits = re.compile(".*" if pattern == "them" else pattern.replace("*", ".*"))
    hidden = pattern.startswith("_")
    return [name for name in names if fits.fullmatch(name) and (hidden or not name.startswith("_"))]


_PLAIN = re.compile(r"[A-Za-z0-9_*() \t\r\n-]+")
_TOKEN = re.compile(r"[()]|[^() \t\r\n]+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PATTERN = re.compile(r"[A-Za-z0-9_*]+")
_QUANTIFIERS = {"1": False, "any": False, "all": True}
_RESERVED = frozenset(("of", "and", "or", *_QUANTIFIERS))
_DEEPEST = 60


class _Doubtful(Exception):
    """pySigma must decide."""


class _Plain:
    """Reads conditions of names, selectors, `not`, `and`, `or` and parentheses.

    A name that begins with `not` is doubtful, as pySigma reads `notepad` as `not epad`.
    """

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(text) if _PLAIN.fullmatch(text) else []
        self._next = 0

    def read(self) -> Condition | None:
        """The tree, or None where the text is doubtful."""
        try:
            tree = self._any(0)
        except _Doubtful:
            return None
        return tree if self._next == len(self._tokens) else None

    def _any(self, depth: int) -> Condition:
        operands = [self._every(depth)]
        while self._takes("or"):
            operands.append(self._every(depth))
        return operands[0] if len(operands) == 1 else Joined(tuple(operands), every=False)

    def _every(self, depth: int) -> Condition:
        operands = [self._operand(depth)]
        while self._takes("and"):
            operands.append(self._operand(depth))
        return operands[0] if len(operands) == 1 else Joined(tuple(operands), every=True)

    def _operand(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _Doubtful
        token = self._take()
        if token == "not":  # noqa: S105
            return Negated(self._operand(depth + 1))
        if token == "(":  # noqa: S105
            inner = self._any(depth + 1)
            if not self._takes(")"):
                raise _Doubtful
            return inner
        if token in _QUANTIFIERS and self._takes("of"):
            pattern = self._take()
            if not _PATTERN.fullmatch(pattern):
                raise _Doubtful
            return Selected(pattern, _QUANTIFIERS[token])
        if token in _RESERVED or token.startswith("not") or not _NAME.fullmatch(token):
            raise _Doubtful
        return Named(token)

    def _takes(self, token: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == token
        self._next += found
        return found

    def _take(self) -> str:
        if self._next == len(self._tokens):
            raise _Doubtful
        self._next += 1
        return self._tokens[self._next - 1]


def _pysigma(text: str) -> Condition:
    from sigma.conditions import SigmaCondition  # noqa: PLC0415 (takes 0.1 s)
    from sigma.rule import SigmaDetections  # noqa: PLC0415

    no_detections = SigmaDetections.__new__(SigmaDetections)
    return _tree(SigmaCondition(text, no_detections).parse(postprocess=False))


def _tree(item: object) -> Condition:
    from sigma.conditions import (  # noqa: PLC0415
        ConditionAND,
        ConditionIdentifier,
        ConditionNOT,
        ConditionOR,
        ConditionSelector,
    )

    if isinstance(item, ConditionIdentifier):
        return Named(item.identifier)
    if isinstance(item, ConditionSelector):
        return Selected(item.pattern, item.cond_class is ConditionAND)
    if isinstance(item, ConditionNOT):
        return Negated(_tree(item.args[0]))
    if isinstance(item, (ConditionAND, ConditionOR)):
        return Joined(tuple(map(_tree, item.args)), isinstance(item, ConditionAND))
    raise SigmaConditionError(f"unknown condition {type(item).__name__}")
