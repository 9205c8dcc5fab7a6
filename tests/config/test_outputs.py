"""The folders of the file: what is written to them and checked in them, and when."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CONFIG = """\
rules = ["rules"]
targets = ["splunk", "elastic-eql"]

[convert]
output = "queries"

[export]
format = "kibana-rules"
target = "elastic-eql"
profile = "soc.toml"
output = "exports"

[check]
output = "queries"

[catalog]
output = "site"
"""


@pytest.fixture
def configured(here: Path) -> Path:
    (here / "soc.toml").write_text("[defaults]\nevery = '10m'\n")
    (here / "sigma-transpile.toml").write_text(CONFIG)
    return here


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_convert_and_check_without_anything(configured: Path, run: Run) -> None:
    done = run("convert")
    assert (done.code, done.out) == (0, "")
    expected = {"one.spl", "one.eql", "sub/two.spl", "sub/two.eql"}
    assert names(configured / "queries") == expected
    assert run("check").err == "sigma-transpile: in step: 2 rules, 4 files\n"
    (configured / "queries/one.spl").write_text("mine\n")
    assert run("check").code == 1
    assert run("check", "--fix").code == 0
    assert run("check").code == 0


def test_an_output_is_for_the_rules_of_the_file_alone(configured: Path, run: Run) -> None:
    run("convert")
    before = names(configured)
    for command in (("convert", "-t", "splunk"), ("export",)):
        done = run(*command, "rules/sub/two.yml", *(["-t", "elastic-eql"] * (len(command) == 1)))
        assert done.code == 0
        assert "even" in done.out.lower() or "[eE]" in done.out
    assert names(configured) == before
    assert run("catalog", "rules/sub").code == 2
    assert run("convert", "-o", "other").out == ""
    assert names(configured / "other") == names(configured / "queries")


def test_an_option_goes_before_the_output(configured: Path, run: Run) -> None:
    assert run("convert", "-o", "a").code == run("export", "-o", "b").code == 0
    assert run("catalog", "-o", "c").code == 0
    assert (configured / "a/one.spl").exists()
    assert (configured / "b/sigma-transpile.lock").exists()
    assert (configured / "c/index.html").exists()
    assert not {"queries", "exports", "site"} & {path.name for path in configured.iterdir()}


def test_the_catalogue(configured: Path, run: Run) -> None:
    assert run("catalog").code == 0
    assert (configured / "site/index.html").exists()


def exported(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("*.ndjson")
    found: dict[str, Any] = json.loads(file.read_text("utf-8").splitlines()[0])
    return found


def test_the_export_is_checked_as_it_is_exported(configured: Path, run: Run) -> None:
    assert run("export").code == 0
    assert exported(configured / "exports")["language"] == "eql"
    assert exported(configured / "exports")["interval"] == "10m"
    assert run("check", "exports").err == "sigma-transpile: in step: 2 rules, 1 files\n"
    (configured / "sigma-transpile.toml").write_text(
        CONFIG.replace("elastic-eql", "elastic-lucene")
    )
    assert run("check", "exports").code == 1
    (configured / "sigma-transpile.toml").write_text(CONFIG)
    (configured / "soc.toml").write_text("[defaults]\nevery = '20m'\n")
    assert run("check", "exports").code == 1
    assert run("check", "exports", "--fix").code == 0
    assert exported(configured / "exports")["interval"] == "20m"


def test_without_a_lock_file_too(configured: Path, run: Run) -> None:
    assert run("export").code == 0
    (configured / "exports/sigma-transpile.lock").unlink()
    assert run("check", "exports").code == 0
    text = CONFIG.replace('[check]\noutput = "queries"', '[check]\noutput = "exports"')
    (configured / "sigma-transpile.toml").write_text(text)
    assert run("check").code == 0


def test_another_export_has_its_own_format_and_target(configured: Path, run: Run) -> None:
    words = ("--as", "splunk-savedsearches", "-t", "splunk", "-o", "searches")
    assert run("export", *words).code == 0
    assert run("check", "searches").err == "sigma-transpile: in step: 2 rules, 1 files\n"
    assert run("check", "exports", "--as", "splunk-savedsearches", "--fix").code == 0
    assert names(configured / "exports") == {"savedsearches.conf", "sigma-transpile.lock"}


def test_options_go_before_what_is_checked(configured: Path, run: Run) -> None:
    assert run("convert", "-t", "defender", "-o", "other").code == 0
    assert run("check", "other").code == 1
    assert run("check", "other", "-t", "defender").code == 0
    assert run("check", "rules/sub", "other", "-t", "defender", "--no-diff").code == 1


def test_the_same_from_a_folder_below(
    configured: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("convert").code == run("export").code == 0
    written = {name: (configured / name).read_bytes() for name in sorted(names(configured))}
    monkeypatch.chdir(configured / "rules/sub")
    assert run("check").code == run("check", "../../exports").code == 0
    assert run("convert").code == run("export").code == 0
    assert names(configured) == set(written)
    assert all((configured / name).read_bytes() == text for name, text in written.items())
    (configured / "rules/sub/two.yml").write_text("title: broken\n")
    assert "../../rules/sub/two.yml:1" in run("check").err


def test_the_same_by_name_from_elsewhere_and_in_a_pyproject(
    configured: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("convert").code == 0
    (configured / "sigma-transpile.toml").rename(configured / "soc")
    text = "[tool.sigma-transpile]\n" + CONFIG.replace("\n[", "\n[tool.sigma-transpile.")
    (configured / "pyproject.toml").write_text(text)
    assert run("check").code == 0
    monkeypatch.chdir(configured.parent)
    assert run("check").code == 2
    for name in ("here/soc", "here/pyproject.toml", str(configured / "soc")):
        assert run("--config", name, "check").code == 0
        monkeypatch.setenv("SIGMA_TRANSPILE_CONFIG", name)
        assert run("check").code == 0
        assert run("--no-config", "check").code == 2
        monkeypatch.delenv("SIGMA_TRANSPILE_CONFIG")


def test_of_two_files_the_nearest_alone_holds(
    configured: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configured / "pyproject.toml").write_text("[tool.sigma-transpile]\ntargets = ['asim']\n")
    inner = configured / "rules/sigma-transpile.toml"
    inner.write_text("rules = ['sub']\n")
    shown = json.loads(run("config", "--format", "json").out)
    assert shown["file"] == "sigma-transpile.toml"
    assert shown["settings"][1]["value"] == ["splunk", "elastic-eql"]
    monkeypatch.chdir(configured / "rules")
    shown = json.loads(run("config", "--format", "json").out)
    assert [one["setting"] for one in shown["settings"] if one["source"] == "file"] == ["rules"]


def test_without_rules_anywhere_a_hint_names_init(here: Path, run: Run) -> None:
    for command in ("convert", "export --as splunk-app", "verify", "catalog -o a", "serve"):
        code, out, err = run(*command.split())
        assert (code, out) == (2, "")
        assert re.search(r"missing argument (PATH|RULES)\.\.\.; `sigma-transpile init` writes", err)
    (here / "sigma-transpile.toml").write_text("targets = ['splunk']\n")
    assert "rules = [...] in sigma-transpile.toml" in run("convert").err
