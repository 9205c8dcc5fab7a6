"""What is measured."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import corpora
from environments import Programs
from measure import Run, medians, run

PEER_RUNS = {
    "splunk": "splunk_windows",
    "kusto": "microsoft_xdr",
    "eql": "ecs_windows",
    "lucene": "ecs_windows",
}
_YAML = (
    "import sys, yaml; from pathlib import Path\n"
    "for path in Path(sys.argv[1]).rglob('*.yml'):\n"
    "    for _ in yaml.compose_all(path.read_bytes(), yaml.CSafeLoader): pass"
)


@dataclass(frozen=True)
class Measured:
    """Everything that a report tells."""

    rules: int
    left_out: int
    runs: int
    machine: str
    found: dict[str, Run]
    growth: list[tuple[int, Run]]

    @property
    def peer(self) -> float:
        """Seconds of the peer's four runs."""
        return sum(self.found[f"peer {name}"].wall for name in PEER_RUNS)


def measure(programs: Programs, corpus: Path, work: Path, runs: int, times: int) -> Measured:
    """Everything, side by side."""
    kusto, left_out = corpora.without_those_that_end_kusto(corpus, work, programs.peer)
    one = max(corpus.rglob("proc_creation_*.yml"), default=next(corpus.rglob("*.yml")))
    ours = Ours(programs, work)
    numbers = count()

    def peer(target: str) -> Run:
        out = work / "peer"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        rules = kusto if target == "kusto" else corpus
        command = [programs.peer, "convert", "-t", target, "-p", PEER_RUNS[target], "-s"]
        return run([*command, "-od", str(out), "-ot", "{path}/{stem}.txt", str(rules)])

    def changed() -> Run:
        corpora.change(one, next(numbers))
        return ours.convert(corpus, "warm")

    def single() -> Run:
        return run([programs.ours, "convert", "--no-cache", str(one)])

    def peer_single() -> Run:
        return run([programs.peer, "convert", "-t", "splunk", "-p", "splunk_windows", str(one)])

    ours.convert(corpus, "warm")
    found = medians(
        runs,
        {
            **{f"peer {name}": (lambda name=name: peer(name)) for name in PEER_RUNS},
            "cold": lambda: ours.convert_cold(corpus, "cold"),
            "cold, one process": lambda: ours.convert_cold(corpus, "cold", "-j", "1"),
            "warm": lambda: ours.convert(corpus, "warm"),
            "one changed": changed,
            "one rule": single,
            "peer one rule": peer_single,
            "--version": lambda: run([programs.ours, "--version"]),
            "--help": lambda: run([programs.ours, "--help"]),
            "libyaml": lambda: run([programs.our_python, "-c", _YAML, str(corpus)]),
        },
    )
    growth = []
    rules = len(list(corpus.rglob("*.yml")))
    for number in sorted({1, min(2, times), max(1, times // 2), times}):
        larger = corpora.times(corpus, number, work)
        all_runs = [ours.convert_cold(larger, "growth") for _ in range(3)]
        growth.append((rules * number, min(all_runs, key=lambda one: one.wall)))
        shutil.rmtree(larger)
    machine = f"{len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
    return Measured(rules, left_out, runs, machine, found, growth)


class Ours:
    """sigma-transpile, with caches and folders of its own."""

    def __init__(self, programs: Programs, work: Path) -> None:
        self._program = programs.ours
        self._work = work

    def convert(self, rules: Path, name: str, *options: str) -> Run:
        """All four languages, written to a folder."""
        out, cache = self._work / f"out-{name}", self._work / f"cache-{name}"
        command = [self._program, "convert", str(rules), "-o", str(out), *options]
        return run(command, {"SIGMA_TRANSPILE_CACHE": str(cache)})

    def convert_cold(self, rules: Path, name: str, *options: str) -> Run:
        """The same with an empty folder and an empty cache."""
        for kind in ("out", "cache"):
            shutil.rmtree(self._work / f"{kind}-{name}", ignore_errors=True)
        return self.convert(rules, name, *options)
