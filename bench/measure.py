"""Whole processes, measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Run:
    """Seconds by the clock, seconds of all cores, and MiB of the largest process."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; its output goes nowhere."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def medians(runs: int, tasks: Mapping[str, Callable[[], Run]]) -> dict[str, Run]:
    """The median of so many runs of each task, one after the other and not task by task."""
    found: dict[str, list[Run]] = {name: [] for name in tasks}
    for number in range(runs):
        for name, task in tasks.items():
            print(f"run {number + 1}: {name}", file=sys.stderr)
            found[name].append(task())
    return {
        name: Run(
            median(one.wall for one in all_runs),
            median(one.cpu for one in all_runs),
            max(one.memory for one in all_runs),
        )
        for name, all_runs in found.items()
    }
