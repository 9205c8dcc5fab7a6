"""Log sources that share an event id are told apart in every target."""

from __future__ import annotations

import pytest
from sigma.rule import SigmaRule

import backends
from transpile.ir.lower import lower
from transpile.targets import registry
from transpile.targets.plan import LogSource

RULE = """
title: t
logsource: {{product: windows, category: {category}}}
detection:
    sel:
        TargetObject|endswith: x
        {more}
    condition: sel
"""


def query(target_name: str, category: str, more: str = "Image: y") -> str:
    target = registry.get(target_name)
    rule = SigmaRule.from_yaml(RULE.format(category=category, more=more))
    mapped = target.plan(LogSource("windows", category)).map(lower(rule))
    text = backends.get(target.dialect).write(mapped.search).text
    assert text is not None
    return text


@pytest.mark.parametrize("target", registry.DEFAULTS)
def test_registry_events_of_one_id(target: str) -> None:
    deleted = query(target, "registry_delete")
    assert "DeleteKey" in deleted
    assert "DeleteValue" in deleted
    created = query(target, "registry_add")
    assert "CreateKey" in created
    assert "Delete" not in created
    assert "EventType" not in query(target, "registry_event")


@pytest.mark.parametrize("target", registry.DEFAULTS)
def test_what_a_rule_asks_for_itself_is_not_said_twice(target: str) -> None:
    text = query(target, "registry_delete", "EventType: DeleteValue")
    assert "DeleteKey" not in text
    for read in ("EventData.EventType", r"<Data Name=\"EventType\">"):
        text = text.replace(read, "")
    assert text.count("EventType") <= 2
