"""The table of settings, the model and the commands say the same."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec.inspect
import pytest
from typer.main import get_command

from transpile.cli import app
from transpile.cli.convert import Format
from transpile.config import settings
from transpile.config.model import Configuration
from transpile.config.settings import SETTINGS
from transpile.config.template import EXAMPLES, descriptions
from transpile.export.formats import FORMATS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/sigma-transpile.schema.json").read_text("utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)


def options(command: str) -> set[str]:
    """The names of the parameters of a command."""
    found: Any = get_command(app)
    for name in command.split():
        found = found.get_command(None, name)
    return {one.name for one in found.params}


def keys(info: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys of the model that hold a value."""
    for field in info.fields:
        tables = [
            one
            for one in (field.type.type, *getattr(field.type.type, "types", ()))
            if isinstance(one, msgspec.inspect.StructType)
        ]
        if tables:
            yield from keys(tables[0], (*before, field.encode_name))
        else:
            yield (*before, field.encode_name)


def test_every_key_of_the_model_is_a_setting() -> None:
    assert list(keys(msgspec.inspect.type_info(Configuration))) == [one.keys for one in SETTINGS]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_every_setting_is_the_default_of_options_that_there_are(setting: settings.Setting) -> None:
    assert setting.parameters
    for command, parameter in setting.parameters.items():
        assert not parameter or parameter in options(command), command


def test_formats_are_those_of_the_commands() -> None:
    assert [one.value for one in Format] == list(settings.CONVERT_FORMATS)
    assert list(FORMATS) == list(settings.EXPORT_FORMATS)


def test_every_key_is_described_and_has_an_example() -> None:
    names = [one.name for one in SETTINGS]
    assert list(EXAMPLES) == names
    assert list(descriptions()) == names
    assert all(text.endswith(".") and "\n" not in text for text in descriptions().values())


def documents() -> list[str]:
    """The configurations that are shown in the docs."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    shown = [
        found
        for page in pages
        for found in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    table = "[tool.sigma-transpile"
    return [text for text in shown if table in text or text.startswith(("#", "rules = "))]


@pytest.mark.parametrize("text", documents())
def test_what_the_docs_show_is_valid(text: str) -> None:
    document = tomllib.loads(text)
    VALID.validate(document.get("tool", {}).get("sigma-transpile", document))


def test_the_docs_show_some() -> None:
    assert len(documents()) >= 2


@pytest.mark.parametrize(
    "document",
    [
        {"tragets": ["splunk"]},
        {"splunk": {"index": {}}},
        {"splunk": {"macro": "windows"}},
        {"sentinel": {"windows": "Events"}},
        {"targets": ["qradar"]},
        {"targets": []},
        {"rules": "rules"},
        {"convert": {"format": "jsn"}},
        {"convert": {"output": ""}},
        {"export": {"format": "splunk-apps"}},
        {"export": {"target": "qradar"}},
        {"cache": {"enabled": "no"}},
        {"qradar": {}},
    ],
    ids=str,
)
def test_the_schema_finds_mistakes(document: dict[str, Any]) -> None:
    assert not VALID.is_valid(document)


def test_the_schema_takes_every_key() -> None:
    document: dict[str, Any] = {}
    for name, value in EXAMPLES.items():
        *above, key = name.split(".")
        table = document.setdefault(above[0], {}) if above else document
        table[key] = value
    VALID.validate(document)
    assert all(
        "description" in one
        for table in (SCHEMA, *SCHEMA["$defs"].values())
        for one in table["properties"].values()
    )
