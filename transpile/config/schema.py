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
        if setting.known is None:
            continue
        *above, key = setting.keys
        table = tables[above[0].capitalize()] if above else top
        value = table["properties"][key]
        value.get("items", value)["enum"] = list(setting.known())
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": NAME}
    return {**about, **top, "title": NAME, "$defs": tables}
