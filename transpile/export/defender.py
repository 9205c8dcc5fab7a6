"""Defender: custom detection rules as Microsoft Graph takes them, a request body for each rule.

https://learn.microsoft.com/graph/api/security-rulesroot-post-detectionrules
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from transpile.export.detection import Detection, ExportedFile
from transpile.export.duration import Duration
from transpile.export.entities import columns, defender_entities
from transpile.export.microsoft import SEVERITIES, by_tactic
from transpile.export.profile import Profile
from transpile.query import Refused

NEEDED = ("Timestamp", "ReportId")
"""columns that a custom detection must return, besides one that names an entity

https://learn.microsoft.com/defender-xdr/custom-detection-rules#required-columns-in-the-query-results
"""
_RUNS = tuple(map(Duration.parse, ("1h", "3h", "12h", "1d")))
"""how often a rule can run; the service chooses the time that a run looks back to by it"""


class Rules:
    """A JSON file for each rule."""

    def __init__(self, profile: Profile) -> None:
        self._files: list[ExportedFile] = []

    def add(self, detection: Detection) -> None:
        text = json.dumps(rule(detection), ensure_ascii=False, indent=2) + "\n"
        path = detection.stem.with_name(f"{detection.stem.name}.json")
        self._files.append(ExportedFile(path, text, (str(detection.stem),)))

    def files(self) -> Iterable[ExportedFile]:
        return sorted(self._files, key=lambda file: file.path)


def rule(detection: Detection) -> dict[str, Any]:
    """A detectionRule.

    Raises Refused: the table lacks a column that custom detections need.
    """
    entities = defender_entities(detection)
    _check_columns(detection, entities)
    return {
        "@odata.type": "#microsoft.graph.security.detectionRule",
        "id": detection.id,
        "displayName": detection.title,
        "description": detection.description,
        "status": "enabled" if detection.settings.enabled else "disabled",
        "queryCondition": {"queryText": detection.text},
        "schedule": {"frequency": frequency(detection.settings.every).iso},
        "detectionAction": {
            "alertTemplate": {
                "title": detection.title,
                "description": detection.description,
                "severity": SEVERITIES[detection.settings.severity].lower(),
                "tactics": [
                    {
                        "tactic": tactic,
                        "techniques": [{"technique": technique} for technique in found],
                    }
                    for tactic, found in by_tactic(detection.coverage).items()
                ],
                "entityMappings": entities,
            }
        },
    }


def frequency(every: Duration) -> Duration:
    """The nearest frequency that the service has and that is no less often, or else every hour."""
    return max((run for run in _RUNS if run <= every), default=_RUNS[0])


def _check_columns(detection: Detection, entities: dict[str, list[dict[str, str]]]) -> None:
    returned = columns(detection)
    lacking = [column for column in NEEDED if column not in returned]
    if lacking or not entities:
        what = ", ".join(lacking) or "a column that names a device, an account or a message"
        message = f"{detection.query.table} lacks {what}, which a custom detection must return"
        raise Refused("export-columns", message)
