"""The page about exports says what there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from transpile.export import profile as profiles
from transpile.export.formats import FORMATS
from transpile.export.profile import TABLES
from transpile.export.settings import RUNS, SETTINGS
from transpile.load.about import LEVELS, About

PAGE = (Path(__file__).parents[2] / "docs/exports.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ")
]


def test_every_format_and_key_is_listed() -> None:
    named = set(re.findall(r"`([\w.-]+)`", " ".join(row[0] for row in ROWS)))
    keys = {f"{table}.{key}" for table, known in TABLES.items() for key in known}
    assert named == {*FORMATS, *SETTINGS, *keys}


def test_the_targets_are_the_defaults() -> None:
    targets = {row[0].strip("`"): row[3].strip("`") for row in ROWS if len(row) == 4}
    assert {name: targets[name] for name in FORMATS} == {n: f.target for n, f in FORMATS.items()}


def test_the_levels_are_the_defaults() -> None:
    told = {row[0].split(",")[0]: row[1:3] for row in ROWS if row[0].split(",")[0] in LEVELS}
    assert set(told) == set(LEVELS)
    for level, (every, score) in told.items():
        settings = profiles.read(None).settings(About(level=level), None)
        assert (str(settings.every), str(settings.risk_score)) == (every, score)


def test_the_runs_are_those_that_there_are() -> None:
    (row,) = (row for row in ROWS if row[0] == "`every`")
    assert re.findall(r"\d+[mhd]", row[1]) == list(RUNS)


def test_the_examples_are_read(tmp_path: Path) -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "p.toml").write_text(toml, "utf-8")
    profile = profiles.read(str(tmp_path / "p.toml"))
    assert profile.splunk.enterprise_security
    (rule,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    about = About(settings=yaml.safe_load(rule)["sigma-transpile"])
    assert str(profile.settings(about, None).every) == "5m"
