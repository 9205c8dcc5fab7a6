"""What is loaded for the configuration: nothing where there is none, no parser of places."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = (
    "import sys\n"
    "from transpile.cli import app\n"
    "app(sys.argv[1:], standalone_mode=False)\n"
    "print(*sys.modules, sep='\\n', file=sys.stderr)"
)
READERS = {"msgspec", "tomllib", "tomli", "tree_sitter", "transpile.config.configuration"}


def loaded(folder: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("text", [None, "[project]\ndependencies = ['sigma-transpile>=0.1']\n"])
def test_without_a_file_nothing_is_loaded(here: Path, text: str | None) -> None:
    if text is not None:
        (here / "pyproject.toml").write_text(text)
    words = ("convert", "rules/one.yml", "-t", "splunk")
    loaded(here, *words)
    assert not loaded(here, *words) & READERS


def test_with_a_file_places_and_formats_are_not(here: Path) -> None:
    (here / "sigma-transpile.toml").write_text(
        "rules = ['rules']\ntargets = ['splunk']\nexport.format = 'splunk-app'\n"
    )
    loaded(here, "convert")
    modules = loaded(here, "convert")
    assert "transpile.config.configuration" in modules
    assert not modules & {"tree_sitter", "tree_sitter_toml", "yaml", "sigma.exceptions"}
    assert not [
        name for name in modules if name.startswith(("transpile.export", "transpile.check"))
    ]
