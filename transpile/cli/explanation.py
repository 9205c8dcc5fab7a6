"""An explanation on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import typer

from transpile.cli.style import OUTCOME_COLOURS, is_coloured, printable
from transpile.explain.event_check import CheckedEvent, CheckedPart
from transpile.explain.explanation import Explanation, TargetView
from transpile.explain.former_names import former_name
from transpile.explain.indicators import Corpus, count
from transpile.explain.markdown import facts
from transpile.explain.stages import Group, Part


def show(
    explanation: Explanation, corpus: Corpus, checked: Iterable[CheckedEvent] = ()
) -> Iterator[str]:
    """The lines of the page about a rule."""
    head = explanation.head
    yield _bold(printable(head.title))
    width = 12
    for name, value in facts(head):
        yield f"{name:{width}}{_one_line(value)}"
    for name, values in (
        ("References", head.about.references),
        ("False pos.", head.about.false_positives),
    ):
        for position, value in enumerate(values):
            yield f"{name if position == 0 else '':{width}}{_one_line(value)}"
    if head.about.description:
        yield ""
        yield from (printable(line) for line in head.about.description.splitlines())
    yield from _titled("In plain words", [printable(explanation.words)])
    yield from _titled("MITRE ATT&CK coverage", _attack(explanation))
    yield from _titled("Event coverage", _events(explanation))
    yield from _titled("Stages and predicates", _stages(explanation))
    yield from _titled("Indicators", _indicators(explanation, corpus))
    for target in explanation.targets:
        outcome = _paint(target.outcome.value, OUTCOME_COLOURS[target.outcome])
        yield from _titled(f"{target.title}: {outcome}", _target(target))
    for number, one in enumerate(checked, 1):
        verdict = _paint("found", "green") if one.found else _paint("not found", "red")
        lines = (line for part in one.conditions for line in _stages_checked(part))
        yield from _titled(f"Event {number}: {verdict}", lines)


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield ""
        yield _bold(title)
        yield from (f"  {line}" for line in listed)


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _paint(text: str, colour: str, *, bold: bool = False) -> str:
    return typer.style(text, fg=colour, bold=bold or None) if is_coloured(sys.stdout) else text


def _bold(text: str) -> str:
    return _paint(text, "bright_white", bold=True)


def _attack(explanation: Explanation) -> Iterator[str]:
    for tactic, techniques in explanation.attack.by_tactic:
        listed = ", ".join(f"{one.id} {one.name}" for one in techniques)
        former = former_name(tactic)
        name = f"{tactic.name} (formerly {former})" if former else tactic.name
        yield f"{name}: {listed}" if listed else name
    for old, new in explanation.attack.replaced.items():
        yield f"({printable(old)} is now {', '.join(new)})"


def _events(explanation: Explanation) -> Iterator[str]:
    for one in explanation.events:
        parts = (one.provider, one.id, one.title, f"({one.channel})" if one.channel else "")
        yield printable("  ".join(part for part in parts if part))


def _stages(explanation: Explanation) -> Iterator[str]:
    for condition in explanation.conditions:
        if len(explanation.conditions) > 1:
            yield f"Condition: {_one_line(condition.text)}"
        for number, stage in enumerate(condition.stages, 1):
            spelled = f" ({stage.spelled})" if stage.spelled else ""
            yield _one_line(f"Stage {number}: {stage.text}{spelled}")
            yield from _part(stage.part, 1)


def _part(part: Part, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not isinstance(part, Group):
        yield indent + printable(str(part))
        return
    name = f"{printable(part.name)} " if part.name else ""
    yield f"{indent}{name}{part.join.value}:"
    for member in part.members:
        yield from _part(member, depth + 1)


def _indicators(explanation: Explanation, corpus: Corpus) -> Iterator[str]:
    heading = ""
    for indicator in explanation.indicators:
        title = f"{indicator.field} {indicator.kind}"
        if title != heading:
            heading = title
            yield printable(title)
        counted = count(corpus, indicator)
        yield f"  {printable(indicator.value)}" + (f"  {counted}" if counted else "")


def _target(target: TargetView) -> Iterator[str]:
    for reason in target.reasons:
        place = f"line {reason.place.line}: " if reason.place else ""
        yield printable(f"{place}{reason.code}: {reason.message}")
    if target.query is not None:
        yield from (printable(line) for line in target.query.splitlines())
    renamed = [(one, name) for one, name in sorted(target.fields.items()) if one != name]
    if renamed:
        width = max(len(one) for one, _ in renamed)
        yield ""
        yield from (printable(f"{one:{width}} -> {name}") for one, name in renamed)
    needed = [*([target.table] if target.table else []), *target.scope]
    if needed:
        yield ""
        yield printable(f"must be collected: {', '.join(needed)}")


def _stages_checked(part: CheckedPart) -> Iterator[str]:
    for stage in part.members:
        yield from _checked(stage, 0)


def _checked(part: CheckedPart, depth: int) -> Iterator[str]:
    mark = _paint("pass", "green") if part.passed else _paint("FAIL", "red")
    why = f": {part.why}" if part.why else ""
    actual = f" ({part.actual!r})" if part.actual else ""
    yield f"{'  ' * depth}{mark} {printable(part.text)}{printable(why)}{printable(actual)}"
    for member in part.members:
        yield from _checked(member, depth + 1)
