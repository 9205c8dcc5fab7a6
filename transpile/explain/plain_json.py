"""An explanation as an object of plain JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transpile.explain.event_check import CheckedEvent, CheckedPart
from transpile.explain.explanation import Explanation, TargetView
from transpile.explain.former_names import former_name
from transpile.explain.indicators import Corpus, Indicator, count
from transpile.explain.stages import Group, Part, StagedCondition


def as_json(
    explanation: Explanation, corpus: Corpus | None = None, checked: Iterable[CheckedEvent] = ()
) -> dict[str, Any]:
    """Everything that the page about a rule says."""
    head = explanation.head
    about = head.about
    return {
        "title": head.title,
        "id": head.id,
        "path": head.path,
        "source": head.source,
        "level": about.level,
        "status": about.status,
        "author": about.author,
        "description": about.description,
        "license": about.license,
        "date": about.date,
        "modified": about.modified,
        "logsource": {**head.logsource, "definition": head.definition},
        "references": list(about.references),
        "falsepositives": list(about.false_positives),
        "tags": list(about.tags),
        "words": explanation.words,
        "attack": [
            {
                "id": tactic.id,
                "name": tactic.name,
                "formerly": former_name(tactic),
                "techniques": [{"id": one.id, "name": one.name} for one in techniques],
            }
            for tactic, techniques in explanation.attack.by_tactic
        ],
        "replaced": {old: list(new) for old, new in explanation.attack.replaced.items()},
        "events": [
            {"provider": one.provider, "id": one.id, "title": one.title, "channel": one.channel}
            for one in explanation.events
        ],
        "conditions": list(map(_condition, explanation.conditions)),
        "indicators": [_indicator(one, corpus or Corpus()) for one in explanation.indicators],
        "targets": list(map(_target, explanation.targets)),
        "warnings": list(explanation.warnings),
        "checked": [
            {"found": one.found, "conditions": list(map(_checked, one.conditions))}
            for one in checked
        ],
    }


def _condition(condition: StagedCondition) -> dict[str, Any]:
    return {
        "condition": condition.text,
        "stages": [
            {"stage": stage.text, "spelled": stage.spelled, "predicates": _part(stage.part)}
            for stage in condition.stages
        ],
    }


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Group):
        named = {"detection": part.name} if part.name else {}
        return {**named, part.join.value: list(map(_part, part.members))}
    value = part.value
    plain = value if value is None or isinstance(value, (str, int, float)) else str(value)
    return {"field": part.field, "modifiers": list(part.modifiers), "value": plain}


def _indicator(indicator: Indicator, corpus: Corpus) -> dict[str, Any]:
    counted = count(corpus, indicator)
    return {
        "field": indicator.field,
        "kind": indicator.kind,
        "value": indicator.value,
        "rules": counted.total if counted else 1,
        "by_source": dict(counted.by_source) if counted else {},
    }


def _target(target: TargetView) -> dict[str, Any]:
    return {
        "target": target.name,
        "outcome": target.outcome.value,
        "reasons": [
            {
                "code": reason.code,
                "message": reason.message,
                "line": reason.place.line if reason.place else None,
                "column": reason.place.column if reason.place else None,
            }
            for reason in target.reasons
        ],
        "query": target.query,
        "fields": dict(target.fields),
        "table": target.table,
        "scope": list(target.scope),
    }


def _checked(part: CheckedPart) -> dict[str, Any]:
    return {
        "text": part.text,
        "passed": part.passed,
        "actual": part.actual,
        "why": part.why,
        "members": list(map(_checked, part.members)),
    }
