"""The generated pages are those that the code gives now."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import jsonschema
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).parents[1] / "docs"


def test_generated_pages_are_current() -> None:
    pages = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    kept = {
        str(path.relative_to(DOCS)): path.read_text("utf-8")
        for path in (*DOCS.glob("diagnostics/*.md"), *DOCS.glob("*.schema.json"))
    }
    assert kept == pages


SCHEMA = json.loads((DOCS / "log-sources.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("folder", ["asim", "defender", "elastic", "sentinel", "splunk"])
def test_log_sources_of_targets_are_what_the_schema_says(folder: str) -> None:
    path = DOCS.parent / "transpile" / "targets" / "data" / folder / "logsources.toml"
    jsonschema.validate(tomllib.loads(path.read_text("utf-8")), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "[[logsource]]\nproduct = 1",
        "[[logsource]]\nprodukt = 'a'",
        "[[logsource]]\n[logsource.fields]\nA = {nam = 'a'}",
        "[query]\ncomments = 'yes'",
        "[logsource]",
    ],
)
def test_the_schema_tells_what_is_wrong(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)
