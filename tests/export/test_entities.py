"""The entities of KQL queries: every column that a mapping names is one that the query returns.

Microsoft's own language service says so: it is asked for a query that goes on with them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from transpile.export import profile as profiles
from transpile.export.entities import table
from transpile.export.formats import FORMATS
from transpile.export.outputs import Export
from transpile.load.files import RuleFile
from transpile.load.rules import load_file
from transpile.run.convert import Converter
from transpile.targets import defender, sentinel
from transpile.targets.parsers import declared
from transpile.verify.engines.kql_language import KqlLanguage, Schema

GOLDEN = Path(__file__).parents[2] / "golden"
# https://learn.microsoft.com/azure/sentinel/entities-reference, and
# https://github.com/Azure/Azure-Sentinel, EntityMappingIdentifiers.cs: what an entity is known by.
NEEDED = {
    "Account": {"FullName", "Sid", "Name", "AadUserId", "PUID", "ObjectGuid"},
    "DNS": {"DomainName"},
    "File": {"Name"},
    "Host": {"FullName", "HostName", "NetBiosName", "AzureID", "OMSAgentID"},
    "IP": {"Address"},
    "Process": {"CommandLine", "ProcessId"},
    "RegistryKey": {"Key", "Hive"},
    "URL": {"Url"},
}


def exported(form: str, target: str) -> Iterator[str]:
    export = Export(FORMATS[form], profiles.read(None))
    converter = Converter([target])
    for case in sorted(GOLDEN.glob("*/rule.yml")):
        (rule,) = load_file(RuleFile(str(case), f"{case.parent.name}.yml"))
        export.add(converter.convert(rule))
    for file in export.files().values():
        yield file.text


def columns_in(mappings: Any) -> Iterator[str]:
    """The names of columns, wherever a format keeps them."""
    if isinstance(mappings, list):
        for item in mappings:
            yield from columns_in(item)
    elif isinstance(mappings, dict):
        for key, value in mappings.items():
            if key.endswith(("Column", "columnName")):
                yield value
            else:
                yield from columns_in(value)


def with_columns(query: str, columns: Iterator[str]) -> str:
    return f"{query}\n| project {', '.join(dict.fromkeys(columns))}"


@pytest.mark.parametrize("target", ["sentinel", "sentinel-securityevent"])
def test_sentinel(
    kql_language: Callable[[Schema], KqlLanguage], valid: Callable[..., None], target: str
) -> None:
    service = kql_language(declared(sentinel.schema()))
    checked = 0
    for text in exported("sentinel-yaml", target):
        rule = yaml.safe_load(text)
        valid("sentinel_yaml", rule)
        mappings = rule.get("entityMappings", [])
        for mapping in mappings:
            identifiers = {field["identifier"] for field in mapping["fieldMappings"]}
            assert identifiers & NEEDED[mapping["entityType"]]
        if mappings:
            asked = with_columns(rule["query"], columns_in(mappings))
            assert service.errors(asked) == [], asked
            checked += 1
    assert checked > 50


def test_defender(
    kql_language: Callable[[Schema], KqlLanguage], valid: Callable[..., None]
) -> None:
    service = kql_language(defender.schema())
    checked = 0
    for text in exported("defender-rules", "defender"):
        rule = json.loads(text)
        valid("defender_rule", rule)
        named = columns_in(rule["detectionAction"]["alertTemplate"]["entityMappings"])
        asked = with_columns(rule["queryCondition"]["queryText"], named) + ", Timestamp, ReportId"
        assert service.errors(asked) == [], asked
        checked += 1
    assert checked > 50


def test_every_tactic_and_entity_is_known() -> None:
    assert {entry["type"] for entry in table("entities")["sentinel"]} == set(NEEDED)
