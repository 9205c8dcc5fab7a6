"""`check` on exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
FORMATS = (
    *("splunk-savedsearches", "splunk-app", "kibana-rules", "kibana-saved-searches"),
    *("sentinel-yaml", "sentinel-arm"),
)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_each_format(here: Path, run: Run, form: str) -> None:
    assert run("export", "rules", "--as", form, "-o", "out").code == 0
    assert run("check", "rules", "out").code == 0
    assert run("check", "rules", "out", "--as", form).code == 0
    edit(here / "rules/one.yml", "odd", "even")
    code, out, _ = run("check", "rules", "out")
    assert code == 1
    assert "  the rule changed: detection (rules/one.yml:8)\n" in out
    changed = [line for line in out.splitlines() if line.startswith(("-", "+"))]
    changed = [line for line in changed if not line.startswith(("---", "+++"))]
    assert len(changed) == 2
    assert run("check", "rules", "out", "--fix").code == 0
    assert run("check", "rules", "out").code == 0


def test_the_lock_says_which_format_and_target(here: Path, run: Run) -> None:
    arguments = ("--as", "kibana-rules", "-t", "elastic-agent-eql")
    assert run("export", "rules", *arguments, "-o", "out").code == 0
    assert run("check", "rules", "out").code == 0
    code, out, _ = run("check", "rules", "out", "-t", "elastic-eql", "--no-diff")
    assert code == 1
    assert "  the targets changed: elastic-agent-eql are now elastic-eql\n" in out


def test_only_the_stanza_that_differs_is_shown(here: Path, run: Run) -> None:
    assert run("export", "rules", "--as", "splunk-savedsearches", "-o", "out").code == 0
    edit(here / "rules/sub/two.yml", "level: high", "level: low")
    _, out, _ = run("check", "rules", "out")
    assert "(Rule 2 (21111111))" in out
    assert "Rule 1" not in out
    assert "-alert.severity = 4\n+alert.severity = 2\n" in out
    assert "  the rule changed: level (rules/sub/two.yml:4)\n" in out


def test_a_removed_and_a_new_rule(here: Path, run: Run, rule_text: Callable[..., str]) -> None:
    assert run("export", "rules", "--as", "kibana-rules", "-o", "out").code == 0
    (here / "rules/one.yml").unlink()
    (here / "rules/three.yml").write_text(rule_text(3), "utf-8")
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert code == 1
    assert out == (
        "changed rules.ndjson is not what the rules give now\n"
        "  the rule is new: Rule 3 (rules/three.yml:1)\n"
        "  the rule one is gone\n"
    )


def test_a_changed_profile(here: Path, run: Run) -> None:
    (here / "p.toml").write_text("[defaults]\nevery = '2h'\n", "utf-8")
    arguments = ("--as", "sentinel-yaml", "--profile", "p.toml")
    assert run("export", "rules", *arguments, "-o", "out").code == 0
    assert run("check", "rules", "out", "--profile", "p.toml").code == 0
    (here / "p.toml").write_text("[defaults]\nevery = '3h'\n", "utf-8")
    code, out, _ = run("check", "rules", "out", "--profile", "p.toml", "--no-diff")
    assert code == 1
    assert out.count("  the profile changed\n") == 2
    (here / "p.toml").write_text("[defaults]\nevery = '2h'\n[level.low]\nevery = '1h'\n", "utf-8")
    done = run("check", "rules", "out", "--profile", "p.toml")
    assert (done.code, done.out) == (0, "")
    assert "the profile changed; no file differs" in done.err


def test_a_broken_rule_keeps_its_detection(here: Path, run: Run) -> None:
    assert run("export", "rules", "--as", "splunk-savedsearches", "-o", "out").code == 0
    before = (here / "out/savedsearches.conf").read_bytes()
    edit(here / "rules/one.yml", "contains", "contain")
    code, _, err = run("check", "rules", "out", "--fix")
    assert code == 1
    assert "savedsearches.conf: left as it is until the broken rule is mended" in err
    assert (here / "out/savedsearches.conf").read_bytes() == before
    edit(here / "rules/one.yml", "contain", "contains")
    assert run("check", "rules", "out").code == 0


def test_a_rules_own_settings_can_be_wrong(here: Path, run: Run) -> None:
    assert run("export", "rules", "--as", "sentinel-yaml", "-o", "out").code == 0
    with (here / "rules/one.yml").open("a", encoding="utf-8") as file:
        file.write("sigma-transpile:\n  every: 7m\n")
    code, out, err = run("check", "rules", "out", "--no-diff", "--fix")
    assert code == 1
    assert "rules/one.yml: rule-settings: sigma-transpile: every: not every format can say" in err
    assert "  the rule is broken: sigma-transpile: every" in out
    assert (here / "out/one.yaml").exists()


def test_an_export_beside_an_older_one_knows_its_orphans(here: Path, run: Run) -> None:
    assert run("export", "rules", "--as", "sentinel-yaml", "-o", "out").code == 0
    (here / "rules/one.yml").unlink()
    assert run("export", "rules", "--as", "sentinel-yaml", "-o", "out").code == 0
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert (code, out) == (
        1,
        "orphaned one.yaml is given by no rule\n  no rule gives it\n",
    )
    assert run("check", "rules", "out", "--fix").code == 0
    assert not (here / "out/one.yaml").exists()
