"""Microsoft Sentinel: analytics rules as YAML, as in its repository, and as ARM templates.

https://github.com/Azure/Azure-Sentinel/wiki/Query-Style-Guide
https://learn.microsoft.com/azure/templates/microsoft.securityinsights/alertrules
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from backends.kql import LONGEST
from transpile.export import yaml_text
from transpile.export.detection import Detection, ExportedFile
from transpile.export.entities import sentinel_entities
from transpile.export.microsoft import SEVERITIES, shortened, tactics, techniques
from transpile.export.profile import Profile, SentinelSettings
from transpile.query import Refused

_LONGEST_NAME = 256
_LONGEST_DESCRIPTION = 5000
_GROUP_FOR = "5h"
_HOLD_BACK = "PT5H"  # needed by the API where nothing is held back too
_API = "2023-11-01"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


class YamlRules:
    """A YAML file for each rule."""

    def __init__(self, profile: Profile) -> None:
        self._settings = profile.sentinel
        self._files: list[ExportedFile] = []

    def add(self, detection: Detection) -> None:
        _check_length(detection)
        remarks = [f"# not exact: {remark}\n" for remark in detection.remarks]
        text = "".join(remarks) + yaml_text.dump(yaml_rule(detection, self._settings))
        path = detection.stem.with_name(f"{detection.stem.name}.yaml")
        self._files.append(ExportedFile(path, text, (str(detection.stem),)))

    def files(self) -> Iterable[ExportedFile]:
        return sorted(self._files, key=lambda file: file.path)


class ArmTemplates:
    """A template for each rule; Azure deploys at most 800 resources from one."""

    def __init__(self, profile: Profile) -> None:
        self._settings = profile.sentinel
        self._files: list[ExportedFile] = []

    def add(self, detection: Detection) -> None:
        _check_length(detection)
        template = arm_template(detection, self._settings)
        text = json.dumps(template, ensure_ascii=False, indent=2) + "\n"
        path = detection.stem.with_name(f"{detection.stem.name}.json")
        self._files.append(ExportedFile(path, text, (str(detection.stem),)))

    def files(self) -> Iterable[ExportedFile]:
        return sorted(self._files, key=lambda file: file.path)


def _check_length(detection: Detection) -> None:
    if len(detection.text) > LONGEST:
        message = (
            f"the query has {len(detection.text)} characters,"
            f" that of an analytics rule may have {LONGEST}"
        )
        raise Refused("export-length", message)


def yaml_rule(detection: Detection, settings: SentinelSettings) -> dict[str, Any]:
    """A rule as the Azure-Sentinel repository holds them."""
    own = detection.settings
    content: dict[str, Any] = {
        "id": detection.id,
        "name": shortened(detection.title, _LONGEST_NAME),
        "description": shortened(detection.description, _LONGEST_DESCRIPTION),
        "severity": SEVERITIES[own.severity],
        "status": "Available",
        "requiredDataConnectors": [],
        "queryFrequency": str(own.every),
        "queryPeriod": str(own.every + own.lookback),
        "triggerOperator": "gt",
        "triggerThreshold": 0,
        "tactics": tactics(detection.coverage),
        "relevantTechniques": techniques(detection.coverage),
        "query": detection.text,
    }
    if entities := sentinel_entities(detection):
        content["entityMappings"] = entities
    content["incidentConfiguration"] = _incident(settings, _GROUP_FOR)
    content["eventGroupingSettings"] = {"aggregationKind": "SingleAlert"}
    if own.suppress_for is not None:
        content["suppressionEnabled"] = True
        content["suppressionDuration"] = str(own.suppress_for)
    return {**content, "version": version(detection), "kind": "Scheduled"}


def arm_template(detection: Detection, settings: SentinelSettings) -> dict[str, Any]:
    """A template that deploys the rule to a workspace."""
    workspace: dict[str, Any] = {"type": "string"}
    if settings.workspace:
        workspace["defaultValue"] = settings.workspace
    name = f"/Microsoft.SecurityInsights/{detection.id}"
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"workspace": workspace},
        "resources": [
            {
                "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
                "apiVersion": _API,
                "name": f"[concat(parameters('workspace'), '{name}')]",
                "kind": "Scheduled",
                "properties": _properties(detection, settings),
            }
        ],
    }


def _properties(detection: Detection, settings: SentinelSettings) -> dict[str, Any]:
    own = detection.settings
    parents = (technique.partition(".")[0] for technique in techniques(detection.coverage))
    properties: dict[str, Any] = {
        "displayName": _literal(shortened(detection.title, _LONGEST_NAME)),
        "description": _literal(shortened(detection.description, _LONGEST_DESCRIPTION)),
        "severity": SEVERITIES[own.severity],
        "enabled": own.enabled,
        "query": _literal(detection.text),
        "queryFrequency": own.every.iso,
        "queryPeriod": (own.every + own.lookback).iso,
        "triggerOperator": "GreaterThan",
        "triggerThreshold": 0,
        "suppressionEnabled": own.suppress_for is not None,
        "suppressionDuration": own.suppress_for.iso if own.suppress_for else _HOLD_BACK,
        "tactics": list(tactics(detection.coverage)),
        "techniques": list(dict.fromkeys(parents)),
        "incidentConfiguration": _incident(settings, "PT5H"),
        "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
    }
    if entities := sentinel_entities(detection):
        properties["entityMappings"] = entities
    return properties


def _incident(settings: SentinelSettings, lookback: str) -> dict[str, Any]:
    return {
        "createIncident": True,
        "groupingConfiguration": {
            "enabled": settings.grouping,
            "reopenClosedIncident": False,
            "lookbackDuration": lookback,
            "matchingMethod": "AllEntities",
        },
    }


def _literal(text: str) -> str:
    """A text that no template takes for an expression.

    https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions#escape-characters
    """
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def version(detection: Detection) -> str:
    """A version that grows with the rule's date of change."""
    digits = (detection.about.modified or detection.about.date).replace("-", "").replace("/", "")
    is_date = len(digits) <= len("20260102") and digits.isdecimal() and digits.isascii()
    return f"1.0.{int(digits)}" if is_date else "1.0.0"
