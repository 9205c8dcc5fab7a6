"""The key of the cache: whatever decides the outcome changes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from transpile.load.files import RuleFile
from transpile.run import program
from transpile.run.recipe import Recipe
from transpile.targets import registry

ROOT = Path(__file__).parents[2]
FILE = RuleFile("rules/a.yml", "a.yml")


@pytest.fixture(autouse=True)
def program_is_read_anew() -> Iterator[None]:
    program.digest.cache_clear()
    yield
    program.digest.cache_clear()


def key(recipe: Recipe, file: RuleFile = FILE, data: bytes = b"title: A") -> bytes:
    program.digest.cache_clear()
    again = Recipe(
        recipe.targets, recipe.pipelines, recipe.tells, recipe.schema, recipe.environment
    )
    return again.key(file, data)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "a.yml").write_text("transformations: []", "utf-8")
    (tmp_path / "b.toml").write_text("[query]", "utf-8")
    return Recipe(
        ("splunk", "sentinel"), (str(tmp_path / "a.yml"), str(tmp_path / "b.toml")), tells=False
    )


def one_of_each_folder() -> list[Path]:
    found = {path.parent: path for path in program.sources() if path.stat().st_size}
    return sorted(found.values())


@pytest.mark.parametrize("changed", one_of_each_folder(), ids=lambda path: path.parent.name)
def test_code_and_data_of_the_program_and_of_what_it_stands_on(
    recipe: Recipe, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key(recipe)
    read = Path.read_bytes

    def read_changed(path: Path) -> bytes:
        return read(path) + (b"#" if path == changed else b"")

    monkeypatch.setattr(Path, "read_bytes", read_changed)
    assert key(recipe) != before


def test_published_pipelines_backends_and_data_files_are_among_it() -> None:
    sources = set(program.sources())
    names = {"/".join(path.parts[-3:]) for path in sources}
    assert "pipelines/sysmon/sysmon.py" in names
    assert "backends/splunk/splunk.py" in names
    data = {path for path in (ROOT / "transpile/targets/data").rglob("*") if path.is_file()}
    assert data <= sources


@pytest.mark.parametrize(
    "name", ["pysigma-99.dist-info", "pysigma_pipeline_own-1.dist-info", "PyYAML-0.dist-info"]
)
def test_installed_distributions(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = key(recipe)
    folder = tmp_path / "site"
    (folder / "other-1.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(folder)
    assert key(recipe) == before
    (folder / name).mkdir()
    assert key(recipe) != before


def test_all_installed_distributions_of_pysigma_are_known() -> None:
    from importlib.metadata import distributions  # noqa: PLC0415

    installed = {
        (one.name.lower().replace("-", "_"), one.version)
        for one in distributions()
        if one.name.lower().replace("_", "-").startswith(("pysigma", "pyyaml"))
    }
    assert len(installed) >= 6
    found = {name.rpartition(".")[0].lower() for name in program.distributions()}
    assert found == {f"{name}-{version}" for name, version in installed}


CHANGES: dict[str, Callable[[Recipe], Recipe]] = {
    "targets": lambda one: Recipe((*one.targets, "defender"), one.pipelines),
    "order of targets": lambda one: Recipe(one.targets[::-1], one.pipelines),
    "no pipelines": lambda one: Recipe(one.targets),
    "order of pipelines": lambda one: Recipe(one.targets, one.pipelines[::-1]),
    "the user's installation": lambda one: Recipe(
        one.targets, one.pipelines, environment=(("splunk.index", "main"),)
    ),
    "what rules tell of themselves": lambda one: Recipe(one.targets, one.pipelines, tells=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=[*CHANGES])
def test_what_is_asked_for(recipe: Recipe, change: Callable[[Recipe], Recipe]) -> None:
    assert key(recipe) == key(recipe)
    assert key(change(recipe)) != key(recipe)


def test_where_a_target_ends_and_a_pipeline_begins(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("splunk ", "utf-8")
    assert key(Recipe(("splunk",))) != key(Recipe((), (str(tmp_path / "a"),)))


@pytest.mark.parametrize("number", [0, 1], ids=["pipeline", "data file"])
def test_files_of_the_user(recipe: Recipe, number: int) -> None:
    before = key(recipe)
    with open(recipe.pipelines[number], "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(" ")
    assert key(recipe) != before


def test_the_schema_of_the_users_indices(recipe: Recipe, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{}", "utf-8")
    fitted = Recipe(recipe.targets, recipe.pipelines, schema=str(schema))
    before = key(fitted)
    assert before != key(recipe)
    schema.write_text("{ }", "utf-8")
    assert key(fitted) != before


def test_environment_that_pipelines_may_read(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, without = key(recipe), key(Recipe(recipe.targets))
    monkeypatch.setenv("PYSIGMA_ALLOW_VARS_EXECUTION", "1")
    assert key(recipe) != before
    assert key(Recipe(recipe.targets)) == without


def test_the_file(recipe: Recipe) -> None:
    before = key(recipe)
    assert key(recipe, data=b"title: B") != before
    assert key(recipe, RuleFile("rules/b.yml", "b.yml")) != before
    assert key(recipe, RuleFile("elsewhere/a.yml", "elsewhere/a.yml")) == before
    assert key(recipe, RuleFile("rules/a.ym", "a"), b"ltitle: A") != before


CONVERTS = """
import json, sys
from pathlib import Path
opened = set()
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
sys.addaudithook(hook)
from transpile.run.recipe import Recipe
from transpile.load.files import RuleFile
converter = Recipe(tuple(sys.argv[2:]), tells=True).converter()
paths = sorted(Path(sys.argv[1]).glob("*/rule.yml"))
converter.convert_files([(path.read_bytes(), RuleFile(str(path), path.name)) for path in paths])
modules = [getattr(one, "__file__", None) for one in sys.modules.values()]
print(json.dumps(sorted({*opened, *filter(None, modules)})))
"""


def test_whatever_a_conversion_loads_or_reads_is_in_the_key() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONVERTS, str(ROOT / "golden"), *registry.MODULES],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    used = {Path(path).resolve() for path in json.loads(done.stdout)}
    known = {path.resolve() for path in program.sources()}
    site = Path(program.sources.__code__.co_filename).parents[2]
    packages = [site / "transpile", site / "backends", *_folders("sigma"), *_folders("yaml")]
    missing = {
        path
        for path in used - known
        if any(path.is_relative_to(folder) for folder in packages)
        and "__pycache__" not in path.parts
        and path.suffix not in {".so", ".pyd"}
        and path.stat().st_size
    }
    # Only says what the package offers.
    assert missing <= {site / "transpile" / "__init__.py"}


def _folders(package: str) -> list[Path]:
    module = __import__(package)
    return [Path(os.fspath(folder)).resolve() for folder in module.__path__]
