"""The command's ends, and what it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULE = "golden/wuauclt-network-connection/rule.yml"


def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transpile", "explain", *arguments]
    return subprocess.run(
        command, cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )


def test_an_event_is_put_to_the_rule(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"EventData": {"Image": "x\\\\wuauclt.exe", "DestinationIp": "10.1.2.3"}}')
    found = run(RULE, "--event", str(event))
    assert found.returncode == 0
    assert "Event 1: not found" in found.stdout
    assert "pass DestinationIp|cidr: '10.0.0.0/8': inside 10.0.0.0/8 ('10.1.2.3')" in found.stdout
    assert "FAIL CommandLine|contains: ' /RunHandlerComServer': the field is absent" in found.stdout
    parsed = json.loads(run(RULE, "--event", str(event), "--format", "json").stdout)
    assert [one["found"] for one in parsed["checked"]] == [False]
    assert "outside of" in run(RULE, "--event", str(event), "--format", "markdown").stdout
    assert "outside of" in run(RULE, "--event", str(event), "--format", "html").stdout


def test_rules_come_from_standard_input_too() -> None:
    text = (ROOT / RULE).read_text("utf-8")
    assert run("-", given=text).stdout.startswith("Potentially Suspicious Wuauclt")


def test_targets_and_pipelines(tmp_path: Path) -> None:
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(
        "name: mine\npriority: 10\ntransformations:\n"
        "  - id: rename\n    type: field_name_mapping\n    mapping:\n      Image: my_image\n"
    )
    found = run(RULE, "-t", "splunk", "-p", str(pipeline), "--format", "json")
    (target,) = json.loads(found.stdout)["targets"]
    assert target["fields"]["Image"] == "my_image"


def test_exit_codes(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("title: x")
    event = tmp_path / "event.json"
    event.write_text("no")
    for arguments, code in (
        ((RULE,), 0),
        ((str(broken),), 1),
        (("golden",), 2),
        (("none.yml",), 2),
        ((RULE, "-t", "none"), 2),
        ((RULE, "--corpus", "none"), 2),
        ((RULE, "--event", str(event)), 2),
        ((RULE, "--event", str(tmp_path / "none.json")), 2),
    ):
        assert run(*arguments).returncode == code, arguments


def test_control_characters_of_a_rule_reach_no_terminal(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yml"
    text = (ROOT / RULE).read_text("utf-8")
    rule.write_text(
        text.replace("title: ", 'title: "\\e]0;x\\a" #').replace("wuauclt'", "\x9b31m'")
    )
    assert not {"\x1b", "\x07", "\x9b"} & set(run(str(rule)).stdout)
