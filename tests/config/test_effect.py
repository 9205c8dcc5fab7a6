"""Every key does what its option does, and an option goes before it.

Each case is run with the option and without a file, and with the file and without the option: both
must end, print and write alike. Without either, something must be different, or the key would have
no effect.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from transpile.config.settings import SETTINGS

Run = Callable[..., Any]
PROFILE = "[defaults]\nevery = '{every}'\n"
EVENT = {"CommandLine": "odd"}
SCHEMA = """{"format": 1, "patterns": ["*"], "sources": ["a"], "fields":
{"process.command_line": [{"type": "keyword", "fields": {"%s": {"type": "wildcard"}}}]}}
"""


class Case(NamedTuple):
    """A setting as TOML, a command, its option that says the same, and one that says otherwise."""

    setting: str
    toml: str
    command: str
    option: str
    other: str


VERIFY = "verify rules/one.yml --engine http://127.0.0.1:1"
KIBANA = "export rules --as kibana-rules"
CASES = [
    Case("rules", "rules = ['rules']", "convert -t splunk", "rules", "rules/one.yml"),
    Case("rules", "rules = ['rules']", KIBANA.replace(" rules", "", 1), "rules", "rules/one.yml"),
    Case("rules", "rules = ['rules']", "verify -t splunk", "rules", "rules/one.yml"),
    Case("rules", "rules = ['rules']", "check -t splunk", "rules out", "rules/sub out"),
    Case("rules", "rules = ['rules']", "catalog -t splunk -o site", "rules", "rules/one.yml"),
    Case("targets", "targets = ['splunk']", "convert rules", "-t splunk", "-t defender"),
    Case("targets", "targets = ['splunk']", "check rules out", "-t splunk", "-t defender"),
    Case(
        "targets",
        "targets = ['splunk']",
        VERIFY,
        "-t splunk",
        "-t splunk-cim",
    ),
    Case("targets", "targets = ['splunk']", "explain rules/one.yml", "-t splunk", "-t defender"),
    Case("targets", "targets = ['asim']", "catalog rules -o site", "-t asim", "-t splunk"),
    *(
        Case("pipelines", "pipelines = ['mine.yml']", command, "-p mine.yml", "-p other.yml")
        for command in (
            "convert rules -t splunk",
            KIBANA,
            "check rules out -t splunk",
            "explain rules/one.yml -t splunk",
            "catalog rules -o site -t splunk",
        )
    ),
    *(
        Case("schema", "schema = 'a.json'", command, "--schema a.json", "--schema b.json")
        for command in (
            "convert rules -t elastic-eql",
            KIBANA,
            "check rules out -t elastic-eql",
            "explain rules/one.yml -t elastic-eql",
            "catalog rules -o site -t elastic-eql",
        )
    ),
    Case(
        "convert.format",
        "convert.format = 'json'",
        "convert rules",
        "--format json",
        "--format ndjson",
    ),
    Case(
        "export.format",
        "export.format = 'kibana-rules'",
        "export rules",
        "--as kibana-rules",
        "--as splunk-savedsearches",
    ),
    Case(
        "export.target",
        "export.target = 'elastic-eql'",
        KIBANA,
        "-t elastic-eql",
        "-t elastic-agent-eql",
    ),
    Case(
        "export.profile",
        "export.profile = 'a.toml'",
        KIBANA,
        "--profile a.toml",
        "--profile b.toml",
    ),
    Case("check.diff", "check.diff = false", "check rules out -t splunk", "--no-diff", "--diff"),
    Case(
        "catalog.title",
        "catalog.title = 'Mine'",
        "catalog rules -t splunk -o site",
        "--title Mine",
        "--title Other",
    ),
    Case(
        "explain.corpus",
        "explain.corpus = ['more']",
        "explain rules/one.yml -t splunk",
        "--corpus more",
        "--corpus rules",
    ),
    Case(
        "verify.engine",
        "verify.engine = 'http://127.0.0.1:1'",
        "verify rules/one.yml -t elastic-lucene --events events.ndjson",
        "--engine http://127.0.0.1:1",
        "--engine http://127.0.0.1:2",
    ),
    Case(
        "verify.events",
        "verify.events = 'events.ndjson'",
        "verify rules/one.yml -t splunk",
        "--events events.ndjson",
        "--events more.ndjson",
    ),
    Case(
        "cache.folder",
        "cache.folder = 'kept'",
        "convert rules -t splunk",
        "--cache kept",
        "--cache other",
    ),
    Case("cache.folder", "cache.folder = 'kept'", KIBANA, "--cache kept", "--cache other"),
    Case(
        "cache.folder",
        "cache.folder = 'kept'",
        "check rules out -t splunk",
        "--cache kept",
        "--cache other",
    ),
    Case("cache.folder", "cache.folder = 'kept'", "cache info", "--cache kept", "--cache other"),
    *(
        Case("cache.enabled", "cache.enabled = false", command, "--no-cache", "--no-cache")
        for command in ("convert rules -t splunk", KIBANA, "check rules out -t splunk")
    ),
]
OUTPUTS = {"convert.output", "export.output", "check.output", "catalog.output"}
"""tested in test_outputs.py, as they are for the rules of the file alone"""


@pytest.fixture
def files(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the cases need besides rules and pipelines."""
    (here / "a.toml").write_text(PROFILE.format(every="10m"))
    (here / "b.toml").write_text(PROFILE.format(every="20m"))
    (here / "events.ndjson").write_text(json.dumps(EVENT) + "\n")
    (here / "more.ndjson").write_text((json.dumps(EVENT) + "\n") * 2)
    (here / "a.json").write_text(SCHEMA % "a")
    (here / "b.json").write_text(SCHEMA % "b")
    (here / "out").mkdir()
    (here / "more").mkdir()
    text = (here / "rules/one.yml").read_text("utf-8")
    (here / "more/three.yml").write_text(text.replace("11111111-", "31111111-"), "utf-8")
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:3")
    return here


