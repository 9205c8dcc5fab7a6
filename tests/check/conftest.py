"""Rules, their outputs, and the command that compares them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from transpile.cli import app

RULE = """\
title: {title}
id: {id}
description: Finds it.
level: high
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    CommandLine|contains: '{value}'
  condition: selection
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


def rule(number: int, value: str = "odd, and long enough for several lines") -> str:
    return RULE.format(
        title=f"Rule {number}", id=f"{number}1111111-1111-4111-8111-111111111111", value=value
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two rules, below `rules`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules/sub").mkdir(parents=True)
    (tmp_path / "rules/one.yml").write_text(rule(1), "utf-8")
    (tmp_path / "rules/sub/two.yml").write_text(
        rule(2, "odd too, and long enough for several lines"), "utf-8"
    )
    return tmp_path


@pytest.fixture
def run(here: Path) -> Run:
    """`run(command, ...)` runs the program there."""

    def run(*arguments: str) -> Done:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def rule_text() -> Callable[..., str]:
    """`rule_text(number, value)`: the text of a rule."""
    return rule


@pytest.fixture
def queries(here: Path, run: Run) -> Path:
    """The queries of the rules for two targets, with a lock."""
    targets = ("-t", "splunk", "-t", "elastic-eql")
    assert run("convert", "rules", "-o", "out", *targets).code == 0
    assert run("check", "rules", "out", *targets, "--fix").code == 0
    return here / "out"
