"""Many rules, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.load.rules import BrokenRule, Rule, load_file
from transpile.run.convert import Conversion, Converter


def convert_files(
    found: Iterable[RuleFile | Problem], converter: Converter
) -> Iterator[Conversion]:
    """What comes out for each rule of the files, in their order; one file is held at a time.

    A rule whose id another one had before is broken: the two can't be told apart in a SIEM.
    """
    first: dict[str, str] = {}
    for file in found:
        for rule in load_file(file):
            yield converter.convert(_unique(rule, first))


def _unique(rule: Rule | BrokenRule, first: dict[str, str]) -> Rule | BrokenRule:
    if isinstance(rule, BrokenRule) or rule.id is None:
        return rule
    here = f"{rule.path}:{rule.place.line}"
    there = first.setdefault(rule.id, here)
    if there == here:
        return rule
    problem = rule.source.problem(
        "duplicate-id",
        f"the id {rule.id} is already that of {there}",
        rule.place,
        hint="give this rule an id of its own, or take one of the two out",
    )
    return BrokenRule(
        rule.file, rule.position, rule.alone, rule.id, rule.title, (problem, *rule.warnings)
    )