def outcome(run: Run, here: Path, toml: str, words: Sequence[str]) -> tuple[Any, dict[str, bytes]]:
    """How a command ends, and the files that it leaves; the folder is then as it was before."""
    before = here.parent / "before"
    shutil.copytree(here, before)
    if toml:
        (here / "sigma-transpile.toml").write_text(toml)
    try:
        return run(*words), left(here.parent) | {"before": b""}
    finally:
        shutil.rmtree(here.parent / "home", ignore_errors=True)
        for path in here.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(before, here, dirs_exist_ok=True)
        shutil.rmtree(before)


def left(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): b"" if ".sqlite" in path.name else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != "sigma-transpile.toml"
        and not path.name.endswith(("-wal", "-shm"))
        and "before" not in path.parts
    }


def test_every_setting_has_a_case() -> None:
    with_options = {one.name for one in SETTINGS if any(one.parameters.values())}
    assert {one.setting for one in CASES} | OUTPUTS == with_options


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.setting}: {one.command}")
def test_a_key_is_its_option_and_an_option_goes_before(case: Case, files: Path, run: Run) -> None:
    command, option = case.command.split(), case.option.split()
    if case.command.startswith("check -t"):  # RULES go before OUT, which is given
        expected = outcome(run, files, "", [*command, *option])
        assert outcome(run, files, case.toml, [*command, "out"]) == expected
    else:
        expected = outcome(run, files, "", [*command, *option])
        assert outcome(run, files, case.toml, command) == expected
    assert outcome(run, files, "", command) != expected
    other = [*command, *case.other.split()]
    assert outcome(run, files, case.toml, other) == outcome(run, files, "", other)


def test_the_environment_goes_between(files: Path, run: Run, monkeypatch: Any) -> None:
    (files / "sigma-transpile.toml").write_text("cache.folder = 'kept'")
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", "env")
    assert run("cache", "info").out.startswith("env/conversions-")
    assert run("cache", "info", "--cache", "option").out.startswith("option/conversions-")
    run("convert", "rules", "-t", "splunk")
    assert (files / "env").is_dir()
    monkeypatch.delenv("SIGMA_TRANSPILE_CACHE")
    assert run("cache", "info").out.startswith("kept/conversions-")
    assert not (files / "kept").exists()
    run("convert", "rules", "-t", "splunk")
    assert (files / "kept").is_dir()
    assert "0 conversions" not in run("cache", "info").out
    (kept,) = (files / "kept").glob("*.sqlite")
    assert run("cache", "clear").code == 0
    assert "0 conversions" in run("cache", "info").out
    assert kept.parent.exists()


def test_tables_are_used_where_a_target_is_explained(files: Path, run: Run) -> None:
    (files / "own.toml").write_text(
        "[[logsource]]\nproduct = 'windows'\ncategory = 'process_creation'\n"
        "table = 'Own_CL'\nfields = {CommandLine = 'Cmd_s'}\n"
    )
    words = ("targets", "explain", "rules/one.yml", "-t", "sentinel")
    (files / "sigma-transpile.toml").write_text("pipelines = ['mine.yml', 'own.toml']")
    assert run(*words) == run("--no-config", *words, "-p", "own.toml")
    assert run(*words) != run("--no-config", *words)
