"""Conditions that can't be read or name no detection, found before anything is converted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from sigma.exceptions import SigmaConditionError
from yaml import Node

from transpile.load.condition_tree import Named, parse, parts, selected
from transpile.load.hints import instead_of
from transpile.load.problem import Problem
from transpile.load.source import SourceText, place_of
from transpile.query import Place
from transpile.values import dataclass

MAX_LENGTH = 20_000
"""characters of a condition; the parser's time grows faster than its text"""
MAX_PARENTHESES = 30
"""how deep a condition's parentheses may be nested"""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a condition names, or from which character on it can't be read."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    broken_at: int | None = None
    message: str = ""


def check_condition(
    text: str, node: Node, detections: Mapping[str, object], source: SourceText
) -> Iterator[Problem]:
    """What is wrong with a condition; `node` is where the file has it."""
    read = _read(text)
    if read.broken_at is not None:
        yield source.problem(
            "condition-syntax",
            read.message,
            _place_in(text, read.broken_at, node, source),
            hint=_syntax_hint(text),
        )
    for name in read.names:
        if name not in detections:
            yield source.problem(
                "unknown-detection",
                f"the condition names {name!r}, which is no detection of this rule",
                source.find(node, rf"(?<![\w*-]){re.escape(name)}(?![\w*-])") or place_of(node),
                hint=instead_of(name, detections) or _syntax_hint(text),
            )
    for pattern in read.patterns:
        if not selected(pattern, detections):
            yield source.problem(
                "unknown-detection",
                f"no detection of this rule fits {pattern!r}",
                source.find(node, re.escape(pattern)) or place_of(node),
                hint=instead_of(pattern.rstrip("*"), detections),
            )


@lru_cache(maxsize=1024)
def _read(text: str) -> _Read:
    if "|" in text:
        message = "'|' (aggregation) is no longer part of Sigma's conditions"
        return _Read(broken_at=text.index("|"), message=message)
    if not text.strip():
        return _Read(broken_at=0, message="the condition is empty")
    if len(text) > MAX_LENGTH or _depth(text) > MAX_PARENTHESES:
        message = (
            f"the condition is longer than {MAX_LENGTH:,} characters or nested"
            f" more than {MAX_PARENTHESES} deep"
        )
        return _Read(broken_at=0, message=message)
    try:
        tree = parse(text)
    except SigmaConditionError as error:
        return _broken(text, error)
    except RecursionError:
        return _Read(broken_at=0, message="the condition is nested too deep")
    found = list(parts(tree))
    names = dict.fromkeys(part.name for part in found if isinstance(part, Named))
    patterns = dict.fromkeys(part.pattern for part in found if not isinstance(part, Named))
    return _Read(tuple(names), tuple(patterns))


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth -= 1
    return deepest


def _broken(text: str, error: SigmaConditionError) -> _Read:
    found = re.search(r"\(at char (\d+)\)", str(error))
    at = min(int(found[1]) if found else 0, len(text))
    rest = text[at:].strip()
    if text.count("(") != text.count(")"):
        message = "the parentheses of the condition don't pair up"
    elif rest:
        message = f"the condition can't be read from {rest[:30]!r} on"
    else:
        message = "the condition ends too early"
    return _Read(broken_at=at, message=message)


def _syntax_hint(text: str) -> str:
    if "|" in text:
        return "write a correlation rule"
    if re.search(r"\b(AND|OR|NOT|OF|ALL|ANY)\b", text):
        return "write and, or, not, of, all in lower case"
    if re.search(r"\b(\d+|any|all)\s+of\s*$", text) or re.search(r"\b([02-9]|\d\d+)\s+of\b", text):
        return "write '1 of' or 'all of' before a name, a pattern or 'them'"
    return ""


def _place_in(text: str, offset: int, node: Node, source: SourceText) -> Place:
    """The place of a character of the condition; its line's start where the file folds the text."""
    start = place_of(node)
    at = source.lines[start.line - 1].find(text, start.column - 1)
    return start if at < 0 else Place(start.line, at + offset + 1)
