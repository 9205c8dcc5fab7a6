"""The command as a user meets it: its two outputs, its exit codes, its files."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "transpile"]

RULE = """\
title: A
id: c649a6c7-cd8c-4a78-9c04-000fc76df954
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '\\a.exe'
  condition: selection
"""
SECOND = RULE.replace("c649a6c7", "d649a6c7").replace("title: A", "title: B")
LOOKAHEAD = SECOND.replace("Image|endswith: '\\a.exe'", "CommandLine|re: 'a(?!b)'")
BROKEN = RULE.replace("endswith", "endwith")

QUERY = """\
winlog.channel:"Microsoft-Windows-Sysmon/Operational"
AND event.code:"1"
AND process.executable:/.*[\\\\][aA]\\.[eE][xX][eE]/
"""
UNKNOWN_MODIFIER = """\
rules/x.yml:8:11: unknown-modifier: there is no modifier 'endwith'
  8 |     Image|endwith: '\\a.exe'
    |           ^
  hint: did you mean 'endswith'?
"""
KEYS = ["id", "title", "path", "target", "outcome", "reasons", "query", "fields"]
DEFAULTS = ["splunk", "sentinel", "elastic-eql", "elastic-lucene"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    write(rules__a=RULE)
    return tmp_path


def write(**rules: str) -> None:
    """Write files under the names given, with `__` between folders."""
    for name, text in rules.items():
        path = Path(name.replace("__", "/") + ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(*arguments: str, given: str = "", **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=given.encode(),
        capture_output=True,
        check=False,
        env=os.environ | environment,
        timeout=120,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run_on_terminal(*arguments: str, **environment: str) -> str:
    """Everything that a terminal shows."""
    parent, child = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=child,
        stderr=child,
        env=os.environ | {"TERM": "xterm"} | environment,
    ):
        os.close(child)
        shown = b""
        try:
            while data := os.read(parent, 65536):
                shown += data
        except OSError:  # Linux's way to say that the other end is closed
            pass
    os.close(parent)
    return shown.decode().replace("\r\n", "\n")


def convert(*arguments: str, given: str = "", **environment: str) -> tuple[int, str, str]:
    return run("convert", "-t", "elastic-lucene", *arguments, given=given, **environment)


# -- text


def test_one_rule_and_one_target_is_the_query_alone(here: Path) -> None:
    assert convert("rules/a.yml") == (0, QUERY, "")


def test_standard_input(here: Path) -> None:
    assert convert("-", given=RULE) == (0, QUERY, "")
    code, out, err = convert("-", given=BROKEN)
    assert (code, out) == (1, "")
    assert err == UNKNOWN_MODIFIER.replace("rules/x.yml", "-")


def test_queries_are_apart_and_nothing_else_is_among_them(here: Path) -> None:
    write(rules__b=SECOND, rules__x=BROKEN)
    code, out, err = convert("rules")
    assert code == 1
    assert out == f"{QUERY}\n{QUERY}"
    assert err == UNKNOWN_MODIFIER + (
        "3 rules\n  elastic-lucene  2 exact  0 approximate  0 refused  1 failed\n"
    )


def test_four_languages_by_default(here: Path) -> None:
    code, out, err = run("convert", "rules/a.yml", "--format", "ndjson")
    assert (code, err) == (0, "")
    assert [json.loads(line)["target"] for line in out.splitlines()] == DEFAULTS


def test_refusal_is_told_once_for_all_targets(here: Path) -> None:
    write(rules__r=LOOKAHEAD)
    arguments = ("convert", "rules/r.yml", "-t", "elastic-eql", "-t", "elastic-lucene")
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err == (
        "rules/r.yml:8:21: regex-lookaround: the pattern looks ahead or behind, which this language"
        " can't (refused: elastic-eql, elastic-lucene)\n"
        "  8 |     CommandLine|re: 'a(?!b)'\n"
        "    |                     ^\n"
    )


def test_documents_of_one_file(here: Path) -> None:
    write(rules__many=f"{RULE}---\ntitle: [\n---\n{SECOND}")
    code, out, err = convert("rules/many.yml")
    assert (code, out) == (1, f"{QUERY}\n{QUERY}")
    assert err.startswith("rules/many.yml:12:1: yaml-syntax: ")


# -- terminal


def test_terminal_says_which_query_is_which(here: Path) -> None:
    shown = run_on_terminal(
        "convert", "rules/a.yml", "-t", "elastic-eql", "-t", "elastic-lucene", NO_COLOR="1"
    )
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[:2] == ["# A (rules/a.yml)", "# elastic-eql: exact"]
    assert "# elastic-lucene: exact" in lines
    assert shown.endswith(QUERY)


def test_terminal_is_coloured_unless_forbidden(here: Path) -> None:
    arguments = ("convert", "rules/a.yml", "-t", "elastic-eql", "-t", "elastic-lucene")
    assert "\x1b[32mexact\x1b[0m" in run_on_terminal(*arguments, NO_COLOR="")
    assert "\x1b" not in run_on_terminal(*arguments, NO_COLOR="1")
    assert "\x1b" not in run_on_terminal(*arguments, NO_COLOR="", TERM="dumb")


def test_rules_can_not_steer_the_terminal(here: Path) -> None:
    write(rules__x=RULE.replace("title: A", 'title: "\\e]0;owned\\a"'))
    shown = run_on_terminal("convert", "rules/x.yml", NO_COLOR="1")
    assert "\x1b" not in shown


def test_progress_on_a_terminal_for_long_work(here: Path) -> None:
    for number in range(60):
        write(**{f"rules__n{number}": RULE.replace("c649a6c7", f"{number:08d}")})
    shown = run_on_terminal("convert", "rules", "-t", "elastic-lucene", "-o", "out", NO_COLOR="")
    assert re.search(r"converting.*/61", shown)
    assert "61 rules" in shown
    _, _, err = convert("rules", "-o", "out")
    assert "converting" not in err


# -- JSON


def test_json_has_every_rule_and_target(here: Path) -> None:
    write(rules__r=LOOKAHEAD, rules__x=BROKEN, rules__y="a: [")
    code, out, _ = convert("rules", "--format", "json")
    assert code == 1
    objects = json.loads(out)
    assert all(list(one) == KEYS for one in objects)
    assert objects[0] == {
        "id": "c649a6c7-cd8c-4a78-9c04-000fc76df954",
        "title": "A",
        "path": "rules/a.yml",
        "target": "elastic-lucene",
        "outcome": "exact",
        "reasons": [],
        "query": QUERY.rstrip("\n"),
        "fields": {"Image": "process.executable"},
    }
    assert [(o["path"], o["outcome"], o["query"] is None) for o in objects[1:]] == [
        ("rules/r.yml", "refused", True),
        ("rules/x.yml", "failed", True),
        ("rules/y.yml", "failed", True),
    ]
    assert objects[2]["reasons"] == [
        {
            "code": "unknown-modifier",
            "message": "there is no modifier 'endwith'",
            "line": 8,
            "column": 11,
        }
    ]


def test_ndjson_has_the_same(here: Path) -> None:
    write(rules__r=LOOKAHEAD, rules__x=BROKEN)
    _, array, _ = convert("rules", "--format", "json")
    _, lines, _ = convert("rules", "--format", "ndjson")
    assert [json.loads(line) for line in lines.splitlines()] == json.loads(array)


def test_output_does_not_depend_on_the_locale(here: Path) -> None:
    write(rules__u=SECOND.replace("title: B", "title: Ünïcode"))
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert (
        convert("rules/u.yml", "--format", "json", **plain)[1]
        == (convert("rules/u.yml", "--format", "json")[1])
    )


def test_path_that_is_no_utf8(here: Path) -> None:
    os.rename(b"rules/a.yml", b"rules/\xff.yml")  # noqa: PTH104 (bytes)
    code, out, _ = convert("rules", "--format", "json")
    assert code == 0
    assert json.loads(out)[0]["path"] == "rules/\udcff.yml"
    assert convert("rules", "-o", "out")[0] == 0
    assert os.listdir(b"out") == [b"\xff.lucene"]  # noqa: PTH208 (bytes)


# -- files


def test_files_mirror_the_folder(here: Path) -> None:
    write(rules__deep__er__b=SECOND, rules__x=BROKEN)
    code, out, err = convert("rules", "-o", "out")
    assert (code, out) == (1, "")
    assert "3 rules" in err
    found = sorted(p.relative_to(here / "out") for p in (here / "out").rglob("*") if p.is_file())
    assert found == [Path("a.lucene"), Path("deep/er/b.lucene")]
    assert (here / "out" / "a.lucene").read_bytes() == QUERY.encode()


def test_a_query_that_has_no_file_of_its_own_is_told_by_the_exit_code(here: Path) -> None:
    Path("rules/a.yaml").write_text(SECOND, encoding="utf-8")
    code, _, err = convert("rules", "-o", "out")
    assert "rules/a.yml: output-collision: a.lucene already holds the query of rules/a.yaml" in err
    assert code == 1
    assert convert("rules/a.yml", "-o", "out")[0] == 0


def test_files_and_json_together(here: Path) -> None:
    _, out, _ = convert("rules", "-o", "out", "--format", "json")
    assert json.loads(out)[0]["outcome"] == "exact"
    assert (here / "out" / "a.lucene").exists()


def test_output_that_can_not_be_written(here: Path) -> None:
    Path("out").write_text("a file", encoding="utf-8")
    code, _, err = convert("rules", "-o", "out")
    assert code == 2
    assert err == "sigma-transpile: can't write to out: File exists (out)\n"


# -- exit codes and usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rules", "-t", "splank"], "there is no target 'splank'; did you mean 'splunk'?"),
        (["nowhere"], "there is no file or folder 'nowhere'"),
        (["empty"], "no rules (*.yml, *.yaml) in empty"),
        (["rules", "-p", "nowhere.yml"], "nowhere.yml: no-pipeline-file: there is no such file"),
        (["rules", "--format", "xml"], "xml"),
        (["rules", "--nope"], "--nope"),
        ([], "PATH"),
    ],
)
def test_wrong_usage(here: Path, arguments: list[str], message: str) -> None:
    Path("empty").mkdir()
    code, out, err = run("convert", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_unknown_target_without_a_likeness(here: Path) -> None:
    _, _, err = run("convert", "rules", "-t", "zzz")
    assert err.startswith("sigma-transpile: there is no target 'zzz'; there is splunk, ")


def test_reader_that_goes_away(here: Path) -> None:
    many = "---\n".join(RULE.replace("c649a6c7", f"{n:08d}") for n in range(500))
    write(rules__many=many)
    with subprocess.Popen(
        [*COMMAND, "convert", "rules", "-t", "elastic-lucene"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(timeout=60) == 141
    assert "Traceback" not in err
    assert "Exception" not in err


def test_same_output_every_time(here: Path) -> None:
    write(rules__b=SECOND, rules__r=LOOKAHEAD, rules__x=BROKEN)
    runs = {run("convert", "rules", "--format", "json", PYTHONHASHSEED=s) for s in ("0", "1", "2")}
    assert len(runs) == 1


def test_interrupt_leaves_whole_files(here: Path) -> None:
    write(**{f"rules__n{n}": RULE.replace("c649a6c7", f"{n:08d}") for n in range(3000)})
    with subprocess.Popen(
        [*COMMAND, "convert", "rules", "-t", "elastic-lucene", "-o", "out"], stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 30
        while not list(here.glob("out/*.lucene")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b"sigma-transpile: interrupted\n"
    written = list((here / "out").iterdir())
    assert 0 < len(written) < 3001
    assert {path.read_text(encoding="utf-8") for path in written} == {QUERY}


# -- the other commands


def test_version() -> None:
    code, out, _ = run("--version", PYTHONPATH=str(Path(__file__).parents[2]))
    assert code == 0
    assert out.startswith("sigma-transpile ")


def test_help_names_the_exit_codes(here: Path) -> None:
    code, out, _ = run("convert", "--help")
    assert code == 0
    assert "Exit codes: 0 all rules were converted" in " ".join(out.split())


def test_targets_are_listed(here: Path) -> None:
    code, out, _ = run("targets")
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert set(DEFAULTS) <= set(names)


def test_help_and_version_import_little() -> None:
    code = (
        "import sys; sys.argv[1:] = ['convert', '--help']\n"
        "from transpile.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sigma', 'yaml', 'rich', 'pyparsing', 'jinja2', 'requests'}\n"
        "sys.exit(f'{heavy & set(sys.modules)}' if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
