"""The JSON Schema of the configuration file, from its model, for editors."""

from __future__ import annotations

from typing import Any

import msgspec

from transpile.config.find import NAME
from transpile.config.model import Configuration
from transpile.config.settings import SETTINGS


def schema() -> dict[str, Any]:
    """The schema, with the values that there are of targets and formats."""
    made: dict[str, Any] = msgspec.json.schema(Configuration)
    tables = made["$defs"]
    top = tables.pop(Configuration.__name__)
    for setting in SETTINGS:
        if setting.known is None and setting.within is None:
            continue
        *above, key = setting.keys
        table = tables[above[0].capitalize()] if above else top
        value = table["properties"][key]
        if setting.known is not None:
            value.get("items", value)["enum"] = list(setting.known())
        if setting.within is not None:
            _limit(value, list(setting.within()))
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": NAME}
    return {**about, **top, "title": NAME, "$defs": tables}


def _limit(value: dict[str, Any], texts: list[str]) -> None:
    """Let every text in a value be one of those that there are."""
    if value.get("type") == "string":
        value["enum"] = texts
    for inner in (*value.get("anyOf", ()), value.get("items"), value.get("additionalProperties")):
        if isinstance(inner, dict):
            _limit(inner, texts)
