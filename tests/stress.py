"""Runs of the whole program that must neither hang nor differ: many processes, much to say.

python -m tests.stress [--runs 300] [--rules FOLDER] [--seed N]

Each run has an empty cache, two to eight processes, and a reader of its output that is slow or
quick; it may take SECONDS at most, and gives byte for byte what one process gives.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transpile.targets import registry

SECONDS = 60.0
"""how long a run may take before it counts as one that hangs"""
GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True)
class Scenario:
    """A command, without the rules and the options that vary; `{out}` is a folder of the run."""

    name: str
    arguments: tuple[str, ...]
    takes_jobs: bool = True


def scenarios(targets: Sequence[str]) -> Iterator[Scenario]:
    """The commands that convert many rules."""
    every = [option for name in targets for option in ("-t", name)]
    yield Scenario("convert", ("convert", "{rules}", "--format", "ndjson", *every))
    yield Scenario("convert -o", ("convert", "{rules}", "-o", "{out}", *every))
    yield Scenario(
        "export", ("export", "{rules}", "--as", "kibana-rules", "-o", "{out}"), takes_jobs=False
    )
    yield Scenario("check", ("check", "{rules}", "{queries}", *every), takes_jobs=False)
    yield Scenario("catalog", ("catalog", "{rules}", "-o", "{out}"))
    yield Scenario("verify", ("verify", "{few}", "-t", "splunk"), takes_jobs=False)


def write_rules(folder: Path) -> None:
    """Golden rules, and rules whose values and queries are large."""
    folder.mkdir()
    for number, path in enumerate(sorted(GOLDEN.glob("*/rule.yml"))[::3]):
        (folder / f"{number:03}-{path.parent.name}.yml").write_bytes(path.read_bytes())
    large = f"x{'ab' * 51_200}y"
    _write_rule(folder / "a-value-of-100-kib.yml", 1, [large])
    _write_rule(folder / "values-of-100-kib.yml", 2, [f"{large}{n}" for n in range(12)])
    values = [rf"\folder{value}\name of a program {value}.exe" for value in range(500)]
    _write_rule(folder / "many-values.yml", 3, values)


def _write_rule(path: Path, number: int, values: Sequence[str]) -> None:
    lines = "".join(f"      - '{value}'\n" for value in values)
    path.write_text(
        f"title: Large {number}\nid: 5b1d0f0e-0000-4000-8000-{number:012}\nstatus: test\n"
        "logsource: {product: windows, category: process_creation}\n"
        f"detection:\n  selection:\n    Image|endswith:\n{lines}  condition: selection\n",
        "utf-8",
    )


class Stress:
    """Runs over one folder of rules, each compared with what one process gives."""

    def __init__(self, rules: Path, work: Path, seed: int) -> None:
        self._rules = rules
        self._work = work
        self._chance = random.Random(seed)
        self._expected: dict[str, tuple[int, bytes, dict[str, bytes]]] = {}
        self._number = 0
        self._few = self._work / "few"
        self._few.mkdir()
        for path in sorted(rules.rglob("*.yml"))[:40]:
            (self._few / path.name).write_bytes(path.read_bytes())

    def run(self, scenario: Scenario) -> str:
        """One run; gives back how it failed, or ''."""
        if scenario.name not in self._expected:
            self._expected[scenario.name] = self._outcome(scenario, jobs=1, slow=False)
        jobs = self._chance.randint(2, 8)
        slow = self._chance.random() < 0.5
        about = f"{scenario.name}, {jobs} processes, {'slow' if slow else 'quick'} reader"
        try:
            found = self._outcome(scenario, jobs=jobs, slow=slow)
        except TimeoutError:
            return f"{about}: hangs"
        return "" if found == self._expected[scenario.name] else f"{about}: differs"

    def _outcome(
        self, scenario: Scenario, *, jobs: int, slow: bool
    ) -> tuple[int, bytes, dict[str, bytes]]:
        """The exit code, what was printed, and the files that were written."""
        self._number += 1
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            out = Path(folder) / "out"
            places = {"rules": self._rules, "few": self._few, "out": out, "queries": self._queries}
            command = [sys.executable, "-m", "transpile"]
            command += [argument.format(**places) for argument in scenario.arguments]
            if scenario.takes_jobs:
                command += ["-j", str(jobs)]
            environment = os.environ | {"SIGMA_TRANSPILE_CACHE": folder, "TMPDIR": folder}
            code, printed = _run(command, environment, slow=slow)
            told = printed.replace(str(out).encode(), b"OUT")
            files = {path.relative_to(out).as_posix(): path for path in out.rglob("*")}
            return code, told, {n: p.read_bytes() for n, p in files.items() if p.is_file()}

    @property
    def _queries(self) -> Path:
        """A folder with the queries of all targets."""
        folder = self._work / "queries"
        if not folder.exists():
            folder.mkdir()
            every = [option for name in registry.MODULES for option in ("-t", name)]
            command = [sys.executable, "-m", "transpile", "convert", str(self._rules), *every]
            environment = os.environ | {"SIGMA_TRANSPILE_CACHE": str(self._work / "cache")}
            _run([*command, "-o", str(folder), "-j", "1"], environment, slow=False)
        return folder


def _run(command: Sequence[str], environment: dict[str, str], *, slow: bool) -> tuple[int, bytes]:
    """The exit code and the output of a command, read in gulps or as it comes.

    Raises TimeoutError: it took longer than SECONDS and was ended.
    """
    deadline = time.monotonic() + SECONDS
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        printed = bytearray()
        while True:
            data = process.stdout.read(1 << 20)
            if data == b"":
                break
            printed += data or b""
            if time.monotonic() > deadline:
                os.killpg(process.pid, signal.SIGKILL)
                raise TimeoutError
            time.sleep(0.01 if slow else 0.001)
        return process.wait(max(0.1, deadline - time.monotonic())), bytes(printed)


def stress(rules: Path | None, runs: int, seed: int, targets: Sequence[str]) -> Iterator[str]:
    """A line for each run: '' where it went well. Most runs convert to standard output."""
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        work = Path(folder)
        if rules is None:
            rules = work / "rules"
            write_rules(rules)
        test = Stress(rules, work, seed)
        kinds = list(scenarios(targets))
        for number in range(runs):
            yield test.run(kinds[number // 2 % len(kinds)] if number % 2 else kinds[0])


def main() -> int:
    """Run it from the command line; the exit code is 1 where a run hung or differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rules", type=Path, help="a folder of rules instead of those made here")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)  # noqa: T201
    told: Counter[str] = Counter()
    for number, failure in enumerate(
        stress(asked.rules, asked.runs, asked.seed, list(registry.MODULES)), 1
    ):
        told[failure.rpartition(": ")[2] or "as one process"] += 1
        print(f"run {number}: {failure or 'as one process'}", flush=True)  # noqa: T201
    print(", ".join(f"{count} {word}" for word, count in sorted(told.items())))  # noqa: T201
    return 0 if set(told) == {"as one process"} else 1


if __name__ == "__main__":
    sys.exit(main())
