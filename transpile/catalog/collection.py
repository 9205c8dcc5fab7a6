"""The rules of a catalogue, explained, and how they hang together."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from transpile.catalog.downloads import Download, downloads
from transpile.catalog.recipe import Recipe, explainer_of
from transpile.explain.explainer import Explainer
from transpile.explain.explanation import Explanation
from transpile.explain.indicators import Corpus, Indicator, IndicatorKey, Seeker, count
from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.load.rules import BrokenRule, Rule, load_file, load_text
from transpile.load.source import SourceText
from transpile.run.processes import Lost, Work, spread
from transpile.values import dataclass

HIDDEN = ("deprecated", "unsupported")
"""statuses of rules that are not shown unless they are asked for"""
_CHUNK = 40
_RELATED = 8
_COMMON = 50
"""an indicator of more rules than these makes no two of them related"""
_ID = re.compile(r"[0-9a-z][0-9a-z-]{7,63}")


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that can't be explained, and why."""

    path: str
    title: str
    problems: tuple[Problem, ...]


class Related(NamedTuple):
    """Another rule of the catalogue, as a link."""

    slug: str
    title: str
    level: str
    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Counted:
    """An indicator with its count in words, and its page where it has one."""

    indicator: Indicator
    count: str
    slug: str


@dataclass(frozen=True, slots=True)
class Sound:
    """A rule explained, and what can be downloaded of it."""

    rule: Explanation
    downloads: tuple[Download, ...]


Explained = Sound | Broken


def explain_file(file: RuleFile | Problem, explainer: Explainer, folder: str) -> list[Explained]:
    """Every rule of a file."""
    return [_explained(rule, explainer, folder) for rule in load_file(file)]


def explain_text(text: str, explainer: Explainer) -> list[Explained]:
    """Every rule of a text."""
    source, file = SourceText("rule.yml", text), RuleFile("rule.yml", "rule.yml")
    return [_explained(rule, explainer, "") for rule in load_text(source, file)]


def _explained(rule: Rule | BrokenRule, explainer: Explainer, folder: str) -> Explained:
    if isinstance(rule, BrokenRule):
        return Broken(rule.file.relative, rule.title, rule.problems)
    conversion = explainer.convert(rule)
    explanation = explainer.explained(rule, conversion, folder)
    return Sound(explanation, tuple(downloads(conversion)))


def explain_files(
    found: Sequence[RuleFile | Problem],
    recipe: Recipe,
    processes: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> Iterator[list[Explained]]:
    """What there is of each file, in their order; made by so many processes."""
    explain = partial(_explaining, recipe)
    for file, explained in zip(found, spread(found, explain, processes, _CHUNK), strict=True):
        yield [_lost(file, explained)] if isinstance(explained, Lost) else explained
        advance()


def _explaining(recipe: Recipe) -> Work[RuleFile | Problem, list[Explained]]:
    return partial(_explain_all, explainer_of(recipe), recipe.folder)


def _explain_all(
    explainer: Explainer, folder: str, files: Sequence[RuleFile | Problem]
) -> list[list[Explained]]:
    return [explain_file(file, explainer, folder) for file in files]


def _lost(file: RuleFile | Problem, lost: Lost) -> Broken:
    message = f"the process that explained this file ended before it was done ({lost})"
    path = file.relative if isinstance(file, RuleFile) else file.path
    return Broken(path, "", (Problem("process-lost", message, file.path),))


class Collection:
    """All rules of a catalogue."""

    def __init__(self, explained: Iterable[Explained]) -> None:
        self.rules: dict[str, Explanation] = {}
        self.downloads: dict[str, tuple[Download, ...]] = {}
        self.broken: list[Broken] = []
        for one in explained:
            if isinstance(one, Broken):
                self.broken.append(one)
            else:
                slug = self._slug(one.rule)
                self.rules[slug] = one.rule
                self.downloads[slug] = one.downloads

    def _slug(self, rule: Explanation) -> str:
        """The name of the rule's page: its id, where that can be one and no other rule has it."""
        identifier = (rule.head.id or "").lower()
        if _ID.fullmatch(identifier) and identifier not in self.rules:
            return identifier
        place = f"{rule.head.path}#{rule.head.position}"
        return f"rule-{_digest(place)}"

    @cached_property
    def corpus(self) -> Corpus:
        """Which rules look for what; rules go by their slugs."""
        corpus = Corpus()
        for slug, rule in self.rules.items():
            corpus.add(Seeker(slug, rule.head.source), rule.indicators)
        return corpus

    @cached_property
    def shared(self) -> dict[str, IndicatorKey]:
        """The indicators of two and more rules by the names of their pages."""
        return {indicator_slug(key): key for key, _ in self.corpus.shared()}

    def link(self, slug: str) -> Related:
        """A rule as a link."""
        head = self.rules[slug].head
        return Related(slug, head.title, head.about.level, head.source, head.path)

    def seekers(self, key: IndicatorKey) -> list[Related]:
        """The rules that look for an indicator, by title."""
        found = (self.link(seeker.key) for seeker in self.corpus.seekers(key))
        return sorted(found, key=lambda rule: (rule.title.casefold(), rule.slug))

    def counted(self, rule: Explanation) -> list[Counted]:
        """The indicators of a rule with their counts and pages."""
        counted = []
        for indicator in rule.indicators:
            number = count(self.corpus, indicator)
            slug = indicator_slug(indicator.key) if number else ""
            counted.append(Counted(indicator, str(number or ""), slug))
        return counted

    def related(self, slug: str) -> list[Related]:
        """The rules that share most with a rule; what few look for counts more."""
        weights: dict[str, float] = defaultdict(float)
        for indicator in self.rules[slug].indicators:
            seekers = self.corpus.seekers(indicator.key)
            if len(seekers) <= _COMMON:
                for seeker in seekers:
                    weights[seeker.key] += 1 / len(seekers)
        weights.pop(slug, None)
        best = sorted(weights, key=lambda other: (-weights[other], other))[:_RELATED]
        return list(map(self.link, best))


def is_hidden(rule: Explanation) -> bool:
    """Whether a rule is shown only when it is asked for."""
    return rule.head.about.status in HIDDEN


def indicator_slug(key: IndicatorKey) -> str:
    """The name of an indicator's page."""
    return _digest("\0".join(key))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
