"""Which configuration file holds in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.config.find import TABLE, ConfigPlace, named, nearest

HAS_TABLE = "[tool.sigma-transpile]\nrules = ['rules']\n"
HAS_NONE = "[project]\ndependencies = ['sigma-transpile']\n[tool.other]\nsigma-transpile = 1\n"


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `a` with the working folder `a/b/c` in it."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b/c")
    return tmp_path / "a"


def test_there_is_none(deep: Path) -> None:
    (deep / ".git").mkdir()
    assert nearest() is None


def test_the_nearest_above_holds(deep: Path) -> None:
    (deep / "sigma-transpile.toml").touch()
    assert nearest() == ConfigPlace("../../sigma-transpile.toml")
    (deep / "b/pyproject.toml").write_text(HAS_TABLE)
    assert nearest() == ConfigPlace("../pyproject.toml", TABLE)
    (deep / "b/c/sigma-transpile.toml").touch()
    assert nearest() == ConfigPlace("sigma-transpile.toml")


def test_in_one_folder_the_own_file_goes_before_pyproject(deep: Path) -> None:
    (deep / "pyproject.toml").write_text(HAS_TABLE)
    (deep / "sigma-transpile.toml").touch()
    assert nearest() == ConfigPlace("../../sigma-transpile.toml")


def test_a_pyproject_without_the_table_is_passed_over(deep: Path) -> None:
    (deep / "pyproject.toml").write_text(HAS_TABLE)
    for text in (HAS_NONE, "", "tool = 1\nx.sigma-transpile = 1\n"):
        (deep / "b/pyproject.toml").write_text(text)
        assert nearest() == ConfigPlace("../../pyproject.toml", TABLE)


@pytest.mark.parametrize(
    "text",
    [
        HAS_TABLE,
        "[tool]\nsigma-transpile.rules = ['a']",
        "[tool]\n'sigma-transpile' = {rules = ['a']}",
        '[ tool . "sigma-transpile" ]',
        "[tool.sigma-transpile.convert]\nformat = 'json'",
        "tool = {x = 1, sigma-transpile = {}}",
    ],
)
def test_the_table_however_it_is_written(deep: Path, text: str) -> None:
    (deep / "b/c/pyproject.toml").write_text(text)
    assert nearest() == ConfigPlace("pyproject.toml", TABLE)


def test_a_pyproject_that_may_have_the_table_and_is_broken_is_not_passed_over(deep: Path) -> None:
    (deep / "b/pyproject.toml").write_text("[tool.sigma-transpile]\nrules = [")
    assert nearest() == ConfigPlace("../pyproject.toml", TABLE)


@pytest.mark.parametrize("is_file", [False, True])
def test_the_search_ends_at_the_root_of_a_repository(deep: Path, is_file: bool) -> None:
    (deep / "sigma-transpile.toml").touch()
    if is_file:
        (deep / "b/.git").touch()
    else:
        (deep / "b/.git").mkdir()
    assert nearest() is None
    (deep / "b/sigma-transpile.toml").touch()
    assert nearest() == ConfigPlace("../sigma-transpile.toml")


def test_a_folder_of_that_name_is_no_file_and_a_broken_link_is_one(deep: Path) -> None:
    (deep / ".git").mkdir()
    (deep / "b/c/sigma-transpile.toml").mkdir()
    assert nearest() is None
    (deep / "b/sigma-transpile.toml").symlink_to("nowhere")
    assert nearest() == ConfigPlace("../sigma-transpile.toml")


def test_a_working_folder_that_is_gone(deep: Path) -> None:
    (deep / "b/c").rmdir()
    assert nearest() is None


def test_a_pyproject_that_is_named_has_the_table() -> None:
    assert named("x/pyproject.toml") == ConfigPlace("x/pyproject.toml", TABLE)
    assert named("x/soc.toml") == ConfigPlace("x/soc.toml")
