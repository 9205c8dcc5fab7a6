"""Strings that a regular expression finds, drawn from its parse tree: always the same ones."""

from __future__ import annotations

import importlib
import random
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from transpile.verify.predicates import Regex

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_ALPHABET = "xaA7 -_.\\/:;\"'%$&<>(){}[]|+*?=@#~^!,`\t\n\ré"
# No vertical tab or form feed: engines differ on whether `\s` holds them, and the specification
# does not say.
_VARIANTS = 8
_LONGEST_RUN = 4096


@lru_cache(maxsize=4096)
def samples(regex: Regex) -> tuple[str, ...]:
    """Up to a few strings that *regex* finds, the plainest first; none if none was met."""
    tree = _parser.parse(regex.pattern, regex.compiled.flags)
    found: dict[str, None] = {}
    for variant in range(_VARIANTS):
        drawn = _Drawing(variant).sequence(tree)
        for text in (drawn, f" {drawn} ", f"x{drawn}x"):
            if regex.accepts(text, {}):
                found[text] = None
                break
    return tuple(found)


class _Drawing:
    """One way through the parse tree: variant 0 the first and shortest, 1 the last and longer."""

    def __init__(self, variant: int) -> None:
        self._variant = variant
        self._random = random.Random(variant)  # noqa: S311 - a fixed seed, for variety
        self._groups: dict[int, str] = {}

    def sequence(self, tree: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._one(str(kind), argument) for kind, argument in tree)

    def _pick(self, count: int) -> int:
        if self._variant < 2:
            return 0 if self._variant == 0 else count - 1
        return self._random.randrange(count)

    def _one(self, kind: str, argument: Any) -> str:
        draw = getattr(self, f"_{kind.lower()}", None)
        return str(draw(argument)) if draw is not None else ""

    def _literal(self, code: int) -> str:
        return chr(code)

    def _not_literal(self, code: int) -> str:
        return self._of([char for char in _ALPHABET if ord(char) != code])

    def _any(self, _: None) -> str:
        return self._of(["x", "-", "Q"])

    def _in(self, items: Any) -> str:
        return self._of(_members(tuple(items)))

    def _branch(self, argument: Any) -> str:
        branches = argument[1]
        return self.sequence(branches[self._pick(len(branches))])

    def _subpattern(self, argument: Any) -> str:
        text = self.sequence(argument[3])
        if argument[0] is not None:
            self._groups[argument[0]] = text
        return text

    def _groupref(self, group: int) -> str:
        return self._groups.get(group, "")

    def _atomic_group(self, body: Any) -> str:
        return self.sequence(body)

    def _assert(self, argument: Any) -> str:
        ahead = argument[0] > 0
        return self.sequence(argument[1]) if ahead else ""

    def _max_repeat(self, argument: Any) -> str:
        least, most, body = argument
        count = min(least + self._pick(3), int(most), max(least, _LONGEST_RUN))
        return "".join(self.sequence(body) for _ in range(count))

    _min_repeat = _possessive_repeat = _max_repeat

    def _of(self, choices: list[str]) -> str:
        return choices[self._pick(len(choices))] if choices else ""


@lru_cache(maxsize=4096)
def _members(items: tuple[Any, ...]) -> list[str]:
    """The characters of a class that are worth trying."""
    negated = bool(items) and str(items[0][0]) == "NEGATE"
    ends = [chr(value) for kind, value in items if str(kind) == "LITERAL"]
    for kind, value in items:
        if str(kind) == "RANGE":
            ends += [chr(value[0]), chr(value[1])]
    return [
        char
        for char in dict.fromkeys([*ends, *_ALPHABET])
        if any(_inside(char, str(kind), value) for kind, value in items) != negated
    ]


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _inside(char: str, kind: str, value: Any) -> bool:
    if kind == "LITERAL":
        return ord(char) == int(value)
    if kind == "RANGE":
        return int(value[0]) <= ord(char) <= int(value[1])
    if kind == "CATEGORY":
        return re.match(_CATEGORIES[str(value)], char, re.ASCII) is not None
    return False
