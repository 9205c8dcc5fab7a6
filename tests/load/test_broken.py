"""What a user sees of each broken rule: message, place, caret and hint, to the letter.

The expected text stands beside each rule; `pytest --update-golden` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.cli.problems import show_problem
from transpile.diagnostics import DIAGNOSTICS, Kind
from transpile.load.files import RuleFile
from transpile.load.rules import BrokenRule, Rule, load_file

FOLDER = Path(__file__).parent / "broken"
CONVERTED = {"metadata", "no_title", "timeframe"}
"""what is wrong with these keeps them from nothing"""


def loaded(path: Path) -> list[Rule | BrokenRule]:
    return list(load_file(RuleFile(str(path), path.name)))


def shown(path: Path) -> str:
    lines = []
    for rule in loaded(path):
        problems = rule.problems if isinstance(rule, BrokenRule) else rule.warnings
        lines += [show_problem(problem) for problem in problems]
    return "".join(f"{line}\n" for line in lines).replace(str(path), path.name)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_what_is_shown(path: Path, request: pytest.FixtureRequest) -> None:
    expected = path.with_suffix(".stderr")
    text = shown(path)
    if request.config.getoption("--update-golden"):
        expected.write_text(text, encoding="utf-8", newline="\n")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_every_problem_has_a_place_and_a_page(path: Path) -> None:
    for rule in loaded(path):
        problems = rule.problems if isinstance(rule, BrokenRule) else rule.warnings
        for problem in problems:
            assert problem.code in DIAGNOSTICS
            assert problem.line or problem.code == "empty-file"


def test_only_warnings_let_a_rule_through() -> None:
    for path in sorted(FOLDER.glob("*.yml")):
        rules = loaded(path)
        sound = [rule for rule in rules if isinstance(rule, Rule)]
        assert bool(sound) == (path.stem in CONVERTED or path.stem == "yaml_second_document")
        for rule in sound:
            assert all(DIAGNOSTICS[w.code].kind is Kind.WARNING for w in rule.warnings)


def test_what_follows_a_broken_document_is_read() -> None:
    titles = [rule.title for rule in loaded(FOLDER / "yaml_second_document.yml")]
    assert titles == ["Broken", "", "Third"]
