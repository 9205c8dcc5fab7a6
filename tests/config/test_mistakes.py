"""What a user sees of each mistake in the file: message, place, caret and hint, to the letter.

The expected text stands beside each file; `pytest --update-golden` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

FOLDER = Path(__file__).parent / "broken"
BROKEN = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_what_is_shown(path: Path, here: Path, run: Run, request: pytest.FixtureRequest) -> None:
    (here / "sigma-transpile.toml").write_bytes(path.read_bytes())
    code, out, err = run("convert", "rules")
    expected = path.with_suffix(".stderr")
    if request.config.getoption("--update-golden"):
        expected.write_text(err, encoding="utf-8", newline="\n")
    assert (code, out, err) == (2, "", expected.read_text("utf-8"))


def test_the_same_in_a_pyproject_at_its_place_there(here: Path, run: Run) -> None:
    (here / "pyproject.toml").write_text("[project]\n\n[tool.sigma-transpile]\ntragets = []\n")
    assert run("convert", "rules").err == (
        "pyproject.toml:4:1: bad-config: there is no key 'tragets' here\n"
        "  4 | tragets = []\n"
        "    | ^\n"
        "  hint: did you mean 'targets'?\n"
    )
    (here / "pyproject.toml").write_text("tool.sigma-transpile.targets = ['a']\n")
    assert run("convert", "rules").err.startswith("pyproject.toml:1:33: bad-config: there is no ")


def test_every_command_that_reads_it_stops(here: Path, run: Run) -> None:
    (here / "sigma-transpile.toml").write_text("[qradar]\n")
    for command in ("convert", "export", "check", "verify", "explain", "catalog", "serve"):
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err.startswith("sigma-transpile.toml:1:2: bad-config: there is no key 'qradar' here")
    for words in (("config",), ("cache", "info"), ("targets",)):
        assert run(*words).code == 2


def test_help_is_shown_all_the_same(here: Path, run: Run) -> None:
    (here / "sigma-transpile.toml").write_text("[qradar]\n")
    for words in (("convert", "--help"), ("-h",), ("cache", "info", "-h"), ("--version",)):
        assert run(*words).code == 0


def test_a_file_that_is_named_and_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "none.toml: bad-config: the file can't be read: No such file or directory\n"
    assert run("--config", "none.toml", "convert", "rules") == (2, "", expected)
    monkeypatch.setenv("SIGMA_TRANSPILE_CONFIG", "none.toml")
    assert run("convert", "rules") == (2, "", expected)
    assert run("--no-config", "convert", "rules").code == 0


def test_a_pyproject_that_is_named_and_has_no_table(here: Path, run: Run) -> None:
    (here / "pyproject.toml").write_text("[project]\n")
    code, _, err = run("--config", "pyproject.toml", "convert", "rules")
    assert code == 2
    assert err.startswith("pyproject.toml: bad-config: there is no table [tool.sigma-transpile]")


def test_a_file_and_none_is_wrong(here: Path, run: Run) -> None:
    (here / "a.toml").touch()
    assert run("--config", "a.toml", "--no-config", "convert", "rules").code == 2


def test_verify_tells_that_it_uses_no_pipelines(here: Path, run: Run) -> None:
    (here / "sigma-transpile.toml").write_text("\npipelines = ['mine.yml']\n")
    assert (
        "sigma-transpile.toml:2:1: config-no-effect (warning): "
        in run("verify", "rules", "-t", "splunk").err
    )
    assert "config-no-effect" not in run("convert", "rules").err


def test_verify_tells_that_it_uses_no_schema(here: Path, run: Run) -> None:
    (here / "schema.json").touch()
    (here / "sigma-transpile.toml").write_text("\nschema = 'schema.json'\n")
    assert (
        "sigma-transpile.toml:2:1: config-no-effect (warning): "
        in run("verify", "rules", "-t", "splunk").err
    )
