"""One cache for all commands: each prints with it what it prints without."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
COMMANDS = {
    "convert": ("convert", "{rules}", "--format", "ndjson"),
    "convert for export": ("convert", "{rules}", "-t", "elastic-lucene"),
    "export": ("export", "{rules}", "--as", "kibana-rules"),
    "explain": ("explain", "{rule}"),
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    for path in sorted(GOLDEN.glob("c*/rule.yml")):
        (folder / f"{path.parent.name}.yml").write_bytes(path.read_bytes())
    return folder


def printed(command: str, rules: Path, cache: Path, *options: str) -> tuple[int, bytes, bytes]:
    rule = min(rules.iterdir())
    arguments = [part.format(rules=rules, rule=rule) for part in COMMANDS[command]]
    done = subprocess.run(
        [sys.executable, "-m", "transpile", *arguments, *options],
        env=os.environ | {"SIGMA_TRANSPILE_CACHE": str(cache)},
        capture_output=True,
        check=False,
    )
    assert done.stdout
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def without(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return {
        command: printed(command, rules, tmp_path_factory.mktemp("no cache"))
        for command in COMMANDS
    }


@pytest.mark.parametrize("order", list(permutations(COMMANDS))[::5], ids=" > ".join)
def test_commands_in_any_order_print_what_they_print_alone(
    order: tuple[str, ...], rules: Path, tmp_path: Path, without: dict[str, object]
) -> None:
    assert {command: printed(command, rules, tmp_path) for command in order} == without
    assert {command: printed(command, rules, tmp_path) for command in order} == without


def test_no_cache_is_no_cache(rules: Path, tmp_path: Path, without: dict[str, object]) -> None:
    assert printed("convert", rules, tmp_path, "--no-cache") == without["convert"]
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_cache_costs_one_line(
    rules: Path, tmp_path: Path, without: dict[str, tuple[int, bytes, bytes]]
) -> None:
    printed("convert", rules, tmp_path)
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"damaged")
    code, out, err = printed("convert", rules, tmp_path)
    assert (code, out) == without["convert"][:2]
    told = err.decode().splitlines()
    (warning,) = set(told) - set(without["convert"][2].decode().splitlines())
    assert warning.startswith("sigma-transpile: the cache was set aside as ")
    assert printed("convert", rules, tmp_path) == without["convert"]
