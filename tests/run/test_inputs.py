"""What a user is told of the files given with -p: message, place, caret and hint, to the letter.

The first line of a file names the targets. The expected text stands beside it, empty where there is
nothing to tell; `pytest --update-golden` writes it anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transpile import transpile
from transpile.cli.problems import show_problem
from transpile.diagnostics import DIAGNOSTICS, Kind
from transpile.load.problem import Problem, ProblemFound, Severity
from transpile.run import inputs
from transpile.run.convert import Converter

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for path in (Path(__file__).parent / "pipelines").iterdir()
    if path.suffix in (".yml", ".toml")
)
RULE = ROOT / "golden" / "contains-all" / "rule.yml"


def told(path: Path) -> list[Problem]:
    """All that is told before the first rule."""
    targets = path.read_text("utf-8").partition("\n")[0].lstrip("# ").split()
    problems = inputs.problems(targets, [str(path)])
    if inputs.are_usable(problems):
        try:
            Converter(targets, [str(path)])
        except ProblemFound as bad:
            problems.append(bad.problem)
    return problems


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_told(path: Path, request: pytest.FixtureRequest) -> None:
    text = "".join(f"{show_problem(one)}\n" for one in told(path)).replace(str(path), path.name)
    expected = path.with_suffix(".stderr")
    if request.config.getoption("--update-golden"):
        expected.write_text(text, encoding="utf-8", newline="\n")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_problem_has_a_place_and_a_page(path: Path) -> None:
    for problem in told(path):
        kind = DIAGNOSTICS[problem.code].kind
        assert kind is (Kind.WARNING if problem.severity is Severity.WARNING else Kind.USAGE)
        assert problem.line


def test_variables_and_states_of_one_file_are_used_by_another(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    first.write_text(
        "vars: {admins: [root]}\ntransformations:\n  - {type: set_state, key: customer, val: a}\n"
    )
    second.write_text(
        "transformations:\n  - type: value_placeholders\n"
        "    rule_conditions: [{type: processing_state, key: customer, val: a}]\n"
    )
    assert len(inputs.problems(["splunk"], [str(first)])) == 2
    assert inputs.problems(["splunk"], [str(first), str(second)]) == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fields").mkdir()
    for name in ("windows.yml", "linux.yml", "notes.txt", "tables.toml"):
        (tmp_path / "fields" / name).write_text("transformations: []\n")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("fields/window.yml", "there is no such file", "did you mean 'fields/windows.yml'?"),
        ("fields/tables", "there is no such file", "did you mean 'fields/tables.toml'?"),
        ("fields/zzz.yml", "there is no such file", ""),
        ("nowhere/windows.yml", "there is no such file", ""),
        ("a" * 5000, "there is no such file", ""),
        (
            "ecs_windows",
            "there is no such file",
            "ecs_windows is a pipeline of pySigma; pipelines are not taken by name, and each target"
            " maps its fields by itself already: leave it out",
        ),
        (
            "Microsoft-XDR",
            "there is no such file",
            "microsoft_xdr is a pipeline of pySigma; pipelines are not taken by name, and each"
            " target maps its fields by itself already: leave it out",
        ),
        (
            "fields",
            "this is a folder; -p takes files",
            "give each file by itself: linux.yml, tables.toml, windows.yml",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_no_file(path: str, message: str, hint: str) -> None:
    (problem,) = inputs.problems(["splunk"], [path])
    assert problem == Problem("no-pipeline-file", message, path, hint=hint)


def test_a_folder_of_many_files_and_of_none(folder: Path) -> None:
    for number in range(7):
        (folder / f"{number}.yml").write_text("")
    (problem,) = inputs.problems(["splunk"], ["."])
    assert problem.hint == "give each file by itself: 0.yml, 1.yml, 2.yml, 3.yml, 4.yml and 2 more"
    (folder / "empty").mkdir()
    (problem,) = inputs.problems(["splunk"], ["empty"])
    assert problem.hint == "there is no .yml file in it"


STATE = "transformations:\n  - {type: set_state, key: KEY, val: a}\n"
WARNING = """\
p.yml:2:28: pipeline-no-effect (warning): the state 'customer' has no effect: no query for splunk \
depends on it
  2 |   - {type: set_state, key: customer, val: a}
    |                            ^
  hint: take it out
"""
BROKEN = """\
p.yml:2:12: bad-pipeline: Unknown transformation type 'set_stat'
  2 |   - {type: set_stat}
    |            ^
  hint: did you mean 'set_state'?
"""
COMMANDS = {
    "convert": ["convert", "rule.yml", "-t", "splunk"],
    "export": ["export", "rule.yml", "--as", "splunk-savedsearches"],
    "check": ["check", "rule.yml", "out", "-t", "splunk"],
    "check --as": ["check", "rule.yml", "out", "--as", "splunk-savedsearches"],
    "explain": ["explain", "rule.yml", "-t", "splunk"],
    "catalog": ["catalog", "rule.yml", "-o", "site", "-t", "splunk"],
}
SERVE = ["serve", "rule.yml", "-t", "splunk"]


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "transpile", *arguments, "-p", "p.yml"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SIGMA_TRANSPILE_CACHE": str(Path.cwd() / "c")},
        timeout=120,
    )
    return done.returncode, done.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rule.yml").write_text(RULE.read_text("utf-8"), "utf-8")
    Path("out").mkdir()
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_warning_is_told_once_and_with_a_warm_cache_too(command: list[str]) -> None:
    Path("p.yml").write_text("transformations: []\n")
    expected, silent = run(*command)
    assert "pipeline" not in silent
    Path("p.yml").write_text(STATE.replace("KEY", "customer"))
    for _ in range(2):
        code, shown = run(*command)
        assert code == expected
        assert shown.startswith(WARNING)
        assert shown.count("pipeline-no-effect") == 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [*COMMANDS.values(), SERVE], ids=[*COMMANDS, "serve"])
def test_what_would_be_wrong_ends_every_command(command: list[str]) -> None:
    code, shown = run(*command)
    assert (code, shown) == (2, "p.yml: no-pipeline-file: there is no such file\n")
    Path("p.yml").write_text(STATE.replace("KEY", "data_model_set"))
    code, shown = run(*command)
    assert code == 2
    assert shown.startswith("p.yml:2:28: pipeline-state: the state 'data_model_set' says")
    Path("p.yml").write_text("transformations:\n  - {type: set_stat}\n")
    assert run(*command) == (2, BROKEN)


def test_the_python_api_tells_it_too(here: Path) -> None:
    path = here / "p.yml"
    path.write_text(STATE.replace("KEY", "customer"))
    with pytest.warns(UserWarning, match=r"p\.yml:2: the state 'customer' has no effect"):
        transpile(RULE, "splunk", pipelines=[path])
    path.write_text(STATE.replace("KEY", "query_table"))
    with pytest.raises(ValueError, match=r"p\.yml:2: the state 'query_table' says what"):
        transpile(RULE, "sentinel", pipelines=[path])


def test_warnings_take_no_pysigma() -> None:
    code = (
        "import sys\nfrom transpile.run import inputs\n"
        "inputs.problems(['splunk', 'sentinel'], sys.argv[1:])\n"
        "print(*{'sigma', 'backends', 'transpile.targets.kusto'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, FILES)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == "\n"
