"""An explanation as Markdown; nothing that a rule holds is read as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from transpile.attack import Tactic
from transpile.explain.event_check import CheckedEvent, CheckedPart
from transpile.explain.explanation import Explanation, Head, TargetView
from transpile.explain.former_names import former_name
from transpile.explain.indicators import Corpus, count
from transpile.explain.stages import Group, Part

_SPECIAL = re.compile(r"([\\`*_\[\]<>|&~$]|^[#+-]|(?<=^\d)[.)])")


def markdown(
    explanation: Explanation, corpus: Corpus | None = None, checked: Iterable[CheckedEvent] = ()
) -> str:
    """The page about a rule."""
    sections = (
        _head(explanation.head),
        ["## In plain words", "", _plain(explanation.words)],
        _attack(explanation),
        _events(explanation),
        _stages(explanation),
        _indicators(explanation, corpus or Corpus()),
        ["## Queries", ""],
        *map(_target, explanation.targets),
        *(_checked(number, one) for number, one in enumerate(checked, 1)),
    )
    return "\n\n".join("\n".join(lines).rstrip() for lines in map(list, sections) if lines) + "\n"


def _plain(text: str) -> str:
    """Text that means only itself, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Text in a code span, in one line; a table's cell holds it too."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    if "|" in text:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
        return f"<code>{escaped}</code>"
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    # A blank at each end is taken off again where both are there.
    pad = " " if "`" in text or (text.startswith(" ") and text.endswith(" ")) else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else "(empty)"


def _fenced(text: str, language: str) -> list[str]:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return [f"{fence}{language}", text, fence]


def _table(*titles: str, rows: Iterable[Iterable[str]]) -> list[str]:
    head = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    return head + ["| " + " | ".join(cells) + " |" for cells in rows]


def facts(head: Head) -> Iterator[tuple[str, str]]:
    """What a rule says of itself, by name, as far as it does."""
    about = head.about
    named = (
        ("Severity", about.level),
        ("Status", about.status),
        ("Author", about.author),
        ("Source", head.source),
        ("File", head.path),
        ("Id", head.id),
        ("Log source", ", ".join(f"{name}: {value}" for name, value in head.logsource.items())),
        ("Definition", head.definition),
        ("Date", about.date),
        ("Modified", about.modified),
        ("License", about.license),
        ("Tags", ", ".join(about.tags)),
    )
    for name, value in named:
        if value:
            yield name, value


def _head(head: Head) -> list[str]:
    lines = [f"# {_plain(head.title)}", ""]
    lines += _table("", "", rows=((name, _plain(value)) for name, value in facts(head)))
    if head.about.description:
        lines += ["", _plain(head.about.description)]
    for title, listed in (
        ("References", head.about.references),
        ("False positives", head.about.false_positives),
    ):
        if listed:
            lines += ["", f"**{title}**", "", *(f"- {_plain(one)}" for one in listed)]
    return lines


def _attack(explanation: Explanation) -> list[str]:
    coverage = explanation.attack
    if not coverage.by_tactic:
        return []
    rows = (
        (
            f"[{_plain(tactic.name)}]({tactic.url})" + _formerly(tactic),
            "<br>".join(f"[{one.id} {_plain(one.name)}]({one.url})" for one in techniques),
        )
        for tactic, techniques in coverage.by_tactic
    )
    lines = ["## MITRE ATT&CK coverage", "", *_table("Tactic", "Techniques", rows=rows)]
    for old, new in coverage.replaced.items():
        lines += ["", f"{_code(old)} is now {', '.join(map(_code, new))}."]
    return lines


def _formerly(tactic: Tactic) -> str:
    former = former_name(tactic)
    return f" (formerly {former})" if former else ""


def _events(explanation: Explanation) -> list[str]:
    rows = (
        (f"[{_plain(one.provider)}]({one.source})", one.id, _plain(one.title), _plain(one.channel))
        for one in explanation.events
    )
    titles = ("Provider", "Event ID", "Title", "Channel")
    return ["## Event coverage", "", *_table(*titles, rows=rows)] if explanation.events else []


def _stages(explanation: Explanation) -> Iterator[str]:
    yield "## Stages and predicates"
    for condition in explanation.conditions:
        if len(explanation.conditions) > 1:
            yield f"\nCondition {_code(condition.text)}"
        for number, stage in enumerate(condition.stages, 1):
            spelled = f": {_plain(stage.spelled)}" if stage.spelled else ""
            yield f"\n**Stage {number}:** {_code(stage.text)}{spelled}\n"
            yield from _part(stage.part, 0)


def _part(part: Part, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not isinstance(part, Group):
        yield f"{indent}- {_code(str(part))}"
        return
    name = f" ({_plain(part.name)})" if part.name else ""
    yield f"{indent}- {part.join.value}{name}"
    for member in part.members:
        yield from _part(member, depth + 1)


def _indicators(explanation: Explanation, corpus: Corpus) -> list[str]:
    if not explanation.indicators:
        return []
    rows = []
    for indicator in explanation.indicators:
        counted = count(corpus, indicator)
        rows.append(
            (
                _plain(indicator.field),
                _plain(indicator.kind),
                _code(indicator.value),
                _plain(str(counted)) if counted else "",
            )
        )
    return ["## Indicators", "", *_table("Field", "Kind", "Value", "Rules", rows=rows)]


def _target(target: TargetView) -> Iterator[str]:
    yield f"### {_plain(target.title)}: {target.outcome.value}"
    for reason in target.reasons:
        place = f" (line {reason.place.line})" if reason.place else ""
        yield f"\n- {_code(reason.code)}: {_plain(reason.message)}{place}"
    if target.query is not None:
        yield ""
        yield from _fenced(target.query, target.language)
    if target.fields:
        yield ""
        rows = ((_code(one), _code(name)) for one, name in sorted(target.fields.items()))
        yield from _table("Field", f"In {_plain(target.name)}", rows=rows)
    needed = [*([target.table] if target.table else []), *target.scope]
    if needed:
        yield f"\nMust be collected: {', '.join(map(_code, needed))}"


def _checked(number: int, checked: CheckedEvent) -> Iterator[str]:
    found = "is found" if checked.found else "is not found"
    yield f"## Event {number} {found}"
    yield ""
    for condition in checked.conditions:
        for stage in condition.members:
            yield from _checked_part(stage, 0)


def _checked_part(part: CheckedPart, depth: int) -> Iterator[str]:
    mark = "pass" if part.passed else "fail"
    why = f": {_plain(part.why)}" if part.why else ""
    actual = f" ({_code(part.actual)})" if part.actual else ""
    yield f"{'  ' * depth}- **{mark}** {_code(part.text)}{why}{actual}"
    for member in part.members:
        yield from _checked_part(member, depth + 1)
