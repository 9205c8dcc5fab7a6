"""The entities of a KQL query: which of the columns that it returns name a host, an account, …

Sentinel's entities: https://learn.microsoft.com/azure/sentinel/entities-reference
Defender's: https://learn.microsoft.com/graph/api/resources/security-entitymappingconfiguration
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from transpile.export.detection import Detection
from transpile.targets import registry

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_ENTITIES = 5
MOST_IDENTIFIERS = 3


@cache
def table(name: str) -> Mapping[str, Any]:
    """The content of `data/NAME.toml`."""
    text = (files("transpile.export") / "data" / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def columns(detection: Detection) -> tuple[str, ...]:
    """The columns that the query returns: those it adds, then those of its table."""
    tables = registry.get(detection.query.target).tables
    own = {} if tables is None else tables().get(detection.query.table, {})
    return (*detection.query.columns, *own)


def sentinel_entities(detection: Detection) -> list[dict[str, Any]]:
    """The entity mappings of an analytics rule; a column stands in one of them at most."""
    returned = columns(detection)
    used: set[str] = set()
    found: list[dict[str, Any]] = []
    for entry in table("entities")["sentinel"]:
        fields = _fields(entry["identifiers"], returned, used)
        if fields is None:
            continue
        found.append({"entityType": entry["type"], "fieldMappings": fields})
        used.update(field["columnName"] for field in fields)
    return found[:MOST_ENTITIES]


def _fields(
    identifiers: Iterable[Mapping[str, Any]], returned: tuple[str, ...], used: set[str]
) -> list[dict[str, str]] | None:
    """An identifier with a column each; None where the first, which is needed, has none."""
    fields = []
    for number, identifier in enumerate(identifiers):
        free = (c for c in identifier["columns"] if c in returned and c not in used)
        column = next(free, None)
        if column is not None:
            fields.append({"identifier": identifier["name"], "columnName": column})
        elif number == 0:
            return None
    return fields[:MOST_IDENTIFIERS]


def defender_entities(detection: Detection) -> dict[str, list[dict[str, str]]]:
    """The entity mappings of a custom detection, by the kind of entity."""
    returned = columns(detection)
    found: dict[str, list[dict[str, str]]] = {}
    for kind, alternatives in table("entities")["defender"].items():
        mappings = [
            {name: column for name, column in one.items() if column in returned}
            for one in alternatives
        ]
        if kept := [mapping for mapping in mappings if mapping]:
            found[kind] = kept
    return found
