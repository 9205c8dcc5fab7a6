"""Rules for tests of many: the golden ones, each as often as is wanted under ids of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*/rule.yml"))


@pytest.fixture
def write_rules() -> Callable[..., list[Path]]:
    """Writes the golden rules into a folder: `write_rules(folder, times=1)`."""
    return _write_rules


def _write_rules(folder: Path, times: int = 1) -> list[Path]:
    """Write them so many times; the paths of the files."""
    paths = []
    for time in range(times):
        for number, rule in enumerate(GOLDEN):
            path = folder / f"{time:03}" / f"{rule.parent.name}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            identifier = UUID(int=time * 10_000 + number)
            text = rule.read_text("utf-8")
            path.write_text(re.sub(r"(?m)^id: .*$", f"id: {identifier}", text), "utf-8")
            paths.append(path)
    return paths
