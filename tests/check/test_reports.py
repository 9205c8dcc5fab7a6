"""What continuous integration reads, by readers that are not ours."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from junitparser import Failure, JUnitXml
from sarif_pydantic import Sarif

from transpile.check.drift import By, Cause, Drift, Kind
from transpile.check.reports import github, junit, sarif

Run = Callable[..., Any]


@pytest.fixture
def drifted(queries: Path, here: Path) -> Path:
    """A rule changed, and a file is gone."""
    path = here / "rules/one.yml"
    path.write_text(path.read_text("utf-8").replace("odd", "even"), "utf-8")
    (queries / "sub/two.spl").unlink()
    return queries


def test_github(drifted: Path, run: Run) -> None:
    """https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands"""
    code, out, _ = run("check", "rules", "out", "--format", "github")
    assert code == 1
    assert out.splitlines() == [
        "::error file=rules/one.yml,line=8,title=changed%3A one.eql::one.eql is not what the rules"
        " give now: the rule changed: detection (rules/one.yml:8)",
        "::error file=rules/one.yml,line=8,title=changed%3A one.spl::one.spl is not what the rules"
        " give now: the rule changed: detection (rules/one.yml:8)",
        "::error file=out/sub/two.spl,line=1,title=missing%3A sub/two.spl::sub/two.spl is not"
        " there: it was deleted",
    ]


def test_no_text_adds_a_command() -> None:
    cause = Cause(By.RULE, "a\r\n::warning::b%0A", "x,y:z\n.yml")
    text = github.commands([Drift(Kind.CHANGED, "a", (cause,))], "out")
    assert text == (
        "::error file=x%2Cy%3Az%0A.yml,line=1,title=changed%3A a::a is not what the rules give"
        " now: a%0D%0A::warning::b%250A (x,y:z%0A.yml:1)\n"
    )


def test_sarif(drifted: Path, run: Run) -> None:
    code, out, _ = run("check", "rules", "out", "--format", "sarif")
    assert code == 1
    log = Sarif.model_validate_json(out)
    (one,) = log.runs
    assert one.tool.driver.name == "sigma-transpile"
    assert [r.rule_id for r in one.results or []] == ["changed", "changed", "missing"]
    for result in json.loads(out)["runs"][0]["results"]:
        rules = json.loads(out)["runs"][0]["tool"]["driver"]["rules"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["drift/v1"]
    location = json.loads(out)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "rules/one.yml"},
        "region": {"startLine": 8},
    }


def test_sarif_without_results_is_a_log_too(queries: Path, run: Run) -> None:
    code, out, _ = run("check", "rules", "out", "--format", "sarif")
    assert code == 0
    assert Sarif.model_validate_json(out).runs[0].results == []


def test_sarif_quotes_paths() -> None:
    log = json.loads(sarif.log([Drift(Kind.MISSING, "a b#é.spl", ())], "out/", "1"))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "out/a%20b%23%C3%A9.spl"


def test_junit(drifted: Path, run: Run) -> None:
    code, out, _ = run("check", "rules", "out", "--format", "junit")
    assert code == 1
    (suite,) = JUnitXml.fromstring(out.encode())
    assert (suite.name, suite.tests, suite.failures) == ("sigma-transpile check", 4, 3)
    results = {case.name: case.result for case in suite}
    assert set(results) == {"one.eql", "one.spl", "sub/two.eql", "sub/two.spl"}
    assert results["sub/two.eql"] == []
    (failure,) = results["one.spl"]
    assert isinstance(failure, Failure)
    assert failure.type == "changed"
    assert '+AND CommandLine="*even, ' in failure.text


def test_junit_holds_what_xml_can_not() -> None:
    drift = Drift(Kind.CHANGED, 'a"<&>.spl', (), b"\x00\x1b<&\xff", b"]]>\n")
    text = junit.suite([], [drift], "out")
    (suite,) = JUnitXml.fromfile(io.BytesIO(text.encode()))
    (case,) = suite
    assert case.name == 'a"<&>.spl'
    assert "+]]>" in case.result[0].text


def test_lines_point_at_the_rule(drifted: Path, here: Path, run: Run) -> None:
    out = run("check", "rules", "out", "--format", "github").out
    found = re.search(r"file=(?P<file>[^,]+),line=(?P<line>\d+)", out)
    assert found
    lines = (here / found["file"]).read_text("utf-8").splitlines()
    assert lines[int(found["line"]) - 1] == "detection:"
