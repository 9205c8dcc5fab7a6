"""Folders of rules to measure with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

_NAMESPACE = UUID("8f1bbf4e-6b1f-4a0d-9a3b-1e3d0a6f7c55")
_ENDED_BY = re.compile(r"(\S+\.yml)")


def plain(corpus: Path, work: Path) -> Path:
    """A copy of the rules, which nobody else touches."""
    copy = work / "rules"
    shutil.copytree(corpus, copy)
    return copy


def times(corpus: Path, count: int, work: Path) -> Path:
    """The rules so many times, under ids of their own."""
    folder = work / f"rules-{count}"
    for number in range(count):
        for path in corpus.rglob("*.yml"):
            copy = folder / f"{number:02}" / path.relative_to(corpus)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text("utf-8")
            copy.write_text(re.sub(r"(?m)^id: *(\S+)", _renamed(number), text), "utf-8")
    return folder


def _renamed(number: int) -> Callable[[re.Match[str]], str]:
    return lambda found: f"id: {uuid5(_NAMESPACE, f'{number} {found[1]}')}"


def change(rule: Path, number: int) -> None:
    """Change what a rule asks for."""
    text = rule.read_text("utf-8")
    rule.write_text(re.sub(r"(?m)^title: .*", f"title: Changed {number}", text), "utf-8")


def without_those_that_end_kusto(corpus: Path, work: Path, sigma: str) -> tuple[Path, int]:
    """A copy of the rules that sigma-cli gets through, and how many were taken out."""
    copy = work / "kusto"
    shutil.copytree(corpus, copy)
    finder = Path(__file__).with_name("unconvertible.py")
    python = Path(sigma).with_name("python")
    listed = subprocess.run(
        [python, finder, copy], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    removed = {path for path in listed if path}
    for path in removed:
        Path(path).unlink()
    while True:
        command = [sigma, "convert", "-t", "kusto", "-p", "microsoft_xdr", "-s", copy]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return copy, len(removed)
        culprits = [p for p in _ENDED_BY.findall(done.stderr) if Path(p).exists()]
        if not culprits:
            sys.exit(f"sigma-cli ends and names no rule: {done.stderr[-500:]}")
        removed.add(culprits[-1])
        Path(culprits[-1]).unlink()
