"""`init` writes a valid file that says what the folder holds, and replaces none unasked."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transpile.config.configuration import ConfigurationFile
from transpile.config.find import ConfigPlace
from transpile.config.settings import SETTINGS
from transpile.config.template import EXAMPLES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Run = Callable[..., Any]
NAME = "sigma-transpile.toml"


def written(run: Run, *options: str) -> dict[str, Any]:
    """The settings of the file that `init` writes, by their names."""
    assert run("init", *options).code == 0
    file = ConfigurationFile(ConfigPlace(NAME))
    values = {setting.name: file.get(setting.name) for setting in SETTINGS}
    return {name: value for name, value in values.items() if value is not None}


def test_the_rules_are_found_and_nothing_else_is_said(here: Path, run: Run) -> None:
    done = run("init")
    assert done.out == (
        "rules: rules (2 files)\n"
        "pipeline: mine.yml (left as a comment: not in use)\n"
        "pipeline: other.yml (left as a comment: not in use)\n"
    )
    assert done.err == f"sigma-transpile: {NAME} is written\n"
    assert written(run, "--force") == {"rules": ["rules"]}
    assert '# pipelines = ["mine.yml", "other.yml"]\n' in Path(NAME).read_text("utf-8")
    assert run("convert", "-t", "splunk") == run("--no-config", "convert", "rules", "-t", "splunk")


def test_every_key_is_there_with_a_line_about_it_and_valid_without_the_comment(
    here: Path, run: Run
) -> None:
    written(run)
    text = Path(NAME).read_text("utf-8")
    head, _, keys = text.partition("\n\n")
    assert all(line.startswith("# ") for line in head.splitlines())
    lines = [line for line in keys.splitlines() if line and not line.startswith("[")]
    for comment, line in zip(lines[::2], lines[1::2], strict=True):
        assert re.fullmatch(r"# .*\.", comment)
        assert re.match(r"(# )?[a-z]+ = ", line)
    for place in ("pipelines/fields.yml", "schema.json", "profile.toml", "events.ndjson"):
        Path(place).parent.mkdir(exist_ok=True)
        Path(place).touch()
    Path(NAME).write_text(re.sub(r"(?m)^# ([a-z]+ = )", r"\1", text), "utf-8")
    file = ConfigurationFile(ConfigPlace(NAME))
    got = {setting.name: file.get(setting.name) for setting in SETTINGS}
    assert got == dict(EXAMPLES) | {"pipelines": ["mine.yml", "other.yml"]}


def test_what_was_made_before_is_found_by_its_lock_files(here: Path, run: Run) -> None:
    (here / "soc.toml").write_text("[defaults]\nevery = '10m'\n")
    (here / "old.toml").write_text("[defaults]\nevery = '1h'\n")
    queries = ("check", "rules", "queries", "-t", "defender", "-p", "mine.yml", "--fix")
    export = ("export", "rules", "--as", "kibana-rules", "-t", "elastic-eql", "-o", "out/kibana")
    assert run(*queries).code == 0
    assert run(*export, "--profile", "soc.toml", "-p", "mine.yml").code == 0
    assert written(run) == {
        "rules": ["rules"],
        "targets": ["defender"],
        "pipelines": ["mine.yml"],
        "convert.output": "queries",
        "export.format": "kibana-rules",
        "export.output": "out/kibana",
        "export.target": "elastic-eql",
        "export.profile": "soc.toml",
        "check.output": "queries",
    }
    assert run("check").code == run("check", "out/kibana").code == 0
    (here / "mine.yml").write_text("name: x\ntransformations: []\n")
    assert "pipelines" not in written(run, "--force")


def test_scripts_that_run_sigma_cli_are_read(here: Path, run: Run) -> None:
    (here / "build.sh").write_text(
        "sigma convert -t splunk -p mine.yml \\\n  rules\n"
        "sigma convert --target=kusto -p ecs_windows rules; echo -t lucene\n"
        "sigma convert -t netwitness rules\n"
    )
    assert written(run) == {
        "rules": ["rules"],
        "targets": ["splunk", "sentinel"],
        "pipelines": ["mine.yml"],
    }
    assert "sigma-cli: build.sh (splunk, sentinel)\n" in run("init", "--force").out


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/x.yml", "b/c/x.yml"], ["a", "b", "rules"]),
        (["x.yml"], ["."]),
        ([".hidden/x.yml", "node_modules/x.yml"], ["rules"]),
        (["a/b/x.yml", "a/other.yml", "a/more.yaml"], ["a/b", "rules"]),
        (["a/x.yml", "a/other.yml"], ["a", "rules"]),
    ],
)
def test_the_largest_folders_of_rules(
    paths: list[str], expected: list[str], here: Path, run: Run
) -> None:
    rule = (here / "rules/one.yml").read_text("utf-8")
    for path in paths:
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_text(rule if path.endswith("x.yml") else "on: push\n", "utf-8")
    assert written(run)["rules"] == expected


def test_a_folder_without_anything(here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "empty").mkdir()
    monkeypatch.chdir(here / "empty")
    done = run("init")
    assert done.code == 0
    assert done.out == "rules: none found; name them in the file\n"
    assert tomllib.loads(Path(NAME).read_text("utf-8")).keys() >= {"convert", "cache"}
    assert "rules = [...] in sigma-transpile.toml" in run("convert").err


def test_names_that_need_quotes(here: Path, run: Run) -> None:
    (here / "rules").rename(here / 'ü "a" \\ b')
    assert written(run) == {"rules": ['ü "a" \\ b']}


def test_nothing_is_replaced_unasked(here: Path, run: Run) -> None:
    Path(NAME).write_text("[nothing of ours")
    code, out, err = run("init")
    assert (code, out) == (2, "")
    assert err == f"sigma-transpile: there is a {NAME} already; --force replaces it\n"
    assert Path(NAME).read_text() == "[nothing of ours"
    assert written(run, "--force") == {"rules": ["rules"]}


def test_a_configuration_that_would_no_longer_hold(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "pyproject.toml").write_text("[tool.sigma-transpile]\nrules = ['rules']\n")
    assert run("init").code == 2
    assert not Path(NAME).exists()
    monkeypatch.chdir(here / "rules")
    told = f"sigma-transpile: {NAME} is written; here it holds instead of ../pyproject.toml\n"
    assert run("init").err == told
