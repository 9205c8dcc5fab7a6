"""What a rule looks for: field, kind and value, and how many rules look for the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from transpile.explain.stages import Predicate, scalar
from transpile.values import dataclass

KEYWORD_FIELD = "(any field)"
_KINDS: Mapping[str, str] = {
    "re": "regex_match",
    "cidr": "cidr_match",
    "fieldref": "field_match",
    "base64": "base64_match",
    "base64offset": "base64_match",
    "wide": "utf16_match",
    "utf16": "utf16_match",
    "utf16le": "utf16_match",
    "utf16be": "utf16_match",
    "lt": "less_match",
    "lte": "less_or_equal_match",
    "gt": "greater_match",
    "gte": "greater_or_equal_match",
    **dict.fromkeys(("minute", "hour", "day", "week", "month", "year"), "time_match"),
}
_CASELESS = ("match", "cidr_match")


class IndicatorKey(NamedTuple):
    """What makes two indicators the same: case counts only where it does in an event."""

    field: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A value that a rule looks for in a field, as the rule writes it, without blanks around it.

    Where in the field it must stand is not part of it: `startswith`, `contains` and a value with
    wildcards at its ends are all a `match`.
    """

    field: str
    kind: str
    value: str

    @property
    def key(self) -> IndicatorKey:
        value = self.value.casefold() if self.kind in _CASELESS else self.value
        return IndicatorKey(self.field, self.kind, value)


def indicators(predicates: Iterable[Predicate]) -> list[Indicator]:
    """The indicators of a rule by field, kind and value; a test for presence is none."""
    found: dict[IndicatorKey, Indicator] = {}
    for predicate in predicates:
        for indicator in _of(predicate):
            found.setdefault(indicator.key, indicator)
    return [found[key] for key in sorted(found)]


def _of(predicate: Predicate) -> Iterator[Indicator]:
    value, modifiers = predicate.value, predicate.modifiers
    if value is None or "exists" in modifiers:
        return
    kind = next((_KINDS[name] for name in modifiers if name in _KINDS), "match")
    text = value if isinstance(value, str) else scalar(value)
    if kind == "match":
        text = _inner(text)
    if text.strip():
        yield Indicator(predicate.field or KEYWORD_FIELD, kind, text.strip())


def _inner(text: str) -> str:
    """The text without the wildcards at its ends; an escaped one stays."""
    text = text.lstrip("*")
    while text.endswith("*"):
        before = text[:-1]
        backslashes = len(before) - len(before.rstrip("\\"))
        if backslashes % 2:
            break
        text = before
    return text


class Seeker(NamedTuple):
    """A rule that looks for an indicator, and the folder that it comes from."""

    key: str
    source: str


class Corpus:
    """Which rules look for which indicators; a rule counts once, however often it is added."""

    def __init__(self) -> None:
        self._seekers: dict[IndicatorKey, dict[str, Seeker]] = defaultdict(dict)
        self._rules: set[str] = set()

    def add(self, seeker: Seeker, found: Iterable[Indicator]) -> None:
        """Count a rule's indicators."""
        self._rules.add(seeker.key)
        for indicator in found:
            self._seekers[indicator.key][seeker.key] = seeker

    def holds(self, rule: str) -> bool:
        """Whether the rule of that key has been added."""
        return rule in self._rules

    def seekers(self, key: IndicatorKey) -> tuple[Seeker, ...]:
        """The rules that look for an indicator, in the order they were added."""
        return tuple(self._seekers.get(key, {}).values())

    def shared(self) -> Iterator[tuple[IndicatorKey, tuple[Seeker, ...]]]:
        """The indicators of two and more rules, by field, kind and value."""
        for key in sorted(self._seekers):
            if len(self._seekers[key]) > 1:
                yield key, self.seekers(key)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rules look for an indicator, by source folder."""

    total: int
    by_source: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        sources = ", ".join(f"{source} {number}" for source, number in self.by_source)
        return f"corpus {self.total} ({sources})"


def count(corpus: Corpus, indicator: Indicator) -> Count | None:
    """The count of an indicator; None below two, where only the rule itself looks for it."""
    seekers = corpus.seekers(indicator.key)
    if len(seekers) < 2:
        return None
    sources = Counter(seeker.source for seeker in seekers)
    return Count(len(seekers), tuple(sorted(sources.items())))
