"""The page about speed: a table and a plot."""

from __future__ import annotations

from pathlib import Path

from measure import Run
from scenarios import PEER_RUNS, Measured

_WIDTH, _HEIGHT, _EDGE = 640, 300, 50


def write(measured: Measured, folder: Path) -> str:
    """Write the page and its plot into a folder; the table comes back."""
    table = _table(measured)
    folder.mkdir(exist_ok=True)
    (folder / "speed.md").write_text(_PAGE.format(**_facts(measured), table=table), "utf-8")
    (folder / "speed.svg").write_text(_plot(measured), "utf-8")
    return table


def _table(measured: Measured) -> str:
    found, peer = measured.found, measured.peer
    one, theirs = found["one rule"], found["peer one rule"]
    rows = [
        ("", "wall", "CPU", "largest process", "beside sigma-cli", "reach"),
        ("---", "--:", "--:", "--:", "--:", "--:"),
    ]
    rows += [(f"sigma-cli, {n}", *_times(found[f"peer {n}"]), "", "") for n in PEER_RUNS]
    for title, name, reach in (
        ("cold", "cold", "15 times faster"),
        ("cold, one process", "cold, one process", ""),
        ("warm, nothing changed", "warm", "60 times faster"),
        ("warm, one rule changed", "one changed", "50 times faster"),
    ):
        ratio = f"{peer / found[name].wall:.1f} times faster than all four"
        rows.append((f"sigma-transpile, {title}", *_times(found[name]), ratio, reach))
    rows += [
        ("sigma-cli, one rule, one language", *_times(theirs), "", ""),
        (
            "sigma-transpile, one rule, four languages",
            *_times(one),
            f"{one.wall / theirs.wall:.0%} of its time",
            "50%",
        ),
        ("sigma-transpile --version", *_times(found["--version"]), "", "0.12 s"),
        ("sigma-transpile --help", *_times(found["--help"]), "", "0.12 s"),
        ("libyaml alone, one process", *_times(found["libyaml"]), "", ""),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _times(run: Run) -> tuple[str, str, str]:
    return f"{run.wall:.3f} s", f"{run.cpu:.3f} s", f"{run.memory:.0f} MiB"


def _facts(measured: Measured) -> dict[str, object]:
    found = measured.found
    smallest, largest = measured.growth[0], measured.growth[-1]
    return {
        "rules": f"{measured.rules:,}",
        "left_out": measured.left_out,
        "runs": measured.runs,
        "machine": measured.machine,
        "libyaml": f"{found['cold'].wall / found['libyaml'].wall:.1f}",
        "libyaml_cpu": f"{found['cold, one process'].cpu / found['libyaml'].cpu:.1f}",
        "least": f"{smallest[0]:,}",
        "most": f"{largest[0]:,}",
        "least_each": f"{1000 * smallest[1].wall / smallest[0]:.2f}",
        "most_each": f"{1000 * largest[1].wall / largest[0]:.2f}",
        "least_memory": f"{smallest[1].memory:.0f}",
        "most_memory": f"{largest[1].memory:.0f}",
    }


def _plot(measured: Measured) -> str:
    """Seconds and MiB over the number of rules."""
    growth = measured.growth
    most = growth[-1][0]
    longest = max(run.wall for _, run in growth)
    largest = max(150.0, *(run.memory for _, run in growth))

    def x(rules: int) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * rules / most

    def y(share: float) -> float:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * share

    lines = []
    for colour, values in (
        ("#0b6bcb", [(r, run.wall / longest, f"{run.wall:.1f} s") for r, run in growth]),
        ("#b3541e", [(r, run.memory / largest, f"{run.memory:.0f} MiB") for r, run in growth]),
    ):
        points = " ".join(f"{x(r):.1f},{y(share):.1f}" for r, share, _ in values)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        for r, share, text in values:
            lines.append(f'<circle cx="{x(r):.1f}" cy="{y(share):.1f}" r="3" fill="{colour}"/>')
            label = f'<text x="{x(r):.1f}" y="{y(share) - 8:.1f}" fill="{colour}"'
            lines.append(f'{label} text-anchor="middle">{text}</text>')
    for r, _ in growth:
        label = f'<text x="{x(r):.1f}" y="{_HEIGHT - _EDGE + 20}" text-anchor="middle">'
        lines.append(f"{label}{r:,}</text>")
    base = _HEIGHT - _EDGE
    axis = f'<path d="M{_EDGE},{base} H{_WIDTH - _EDGE}" stroke="#888"/>'
    title = (
        f'<text x="{_EDGE}" y="20">Cold: seconds and MiB of the largest process, by rules</text>'
    )
    body = "\n".join([title, axis, *lines])
    style = 'font-family="sans-serif" font-size="12"'
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}\n</svg>\n'


_PAGE = """# How fast it is

Measured by `make bench CORPUS=...`, which writes this page: {rules} rules of SigmaHQ to SPL, KQL,
EQL and Lucene, each file written to a folder, whole processes, medians of {runs} runs that take
turns with those of sigma-cli 3.1.0 on the same machine ({machine}). sigma-cli gets through Kusto
only without {left_out} of the rules, which are left out there. All files are in memory.

{table}

Cold is with an empty cache and an empty folder. One rule is converted in a new process without any
cache.

libyaml alone, which only reads the files, takes one process as long as the last row says. All four
languages take {libyaml} times that by the clock, and {libyaml_cpu} times that in one process.

![Time and memory by the number of rules](speed.svg)

From {least} to {most} rules a rule takes {least_each} ms and {most_each} ms, and the largest
process {least_memory} MiB and {most_memory} MiB.

## What makes it so

- A rule is read and lowered once for all targets, and mapped once for two languages of the same
  data; a plan is made once a log source.
- What pySigma's pipelines say stands in data files (`make tables`), so neither they nor pySigma's
  rule objects are loaded, unless a pipeline file of yours needs them.
- Files are converted on all cores where there are enough of them (`--jobs`), some at a time: each
  step is taken for all of these before the next, so that its code stays in the processor's caches.
- Values are frozen to type checkers, and not once more at run time (`transpile/values.py`).
- A command is loaded when it is asked for, and a language when a target needs it.
- Files are found and let go one after the other; of ids and of written files only hashes are
  remembered.
- A conversion is kept under a hash of the file, its name, the targets, the pipeline files and the
  program itself (`sigma-transpile cache info`, `cache clear`, `--no-cache`). Nothing else decides,
  so the output is the same with it and without.

## To keep it so

`tests/test_work.py` counts the calls that a fixed sample takes and fails where they are clearly
more than `tests/work.toml` recorded. `make profile` shows where they are.
"""
