"""A folder with rules, and the program run in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from transpile.cli import app

RULE = """\
title: Rule {number}
id: {number}1111111-1111-4111-8111-111111111111
level: high
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    CommandLine|contains: '{value}'
  condition: selection
"""
PIPELINE = """\
name: Mine
priority: 10
transformations:
  - type: field_name_mapping
    mapping:
      CommandLine: {field}
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two rules below `rules`, in which the program runs."""
    for name in ("SIGMA_TRANSPILE_CACHE", "SIGMA_TRANSPILE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    top = tmp_path / "here"
    (top / ".git").mkdir(parents=True)
    (top / "rules/sub").mkdir(parents=True)
    (top / "rules/one.yml").write_text(RULE.format(number=1, value="odd"), "utf-8")
    (top / "rules/sub/two.yml").write_text(RULE.format(number=2, value="even"), "utf-8")
    (top / "mine.yml").write_text(PIPELINE.format(field="process_cmd"), "utf-8")
    (top / "other.yml").write_text(PIPELINE.format(field="other_cmd"), "utf-8")
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def run(here: Path) -> Callable[..., Done]:
    """`run("convert", "rules")` runs the program there."""

    def run(*arguments: str) -> Done:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run
