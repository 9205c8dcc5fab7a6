"""Measures sigma-transpile beside sigma-cli, and writes what it found into docs/speed.md.

make bench CORPUS=path/to/rules     or     python bench path/to/rules --runs 5
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import corpora
import environments
import report
import scenarios

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Measure, print the table, write the page."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder of Sigma rules")
    parser.add_argument("--runs", type=int, default=5, help="runs of each command (default 5)")
    parser.add_argument("--times", type=int, default=10, help="the largest corpus (default 10)")
    parser.add_argument("--keep", type=Path, default=ROOT / ".bench", help="where programs go")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="where the page goes")
    parser.add_argument("--work", type=Path, default=_memory(), help="where files are written")
    asked = parser.parse_args()
    programs = environments.programs(asked.keep, ROOT)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=asked.work) as work:
        corpus = corpora.plain(asked.corpus, Path(work))
        found = scenarios.measure(programs, corpus, Path(work), asked.runs, asked.times)
    print(report.write(found, asked.output))


def _memory() -> Path | None:
    """A file system in memory, where there is one: disks that others use take any time."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


if __name__ == "__main__":
    main()
