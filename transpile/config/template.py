"""The text of a new configuration file: every key with a comment, those in use without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec.inspect

from transpile.config.model import Configuration
from transpile.config.settings import SETTINGS
from transpile.config.survey import Survey
from transpile.targets.registry import DEFAULTS

EXAMPLES: Mapping[str, Any] = {
    "rules": ["rules"],
    "targets": list(DEFAULTS),
    "pipelines": ["pipelines/fields.yml"],
    "schema": "schema.json",
    "convert.output": "queries",
    "convert.format": "text",
    "export.format": "splunk-app",
    "export.output": "exports",
    "export.target": "splunk",
    "export.profile": "profile.toml",
    "check.output": "queries",
    "check.diff": True,
    "catalog.output": "site",
    "catalog.title": "Detection rules",
    "explain.corpus": ["rules"],
    "verify.engine": "http://localhost:9200",
    "verify.events": "events.ndjson",
    "splunk.index": "main",
    "splunk.summariesonly": True,
    "elastic.windows": "event_data",
    "sentinel.windows": "SecurityEvent",
    "cache.folder": ".sigma-transpile-cache",
    "cache.enabled": True,
}
_BARE = re.compile(r"[\w-]+", re.ASCII)
"""keys that TOML takes without quotes"""
_HEAD = """\
# Settings of sigma-transpile, for whoever runs it in this folder or below, and for CI.
# Options of the command line go before them; `sigma-transpile config` shows what holds.
# Paths are relative to this file. docs/configuration.md tells more.
"""


def found_settings(found: Survey) -> dict[str, Any]:
    """The settings that say what was found."""
    settings: dict[str, Any] = {
        "rules": list(found.rules),
        "targets": found.targets(),
        "pipelines": found.used,
    }
    queries, export = found.output(export=False), found.output(export=True)
    if queries is not None:
        settings["convert.output"] = queries.folder
    if export is not None:
        settings["export.format"] = export.lock.made.form
        settings["export.output"] = export.folder
        settings["export.target"] = "".join(export.lock.made.targets[:1])
        settings["export.profile"] = found.profile()
    if checked := queries or export:
        settings["check.output"] = checked.folder
    return {name: value for name, value in settings.items() if value}


def text(found: Survey) -> str:
    """The file for a folder in which this was found."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Survey) -> Iterator[str]:
    settings = found_settings(found)
    examples = dict(EXAMPLES)
    unused = [path for path in found.pipelines if path not in found.used]
    if unused:
        examples["pipelines"] = unused
    about = descriptions()
    yield _HEAD
    table = ""
    for setting in SETTINGS:
        *above, key = setting.keys
        if "".join(above) != table:
            table = "".join(above)
            yield f"\n[{table}]"
        yield f"# {about[setting.name]}"
        if setting.name in settings:
            yield f"{key} = {toml(settings[setting.name])}"
        else:
            yield f"# {key} = {toml(examples[setting.name])}"


def toml(value: Any) -> str:
    """A text, a boolean, a list of texts or a table of them as TOML."""
    if isinstance(value, dict):
        keys = {key: key if _BARE.fullmatch(key) else toml(key) for key in value}
        return f"{{{', '.join(f'{keys[key]} = {toml(one)}' for key, one in value.items())}}}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def descriptions() -> dict[str, str]:
    """What the model says of each key, by the name of its setting."""
    found = {}
    for field in msgspec.inspect.type_info(Configuration).fields:  # type: ignore[attr-defined]
        if inner := _table(field.type):
            for one in inner.fields:
                found[f"{field.encode_name}.{one.encode_name}"] = _description(one.type)
        else:
            found[field.encode_name] = _description(field.type)
    return found


def _description(info: Any) -> str:
    return str(info.extra_json_schema["description"])


def _table(info: Any) -> msgspec.inspect.StructType | None:
    """The table that a key holds, if it is one."""
    for one in getattr(info.type, "types", (info.type,)):
        if isinstance(one, msgspec.inspect.StructType):
            return one
    return None
