"""The work that a fixed sample takes, counted and not timed, so that it is the same on any machine.

`python -m tests.test_work` shows where it is, `python -m tests.test_work --count` how much.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from transpile.ir.lower import lower
from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load
from transpile.run.batch import Batch
from transpile.run.cache import Cache
from transpile.run.convert import Converter
from transpile.run.recipe import Recipe
from transpile.targets.registry import DEFAULTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
RECORDED = tomllib.loads((ROOT / "tests" / "work.toml").read_text("utf-8"))
RULES = [ROOT / "golden" / name / "rule.yml" for name in RECORDED["sample"]]
CLEAR = 1.3  # a change by less isn't told from noise: modules compiled or not, releases of Python
UNWANTED = ("pyparsing", "jinja2", "requests", "sigma.processing", "rich", "sqlite3")


def work() -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps of the sample: after each other, as each needs what the last one made."""
    rules: list[Rule] = []
    paths = [str(path) for path in RULES]
    yield "load", lambda: rules.extend(one for one in load(paths) if isinstance(one, Rule))

    def lower_all() -> None:
        for rule in rules:
            try:
                lower(rule.detections)
            except Exception:  # some are refused
                continue

    yield "lower", lower_all
    for name in DEFAULTS:
        converter = Converter([name])
        yield name, lambda c=converter: [c.convert(rule) for rule in rules]  # type: ignore[misc]
    found = [RuleFile(path, path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cache"

        def known() -> None:
            with closing(Batch(found, Recipe(DEFAULTS), cache=Cache(file))) as batch:
                assert not any(one.traceback for one in batch.conversions())

        known()
        yield "known", known


def profiles() -> Iterator[tuple[str, pstats.Stats]]:
    """What each step calls."""
    for name, step in work():
        profile = cProfile.Profile()
        profile.runcall(step)
        yield name, pstats.Stats(profile)


def fresh(*arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A process in which nothing was done before and every hash is the same."""
    chosen = {"PYTHONHASHSEED": "0", "SIGMA_TRANSPILE_CACHE": str(cache or os.devnull)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | chosen,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    done = fresh("-m", "tests.test_work", "--count")
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


@pytest.mark.parametrize("step", RECORDED["calls"])
def test_calls(counted: dict[str, int], step: str) -> None:
    recorded = RECORDED["calls"][step]
    found = f"{step} takes {counted[step]:,} calls, not {recorded:,}"
    assert counted[step] <= recorded * CLEAR, found
    assert counted[step] >= recorded / CLEAR, f"{found}: count anew"


def loaded(cache: Path | None, *options: str) -> set[str]:
    code = (
        "import sys\n"
        "from transpile.cli import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    rule = str(ROOT / "golden" / "contains-all" / "rule.yml")
    done = fresh("-c", code, "convert", rule, *options, cache=cache)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_one_rule_loads_little(tmp_path: Path) -> None:
    modules = loaded(None, "--no-cache")
    assert not [name for name in UNWANTED if name in modules]
    ours = {name for name in modules if name.split(".")[0] in ("transpile", "backends", "sigma")}
    assert len(ours) <= RECORDED["modules"]["one_rule"], sorted(ours)
    loaded(tmp_path)
    known = loaded(tmp_path)
    assert not known & {"yaml", "sigma.exceptions", "backends"}
    ours = {name for name in known if name.split(".")[0] in ("transpile", "backends", "sigma")}
    assert len(ours) <= RECORDED["modules"]["known"], sorted(ours)


def _main(arguments: list[str]) -> None:
    if "--count" in arguments:
        counts: dict[str, Any] = {name: stats.total_calls for name, stats in profiles()}
        sys.stdout.write(json.dumps(counts))
        return
    for name, stats in profiles():
        sys.stdout.write(f"\n{name}: {stats.total_calls:,} calls\n")
        stats.sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    _main(sys.argv[1:])
