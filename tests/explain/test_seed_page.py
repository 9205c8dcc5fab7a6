"""The page that the project started from: every fact on it is on ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RULE = ROOT / "golden/wuauclt-network-connection/rule.yml"
SEED: dict[str, Any] = json.loads((ROOT / "tests/seed_page.json").read_text("utf-8"))


def explain(*arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-m", "transpile", "explain", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue whose folder of SigmaHQ's rules is called upstream."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "upstream").mkdir()
    (folder / "upstream/rule.yml").write_bytes(RULE.read_bytes())
    return folder


def test_every_fact_is_shown_on_a_terminal(upstream: Path) -> None:
    page = " ".join(explain("upstream/rule.yml", cwd=upstream).split())
    for fact in (*SEED["facts"], *SEED["stage 2"], *SEED["stage 1"]):
        assert " ".join(fact.split()) in page
    assert " ".join(SEED["event"]) in page


def test_every_fact_is_in_the_json(upstream: Path) -> None:
    page = json.loads(explain("upstream/rule.yml", "--format", "json", cwd=upstream))
    provider, number, title = SEED["event"]
    found = [(one["provider"], one["id"], one["title"]) for one in page["events"]]
    assert found == [(provider, number, title)]
    listed: dict[tuple[str, str], set[str]] = {}
    for one in page["indicators"]:
        listed.setdefault((one["field"], one["kind"]), set()).add(one["value"])
    assert listed == {(one["field"], one["kind"]): set(one["values"]) for one in SEED["indicators"]}


def test_every_fact_is_in_the_markdown(upstream: Path) -> None:
    page = explain("upstream/rule.yml", "--format", "markdown", cwd=upstream)
    page = page.replace("&#124;", "|").replace("\\", "")
    for fact in (*SEED["facts"], *SEED["stage 2"], *SEED["stage 1"]):
        assert fact.replace("\\", "") in page


@pytest.mark.corpus
def test_indicators_are_counted_in_the_corpus(corpus: Path) -> None:
    rule = next(corpus.glob("**/net_connection_win_wuauclt_network_connection.yml"), RULE)
    arguments = [str(rule), "--corpus", str(corpus), "--format", "json"]
    page = json.loads(explain(*arguments, cwd=ROOT))
    rules = {
        one["value"]: one["rules"]
        for one in page["indicators"]
        if (one["field"], one["kind"]) == ("DestinationIp", "cidr_match")
    }
    assert rules["51.103.0.0/16"] == 2
    assert rules["127.0.0.0/8"] == 12
    assert rules["23.79.0.0/16"] == 1
