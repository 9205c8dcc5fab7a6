"""Exports of rules that tests write themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from transpile.export import profile as profiles
from transpile.export.formats import FORMATS
from transpile.export.outputs import Export
from transpile.load.files import find
from transpile.load.problem import Problem
from transpile.run.batch import convert_files
from transpile.run.convert import Conversion, Converter

SCHEMAS = Path(__file__).parent / "schemas"

RULE = """\
title: Something Odd
id: 11111111-1111-4111-8111-111111111111
description: Finds something odd.
status: test
author: Somebody
date: 2026-01-02
modified: 2026-03-04
references:
    - https://example.com/odd
tags:
    - attack.execution
    - attack.stealth
    - attack.t1059.001
    - attack.t1036
    - attack.t1036.005
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        CommandLine|contains: ' /odd'
    condition: selection
falsepositives:
    - Odd people
level: high
"""


class Exported:
    """The files of an export, the problems of its rules, and the queries that `convert` gives."""

    def __init__(
        self,
        files: Mapping[str, str],
        problems: list[Problem],
        queries: dict[str, str],
        conversions: list[Conversion],
    ) -> None:
        self.files = files
        self.problems = problems
        self.queries = queries
        self.conversions = conversions

    @property
    def only(self) -> str:
        """The text of the only file."""
        (text,) = self.files.values()
        return text


ExportRules = Callable[..., Exported]


@pytest.fixture
def export_rules(tmp_path: Path) -> ExportRules:
    """`export_rules(format, *rules, profile=TOML, target=NAME)`; the rules are texts or none."""

    def run(form: str, *texts: str, profile: str = "", target: str = "") -> Exported:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        for number, text in enumerate(texts or (RULE,)):
            (folder / f"{number}.yml").write_text(text, "utf-8")
        (tmp_path / "profile.toml").write_text(profile, "utf-8")
        export = Export(FORMATS[form], profiles.read(str(tmp_path / "profile.toml")))
        converter = Converter([target or FORMATS[form].target])
        problems, queries = [], {}
        conversions = list(convert_files(find([str(folder)]), converter))
        for conversion in conversions:
            problems += [*conversion.problems, *export.add(conversion)]
            (query,) = conversion.queries
            if query.text is not None:
                queries[query.title] = query.text
        files = {name: file.text for name, file in export.files().items()}
        return Exported(files, problems, queries, conversions)

    return run


@pytest.fixture(scope="session")
def valid() -> Callable[[str, Any], None]:
    """`valid(name, content)` fails where the content breaks the schema of that name."""
    registry: referencing.Registry[Any] = referencing.Registry().with_resources(
        (path.name, referencing.Resource.from_contents(json.loads(path.read_text("utf-8"))))
        for path in SCHEMAS.glob("*.json")
    )

    def check(name: str, content: Any) -> None:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
        jsonschema.Draft202012Validator(
            schema,
            registry=registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        ).validate(content)

    return check


@pytest.fixture(scope="session")
def rule_text() -> str:
    return RULE
