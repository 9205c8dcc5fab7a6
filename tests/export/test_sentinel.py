"""Sentinel's YAML and ARM templates, after its repository's checks and its published schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from transpile.attack import techniques
from transpile.export.entities import table


def properties(done: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.only)["resources"][0]["properties"]
    return found


def test_yaml(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    done = export_rules("sentinel-yaml")
    assert set(done.files) == {"0.yaml"}
    rule = yaml.safe_load(done.only)
    valid("sentinel_yaml", rule)
    assert rule.pop("query") == done.queries["Something Odd"]
    assert rule == {
        "id": "9b080f37-ee55-529d-8231-1880ff671842",
        "name": "Something Odd",
        "description": "Finds something odd.",
        "severity": "High",
        "status": "Available",
        "requiredDataConnectors": [],
        "queryFrequency": "30m",
        "queryPeriod": "40m",
        "triggerOperator": "gt",
        "triggerThreshold": 0,
        "tactics": ["Execution", "DefenseEvasion"],
        "relevantTechniques": ["T1036", "T1036.005", "T1059.001"],
        "entityMappings": [
            {
                "entityType": "Host",
                "fieldMappings": [{"identifier": "FullName", "columnName": "Computer"}],
            },
            {
                "entityType": "Process",
                "fieldMappings": [{"identifier": "CommandLine", "columnName": "CommandLine"}],
            },
        ],
        "incidentConfiguration": {
            "createIncident": True,
            "groupingConfiguration": {
                "enabled": True,
                "reopenClosedIncident": False,
                "lookbackDuration": "5h",
                "matchingMethod": "AllEntities",
            },
        },
        "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
        "version": "1.0.20260304",
        "kind": "Scheduled",
    }


def test_the_query_is_easy_to_read(export_rules: Callable[..., Any]) -> None:
    assert "\nquery: |-\n  Event\n  | where " in export_rules("sentinel-yaml").only


def test_arm(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    profile = "[sentinel]\nworkspace = 'soc'\ngrouping = false\n"
    done = export_rules("sentinel-arm", profile=profile)
    template = json.loads(done.only)
    valid("sentinel_arm", template)
    assert template["parameters"] == {"workspace": {"type": "string", "defaultValue": "soc"}}
    (resource,) = template["resources"]
    assert re.fullmatch(
        r"\[concat\(parameters\('workspace'\), '/Microsoft\.SecurityInsights/[0-9a-f-]{36}'\)\]",
        resource["name"],
    )
    rule = resource["properties"]
    assert rule["query"] == done.queries["Something Odd"]
    assert (rule["queryFrequency"], rule["queryPeriod"]) == ("PT30M", "PT40M")
    assert (rule["triggerOperator"], rule["triggerThreshold"]) == ("GreaterThan", 0)
    assert rule["techniques"] == ["T1036", "T1059"]
    assert rule["incidentConfiguration"]["groupingConfiguration"]["enabled"] is False


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("'[resourceGroup().id]'", "[[resourceGroup().id]"),
        ("'[a] b'", "[a] b"),
        ("'a [b]'", "a [b]"),
        ('"[a\\nb]"', "[[a b]"),
    ],
)
def test_no_title_is_an_expression(
    export_rules: Callable[..., Any], rule_text: str, title: str, written: str
) -> None:
    """https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions"""
    done = export_rules("sentinel-arm", rule_text.replace("Something Odd", title))
    assert properties(done)["displayName"] == written


@pytest.mark.parametrize(
    ("level", "severity"),
    [("informational", "Informational"), ("low", "Low"), ("critical", "High")],
)
def test_severities(
    export_rules: Callable[..., Any],
    valid: Callable[..., None],
    rule_text: str,
    level: str,
    severity: str,
) -> None:
    done = export_rules("sentinel-yaml", rule_text.replace("level: high", f"level: {level}"))
    rule = yaml.safe_load(done.only)
    valid("sentinel_yaml", rule)
    assert rule["severity"] == severity


def test_suppression(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    profile = "[defaults]\nsuppress-for = '5h'\n"
    rule = yaml.safe_load(export_rules("sentinel-yaml", profile=profile).only)
    valid("sentinel_yaml", rule)
    assert (rule["suppressionEnabled"], rule["suppressionDuration"]) == (True, "5h")
    arm = properties(export_rules("sentinel-arm", profile=profile))
    assert (arm["suppressionEnabled"], arm["suppressionDuration"]) == (True, "PT5H")


def test_newer_techniques_have_the_ids_that_sentinel_knows(
    export_rules: Callable[..., Any], rule_text: str
) -> None:
    tags = "    - attack.defense-impairment\n    - attack.t1685.005\n"
    done = export_rules("sentinel-yaml", rule_text.replace("    - attack.t1036\n", tags))
    rule = yaml.safe_load(done.only)
    assert rule["relevantTechniques"] == ["T1036.005", "T1059.001", "T1070.001"]
    assert rule["tactics"] == ["Execution", "DefenseEvasion"]


def test_every_newer_technique_is_listed() -> None:
    known = table("microsoft")["techniques"]
    assert [t for t in techniques() if t >= "T1684"] == sorted(known)
    assert set(table("microsoft")["tactics"]) >= {
        key for technique in techniques().values() for key in technique.tactics
    }


def test_long_texts_are_cut_and_long_queries_refused(
    export_rules: Callable[..., Any], valid: Callable[..., None], rule_text: str
) -> None:
    long = rule_text.replace("Finds something odd.", "x" * 6000)
    rule = yaml.safe_load(export_rules("sentinel-yaml", long).only)
    valid("sentinel_yaml", rule)
    assert rule["description"] == "x" * 4999 + "…"
    values = "\n".join(f"            - 'value number {n:05}'" for n in range(900))
    many = rule_text.replace("CommandLine|contains: ' /odd'", f"CommandLine|contains:\n{values}")
    done = export_rules("sentinel-yaml", many)
    assert done.files == {}
    (problem,) = done.problems
    assert problem.code == "export-length"


def test_the_version_is_of_a_date(export_rules: Callable[..., Any], rule_text: str) -> None:
    done = export_rules("sentinel-yaml", rule_text.replace("2026-03-04", "9" * 5000))
    assert yaml.safe_load(done.only)["version"] == "1.0.0"
