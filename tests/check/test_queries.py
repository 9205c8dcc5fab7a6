"""`check` on the queries that `convert` wrote."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
NAMES = {"one.spl", "one.eql", "sub/two.spl", "sub/two.eql", "sigma-transpile.lock"}


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_in_step(queries: Path, run: Run) -> None:
    assert names(queries) == NAMES
    assert run("check", "rules", "out") == (0, "", "sigma-transpile: in step: 2 rules, 4 files\n")


def test_without_a_lock_the_targets_are_given(queries: Path, run: Run) -> None:
    (queries / "sigma-transpile.lock").unlink()
    targets = ("-t", "splunk", "-t", "elastic-eql")
    assert run("check", "rules", "out", *targets).code == 0
    (queries / "stray.spl").write_text("x\n", "utf-8")
    (queries / "README.md").write_text("mine", "utf-8")
    code, out, _ = run("check", "rules", "out", *targets)
    assert (code, out) == (
        1,
        "orphaned stray.spl is given by no rule\n"
        "  no rule gives it\n"
        "--- committed/stray.spl\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
    )


def test_a_changed_rule(queries: Path, here: Path, run: Run) -> None:
    edit(here / "rules/one.yml", "odd", "even")
    code, out, err = run("check", "rules", "out")
    assert code == 1
    assert (
        "changed one.spl is not what the rules give now\n"
        "  the rule changed: detection (rules/one.yml:8)\n"
        "--- committed/one.spl\n"
        "+++ expected/one.spl\n"
        "@@ -1,3 +1,3 @@\n"
        ' source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"\n'
        " AND EventCode=1\n"
        '-AND CommandLine="*odd, and long enough for several lines*"\n'
        '+AND CommandLine="*even, and long enough for several lines*"\n'
    ) in out
    assert err == (
        "sigma-transpile: 2 changed (2 rules, 4 files); check --fix writes what the rules give\n"
    )
    assert names(queries) == NAMES


def test_a_change_that_no_query_shows(queries: Path, here: Path, run: Run) -> None:
    edit(here / "rules/one.yml", "Finds it.", "Finds it # quickly.")
    assert run("check", "rules", "out").code == 0


def test_fix(queries: Path, here: Path, run: Run) -> None:
    edit(here / "rules/one.yml", "odd", "even")
    (queries / "sub/two.eql").unlink()
    code, _, err = run("check", "rules", "out", "--fix", "--no-diff")
    assert code == 0
    assert err == (
        "one.eql: written\none.spl: written\nsub/two.eql: written\n"
        "sigma-transpile: 3 of 3 files that differed are in step now\n"
    )
    assert names(queries) == NAMES
    assert run("check", "rules", "out").code == 0


def test_missing_files_say_why(
    queries: Path, here: Path, run: Run, rule_text: Callable[..., str]
) -> None:
    (queries / "sub/two.eql").unlink()
    (here / "rules/three.yml").write_text(rule_text(3), "utf-8")
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert code == 1
    assert out == (
        "missing sub/two.eql is not there\n"
        "  it was deleted\n"
        "missing three.eql is not there\n"
        "  the rule is new: Rule 3 (rules/three.yml:1)\n"
        "missing three.spl is not there\n"
        "  the rule is new: Rule 3 (rules/three.yml:1)\n"
    )


def test_orphans_are_removed_where_they_are_ours(queries: Path, here: Path, run: Run) -> None:
    (here / "rules/sub/two.yml").unlink()
    edit(queries / "sub/two.eql", "odd", "my own")
    (queries / "sub/notes.txt").write_text("mine", "utf-8")
    (queries / "mine.spl").write_text("mine", "utf-8")
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert (code, out) == (
        1,
        "orphaned sub/two.eql is given by no rule\n  no rule gives it\n"
        "orphaned sub/two.spl is given by no rule\n  no rule gives it\n",
    )
    code, _, err = run("check", "rules", "out", "--fix", "--no-diff")
    assert code == 1
    assert "sub/two.eql: left alone: nothing tells that it is no file of yours" in err
    assert "sub/two.spl: removed" in err
    assert names(queries) == NAMES - {"sub/two.spl"} | {"sub/notes.txt", "mine.spl"}


def test_what_was_edited_by_hand_is_kept(queries: Path, run: Run) -> None:
    edit(queries / "one.spl", "odd", "my own")
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert (code, out) == (
        1,
        "changed one.spl is not what the rules give now\n"
        "  the file was edited by hand, or written in part\n",
    )
    assert (
        "one.spl: written; what was there is in one.spl.orig"
        in run("check", "rules", "out", "--fix").err
    )
    assert "my own" in (queries / "one.spl.orig").read_text("utf-8")
    edit(queries / "one.spl", "odd", "another")
    assert "in one.spl.orig2" in run("check", "rules", "out", "--fix").err
    assert run("check", "rules", "out").code == 0


def test_half_a_file_and_what_a_killed_run_left(queries: Path, run: Run) -> None:
    whole = (queries / "one.spl").read_bytes()
    (queries / "one.spl").write_bytes(whole[:20])
    (queries / ".one.spl.123.tmp").write_bytes(whole[:10])
    code, out, _ = run("check", "rules", "out")
    assert code == 1
    assert "leftover .one.spl.123.tmp is a temporary file\n" in out
    assert '-source="XmlWinEventL\n-(no line break here)\n' in out
    assert run("check", "rules", "out", "--fix").code == 0
    assert (queries / "one.spl").read_bytes() == whole
    assert names(queries) == NAMES | {"one.spl.orig"}


def test_a_broken_rule_costs_none_of_its_outputs(queries: Path, here: Path, run: Run) -> None:
    edit(here / "rules/one.yml", "contains", "contain")
    code, out, err = run("check", "rules", "out", "--no-diff")
    assert code == 1
    assert "rules/one.yml:10:17: unknown-modifier" in err
    assert out == (
        "orphaned one.eql is given by no rule\n"
        "  the rule is broken: there is no modifier 'contain' (rules/one.yml:10)\n"
        "orphaned one.spl is given by no rule\n"
        "  the rule is broken: there is no modifier 'contain' (rules/one.yml:10)\n"
    )
    code, _, err = run("check", "rules", "out", "--fix", "--no-diff")
    assert code == 1
    assert "one.spl: left as it is until the broken rule is mended" in err
    assert names(queries) == NAMES
    edit(here / "rules/one.yml", "contain", "contains")
    assert run("check", "rules", "out").code == 0


def test_a_file_that_became_no_yaml_costs_none_of_its_outputs(
    here: Path, run: Run, rule_text: Callable[..., str]
) -> None:
    (here / "rules/many.yml").write_text(f"{rule_text(3)}---\n{rule_text(4)}", "utf-8")
    assert run("convert", "rules", "-o", "out", "-t", "splunk").code == 0
    assert run("check", "rules", "out", "-t", "splunk", "--fix").code == 0
    before = names(here / "out")
    assert {"many-1.spl", "many-2.spl"} <= before
    (here / "rules/many.yml").write_text("title: [", "utf-8")
    assert run("check", "rules", "out", "--fix").code == 1
    assert names(here / "out") == before


def test_a_refused_rule_leaves_an_orphan_that_says_why(queries: Path, here: Path, run: Run) -> None:
    edit(here / "rules/one.yml", "|contains: 'odd", "|re: 'a(?!b)")
    code, out, _ = run("check", "rules", "out", "--no-diff")
    assert code == 1
    assert "orphaned one.eql is given by no rule\n  the rule is refused: " in out
    assert "changed one.spl" in out


def test_two_rules_with_one_id(
    queries: Path, here: Path, run: Run, rule_text: Callable[..., str]
) -> None:
    (here / "rules/twin.yml").write_text(rule_text(1), "utf-8")
    code, out, err = run("check", "rules", "out")
    assert (code, out) == (1, "")
    assert "rules/twin.yml:2:5: duplicate-id" in err


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 2}', "\x00", "<<<<"]
)
def test_a_damaged_lock_is_told_and_mended(queries: Path, run: Run, text: str) -> None:
    lock = queries / "sigma-transpile.lock"
    whole = lock.read_bytes()
    lock.write_text(text, "utf-8")
    targets = ("-t", "splunk", "-t", "elastic-eql")
    code, out, _ = run("check", "rules", "out", *targets)
    assert code == 1
    assert out.startswith("lock sigma-transpile.lock can't be read\n")
    assert run("check", "rules", "out", *targets, "--fix").code == 0
    assert lock.read_bytes() == whole


def test_links_lead_nowhere(queries: Path, here: Path, run: Run) -> None:
    (here / "secret").write_text("secret", "utf-8")
    (queries / "one.spl").unlink()
    (queries / "one.spl").symlink_to(here / "secret")
    (queries / "sub/two.spl").unlink()
    (queries / "sub/two.eql").unlink()
    (queries / "sub").rmdir()
    (here / "elsewhere").mkdir()
    (queries / "sub").symlink_to(here / "elsewhere")
    code, out, _ = run("check", "rules", "out")
    assert code == 1
    assert "secret" not in out
    code, _, err = run("check", "rules", "out", "--fix")
    assert code == 2
    assert "sub/two.eql would be outside of out; a link leads out of it" in err
    assert (here / "secret").read_text("utf-8") == "secret"
    assert names(here / "elsewhere") == set()


def test_an_upgrade_is_told_from_a_change(queries: Path, here: Path, run: Run) -> None:
    """A lock of another version stands for an upgrade that changed a query of each kind."""
    lock = queries / "sigma-transpile.lock"
    edit(lock, '"tool": "', '"tool": "0.0.1-')
    assert "the tool changed: 0.0.1-" in run("check", "rules", "out").err
    edit(here / "rules/one.yml", "odd", "even")
    edit(queries / "sub/two.spl", "odd", "ODD")
    text = lock.read_text("utf-8")
    content = json.loads(text)
    new = hashlib.sha256((queries / "sub/two.spl").read_bytes()).hexdigest()[:32]
    lock.write_text(text.replace(content["files"]["sub/two.spl"][0], new), "utf-8")
    code, out, _ = run("check", "rules", "out", "--explain-upgrade", "--no-diff")
    assert code == 1
    tool, both = out.split("\n\n")
    assert tool.startswith("changed by the tool: 1\nchanged sub/two.spl")
    assert both.startswith("changed by the rules and the tool: 2\nchanged one.eql")
    assert "the rule changed: detection (rules/one.yml:8)" in both


def test_without_a_lock_no_upgrade_is_explained(queries: Path, run: Run) -> None:
    (queries / "sigma-transpile.lock").unlink()
    code, out, err = run("check", "rules", "out", "--explain-upgrade")
    assert (code, out) == (2, "")
    assert "out has no lock file to compare with; check --fix writes one" in err


def test_a_pipeline_is_part_of_what_they_are_made_with(queries: Path, here: Path, run: Run) -> None:
    pipeline = "transformations:\n- type: field_name_mapping\n  mapping: {CommandLine: cmd}\n"
    (here / "p.yml").write_text(pipeline, "utf-8")
    code, out, _ = run("check", "rules", "out", "-p", "p.yml", "--no-diff")
    assert code == 1
    assert out.count("  the pipeline p.yml changed\n") == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rules", "nowhere"], "there is no folder 'nowhere'"),
        (["nowhere", "out"], "there is no file or folder 'nowhere'"),
        (["rules", "out", "--profile", "p.toml"], "a profile is for exports; say which with --as"),
        (["rules", "out", "--as", "x"], "there is no format 'x'"),
        (
            ["rules", "out", "--as", "kibana-rules", "-t", "elastic-eql", "-t", "elastic-lucene"],
            "an export holds the queries of one target",
        ),
    ],
)
def test_wrong_usage(queries: Path, run: Run, arguments: list[str], said: str) -> None:
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_colours_on_a_terminal(queries: Path, here: Path) -> None:
    edit(here / "rules/one.yml", "odd", "even")
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "transpile", "check", "rules", "out"],
        stdout=child,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TERM": "xterm"},
    ):
        os.close(child)
        shown = b""
        try:
            while data := os.read(parent, 65536):
                shown += data
        except OSError:  # Linux's way to say that the other end is closed
            pass
    os.close(parent)
    assert b'\x1b[31m-AND CommandLine="*odd, ' in shown
    assert b'\x1b[32m+AND CommandLine="*even, ' in shown


def test_nothing_printed_obeys_a_hostile_file(queries: Path, run: Run) -> None:
    (queries / "one.spl").write_bytes(b"\x1b]0;owned\x07\xff\n")
    out = run("check", "rules", "out").out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_the_cache_decides_nothing(
    queries: Path, here: Path, run: Run, damage: bytes | None
) -> None:
    """The answer is the same where it is damaged, or gone."""
    (kept,) = (here / "cache").glob("*.sqlite")
    for side in (here / "cache").iterdir():
        side.unlink()
    if damage is not None:
        kept.write_bytes(damage)
    assert run("check", "rules", "out").code == 0
    edit(here / "rules/one.yml", "odd", "even")
    edit(queries / "sub/two.spl", "odd", "mine")
    changed = run("check", "rules", "out", "--no-diff")
    assert changed.code == 1
    assert changed == run("check", "rules", "out", "--no-diff", "--no-cache")
    assert changed.out.count("changed ") == 3
