"""`config` shows what holds, and from where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CONFIG = """\
rules = ["rules"]
targets = [
  "splunk",
]
[convert]
output = "queries"

[export]
format = "kibana-rules"
output = "exports"
target = "elastic-eql"
[cache]
enabled = false
"""


@pytest.fixture
def configured(here: Path) -> Path:
    (here / "sigma-transpile.toml").write_text(CONFIG)
    return here


def shown(run: Run, *words: str) -> dict[str, tuple[Any, str]]:
    """The value of each setting and where it comes from, as `config` prints them."""
    done = run("config", "--format", "json", *words)
    assert done.code == 0, done.err
    return {
        one["setting"]: (one["value"], _whence(one)) for one in json.loads(done.out)["settings"]
    }


def _whence(one: dict[str, Any]) -> str:
    place = "".join(f":{one[part]}" for part in ("line", "column") if one[part] is not None)
    return f"{one['source']} {one['origin']}{place}".strip()


def test_all_settings(configured: Path, run: Run) -> None:
    found = shown(run)
    file = "file sigma-transpile.toml"
    assert {name: one for name, one in found.items() if one[1] != "default"} == {
        "rules": (["rules"], f"{file}:1:1"),
        "targets": (["splunk"], f"{file}:2:1"),
        "convert.output": ("queries", f"{file}:6:1"),
        "export.format": ("kibana-rules", f"{file}:9:1"),
        "export.output": ("exports", f"{file}:10:1"),
        "export.target": ("elastic-eql", f"{file}:11:1"),
        "cache.enabled": (False, f"{file}:13:1"),
    }
    assert found["pipelines"] == (None, "default")
    assert found["convert.format"] == ("text", "default")
    assert found["check.diff"] == (True, "default")
    assert found["cache.folder"][0] == str(configured.parent / "home/sigma-transpile")


def test_without_a_file_the_defaults(here: Path, run: Run) -> None:
    found = shown(run)
    assert {whence for _, whence in found.values()} == {"default"}
    assert found["targets"][0] == ["splunk", "sentinel", "elastic-eql", "elastic-lucene"]
    assert found["cache.enabled"][0] is True
    assert found["rules"][0] is None
    assert json.loads(run("config", "--format", "json").out)["file"] is None


def test_the_text(configured: Path, run: Run) -> None:
    lines = run("config").out.splitlines()
    assert lines[0].split() == ["rules", '["rules"]', "sigma-transpile.toml:1"]
    assert lines[1].split() == ["targets", '["splunk"]', "sigma-transpile.toml:2"]
    assert lines[2].split() == ["pipelines", "-", "default"]
    assert lines[-1].split() == ["cache.enabled", "false", "sigma-transpile.toml:13"]


def test_what_a_command_line_runs_with(configured: Path, run: Run) -> None:
    assert shown(run, "convert", "-t", "asim", "-t", "defender", "--format", "json") == {
        "rules": (["rules"], "file sigma-transpile.toml:1:1"),
        "targets": (["asim", "defender"], "option"),
        "pipelines": (None, "default"),
        "schema": (None, "default"),
        "convert.output": ("queries", "file sigma-transpile.toml:6:1"),
        "convert.format": ("json", "option"),
        "splunk.index": (None, "default"),
        "elastic.windows": (None, "default"),
        "splunk.summariesonly": (None, "default"),
        "sentinel.windows": (None, "default"),
        "cache.folder": (str(configured.parent / "home/sigma-transpile"), "default"),
        "cache.enabled": (False, "file sigma-transpile.toml:13:1"),
    }
    found = shown(run, "convert", "rules/sub")
    assert found["rules"] == (["rules/sub"], "option")
    assert found["convert.output"] == (None, "default")


def test_what_is_checked_decides(configured: Path, run: Run) -> None:
    found = shown(run, "check", "queries")
    assert found["targets"] == (["splunk"], "file sigma-transpile.toml:2:1")
    assert found["check.output"] == ("queries", "option")
    assert found["export.format"] == (None, "default")
    assert "export.target" not in found
    found = shown(run, "check", "exports")
    assert found["export.format"] == ("kibana-rules", "file sigma-transpile.toml:9:1")
    assert found["export.target"] == ("elastic-eql", "file sigma-transpile.toml:11:1")
    assert "targets" not in found


def test_the_environment(configured: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", "env")
    expected = ("env", "environment SIGMA_TRANSPILE_CACHE")
    assert shown(run)["cache.folder"] == expected
    assert shown(run, "convert")["cache.folder"] == expected
    assert shown(run, "convert", "--cache", "a")["cache.folder"] == ("a", "option")


def test_serve_reads_it_too(configured: Path, run: Run) -> None:
    (configured / "sigma-transpile.toml").write_text(
        CONFIG + "[catalog]\ntitle = 'Mine'\noutput = 'site'\n"
    )
    found = shown(run, "serve")
    assert found["rules"][1] == "file sigma-transpile.toml:1:1"
    assert found["targets"] == (["splunk"], "file sigma-transpile.toml:2:1")
    assert found["catalog.title"] == ("Mine", "file sigma-transpile.toml:15:1")
    assert "catalog.output" not in found


def test_nothing_runs(configured: Path, run: Run) -> None:
    before = sorted(configured.rglob("*"))
    shown(run, "convert")
    shown(run, "export")
    assert sorted(configured.rglob("*")) == before


def test_a_command_without_settings_and_none(here: Path, run: Run) -> None:
    assert run("config", "targets").code == 2
    assert "has no settings" in run("config", "targets").err
    assert "No such command" in run("config", "convrt").err
    assert run("config", "convert", "--tarfet", "a").code == 2
