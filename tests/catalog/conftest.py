"""A site over the golden rules and over rules that mean harm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from transpile.catalog.build import build
from transpile.catalog.recipe import Recipe
from transpile.load.files import find
from transpile.targets import registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the golden rules and the hostile ones."""
    folder = tmp_path_factory.mktemp("rules")
    for rule in sorted(ROOT.glob("golden/*/rule.yml")):
        target = folder / "upstream" / f"{rule.parent.name}.yml"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(rule, target)
    shutil.copytree(ROOT / "tests/catalog/hostile", folder / "hostile")
    return folder


@pytest.fixture(scope="session")
def site(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of these rules."""
    folder = tmp_path_factory.mktemp("site")
    found = list(find([str(rules)]))
    recipe = Recipe(registry.DEFAULTS, (), str(rules))
    build(found, recipe, folder, "Test rules", made_from="tests", processes=2)
    return folder
