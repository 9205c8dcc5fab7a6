"""What comes with the project for continuous integration, by running what it runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CI = (ROOT / "docs/ci.md").read_text("utf-8")


def snippet(heading: str) -> str:
    found = re.search(rf"## {heading}\n.*?```yaml\n(.*?)```", CI, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def shell(here: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`shell(script, NAME=value)` runs a script as GitHub does, with the program on the path."""
    programs = here / "bin"
    programs.mkdir()
    program = programs / "sigma-transpile"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m transpile "$@"\n')
    program.chmod(0o755)

    def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{programs}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PATH": path} | environment,
        )

    return run


def check_step() -> tuple[str, dict[str, str]]:
    """The script of the action, and its environment with every input empty."""
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    step = action["runs"]["steps"][-1]
    for name, value in step["env"].items():
        key = re.fullmatch(r"\$\{\{ inputs\.([a-z]+) \}\}", value)
        assert key, name
        assert key[1] in action["inputs"]
    # An input never becomes part of a script, which it could change.
    assert not any("${{" in s.get("run", "") for s in action["runs"]["steps"])
    return step["run"], dict.fromkeys(step["env"], "")


@pytest.mark.parametrize(
    ("schema", "content"),
    [
        ("vendor.github-actions", (ROOT / "action.yml").read_text("utf-8")),
        ("vendor.github-workflows", snippet("GitHub Actions")),
        ("vendor.gitlab-ci", snippet("GitLab")),
    ],
)
def test_published_schemas(tmp_path: Path, schema: str, content: str) -> None:
    (tmp_path / "x.yml").write_text(content, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, tmp_path / "x.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_action(queries: Path, here: Path, shell: Callable[..., Any]) -> None:
    script, empty = check_step()
    inputs = empty | {"RULES": "rules", "OUT": "out", "TARGETS": "splunk\nelastic-eql\n"}
    done = shell(script, **inputs, GITHUB_ACTION_PATH=str(ROOT))
    assert (done.returncode, done.stdout) == (0, "")
    path = here / "rules/one.yml"
    path.write_text(path.read_text("utf-8").replace("odd", "even"), "utf-8")
    done = shell(script, **inputs | {"SARIF": "drift.sarif"})
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=rules/one.yml,line=8,title=changed%3A one.eql::")
    assert "::group::Differences\nchanged one.eql is not what the rules give now\n" in done.stdout
    assert done.stdout.endswith("::endgroup::\n")
    assert '"version": "2.1.0"' in (here / "drift.sarif").read_text("utf-8")
    done = shell(script, **inputs | {"OUT": "nowhere; touch hacked"})
    assert done.returncode == 2
    assert "there is no folder 'nowhere; touch hacked'" in done.stderr
    assert not (here / "hacked").exists()


def test_the_action_on_an_export(here: Path, run: Callable[..., Any], shell: Any) -> None:
    (here / "p.toml").write_text("[defaults]\nevery = '2h'\n", "utf-8")
    arguments = ("--as", "kibana-rules", "--profile", "p.toml", "-o", "out")
    assert run("export", "rules", *arguments).code == 0
    script, empty = check_step()
    inputs = empty | {"RULES": "rules", "OUT": "out", "FORM": "kibana-rules"}
    assert shell(script, **inputs | {"PROFILE": "p.toml"}).returncode == 0
    assert shell(script, **inputs).returncode == 1


def test_the_action_with_a_configuration_file(queries: Path, here: Path, shell: Any) -> None:
    text = "rules = ['rules']\ntargets = ['splunk', 'elastic-eql']\n[check]\noutput = 'out'\n"
    (here / "sigma-transpile.toml").write_text(text, "utf-8")
    script, empty = check_step()
    assert shell(script, **empty).returncode == 0
    assert shell(script, **empty | {"OUT": "out"}).returncode == 0
    done = shell(script, **empty | {"RULES": "rules"})
    assert (done.returncode, done.stdout) == (2, "::error::rules are given without out\n")
    (queries / "one.spl").unlink()
    assert shell(script, **empty).returncode == 1


def test_the_hooks(queries: Path, here: Path, shell: Callable[..., Any]) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    entries = {hook["id"]: hook for hook in hooks}
    (used,) = yaml.safe_load(snippet("pre-commit"))["repos"][0]["hooks"]
    arguments = shlex.join(used["args"])
    (here / "out").rename(here / "queries")
    check = f"{entries[used['id']]['entry']} {arguments}"
    fix = f"{entries['sigma-transpile-fix']['entry']} {arguments}"
    assert shell(check).returncode == 0
    (here / "queries/one.spl").unlink()
    assert shell(check).returncode == 1
    assert shell(fix).returncode == 0
    assert shell(check).returncode == 0
    for hook in hooks:
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False
        for name in ("rules/a.yml", "q/a.spl", "q/sigma-transpile.lock", "q/rules.ndjson"):
            assert re.search(hook["files"], name)


def test_the_gitlab_job(queries: Path, here: Path, shell: Callable[..., Any]) -> None:
    (job,) = yaml.safe_load(snippet("GitLab")).values()
    install, *lines = job["script"]
    assert install == "pip install sigma-transpile"
    (here / "out").rename(here / "queries")
    assert shell("\n".join(lines)).returncode == 0
    (here / "queries/one.spl").unlink()
    assert shell("\n".join(lines)).returncode == 1
    report = job["artifacts"]["reports"]["junit"]
    assert 'failures="1"' in (here / report).read_text("utf-8")


def test_the_page_shows_what_is_printed(queries: Path, here: Path, run: Any) -> None:
    """The example of the page, but for the folder that its rule is in."""
    path = here / "rules/one.yml"
    path.write_text(path.read_text("utf-8").replace("odd", "even"), "utf-8")
    shown = re.search(r"\$ sigma-transpile check rules queries\n(.*?)```", CI, re.DOTALL)
    assert shown
    printed = run("check", "rules", "out").out.replace(", and long enough for several lines", "")
    assert shown[1].replace("windows/", "") in printed
