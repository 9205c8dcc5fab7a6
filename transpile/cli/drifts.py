"""Differences on a terminal: coloured there, plain elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import typer

from transpile.check.diff import unified
from transpile.check.drift import By, Drift
from transpile.check.reports.words import SAID, text_of
from transpile.cli.style import is_coloured, printable

_NAMES = {
    By.RULE: "the rules",
    By.TOOL: "the tool",
    By.PROFILE: "the profile",
    By.PIPELINE: "a pipeline",
    By.SCHEMA: "the schema of the indices",
    By.ENVIRONMENT: "what the configuration says of the installation",
    By.TARGETS: "the choice of targets",
    By.HAND: "a hand",
    By.UNKNOWN: "something that the lock file doesn't tell",
}


def one_by_one(drifts: Sequence[Drift], *, diff: bool) -> Iterator[str]:
    """The lines about each difference."""
    for number, drift in enumerate(drifts):
        if number and diff:
            yield ""
        yield from _about(drift)
        if diff:
            yield from _diff(drift)


def by_cause(drifts: Sequence[Drift], *, diff: bool) -> Iterator[str]:
    """The same, grouped by who or what changed them."""
    groups: dict[tuple[By, ...], list[Drift]] = {}
    for drift in drifts:
        found = {cause.by for cause in drift.causes}
        groups.setdefault(tuple(by for by in By if by in found), []).append(drift)
    for number, (causes, group) in enumerate(sorted(groups.items(), key=lambda g: len(g[0]))):
        if number:
            yield ""
        named = " and ".join(_NAMES[by] for by in causes)
        yield _paint(f"changed by {named}: {len(group)}", "bright_white", bold=True)
        for drift in group:
            yield from _about(drift)
            if diff:
                yield from _diff(drift)


def _about(drift: Drift) -> Iterator[str]:
    kind = _paint(drift.kind.value, "red", bold=True)
    yield f"{kind} {printable(drift.name)} {SAID[drift.kind]}"
    for cause in drift.causes:
        yield f"  {printable(text_of(cause))}"


def _diff(drift: Drift) -> Iterator[str]:
    for line in unified(drift.name, drift.committed, drift.expected):
        shown = printable(line)
        if line.startswith(("---", "+++")):
            yield _paint(shown, "bright_white", bold=True)
        elif line.startswith("@@"):
            yield _paint(shown, "cyan")
        elif line.startswith("+"):
            yield _paint(shown, "green")
        elif line.startswith("-"):
            yield _paint(shown, "red")
        else:
            yield shown


def _paint(text: str, colour: str, *, bold: bool = False) -> str:
    return typer.style(text, fg=colour, bold=bold or None) if is_coloured(sys.stdout) else text
