"""`convert --format dsl`: Query DSL in place of Lucene and EQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transpile.cli import app

RULE = Path(__file__).parents[2] / "golden" / "cidr-ipv6" / "rule.yml"


@pytest.mark.parametrize(
    ("targets", "executable"),
    [
        ([], "process.executable"),
        (["elastic-eql"], "process.executable"),
        (["elastic-agent-lucene"], "process.executable.caseless"),
        (["elastic-agent-dsl", "elastic-agent-eql"], "process.executable.caseless"),
    ],
)
def test_the_dsl_of_a_target(targets: list[str], executable: str) -> None:
    options = [word for target in targets for word in ("-t", target)]
    done = CliRunner().invoke(app, ["convert", str(RULE), "--format", "dsl", *options])
    assert done.exit_code == 0
    (wildcard,) = [
        clause["wildcard"]
        for clause in json.loads(done.stdout)["query"]["bool"]["filter"]
        if "wildcard" in clause
    ]
    assert list(wildcard) == [executable]


def test_a_target_without_one() -> None:
    done = CliRunner().invoke(app, ["convert", str(RULE), "--format", "dsl", "-t", "splunk"])
    assert done.exit_code == 2
    assert "splunk has no Query DSL form" in done.stderr
