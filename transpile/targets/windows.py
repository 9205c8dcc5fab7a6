"""What the published pipelines leave out about Windows log sources, as one more of them."""

from __future__ import annotations

from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation

_EVENT_TYPES: dict[str, list[str]] = {
    "registry_add": ["CreateKey"],
    "registry_delete": ["DeleteKey", "DeleteValue"],
}


def registry_event_types() -> ProcessingPipeline:
    """Tells apart the log sources that share Sysmon's event 12.

    Sysmon logs the creation and the deletion of registry objects under one event id, and says in
    EventType which it was: https://learn.microsoft.com/sysinternals/downloads/sysmon, "Event ID
    12: RegistryEvent (Object create and delete)". A rule about deleted keys means no others.
    """
    return ProcessingPipeline(
        name="Registry event types",
        priority=9,
        items=[
            ProcessingItem(
                AddConditionTransformation({"EventType": [*types]}),
                rule_conditions=[LogsourceCondition(product="windows", category=category)],
            )
            for category, types in _EVENT_TYPES.items()
        ],
    )
