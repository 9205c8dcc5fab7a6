"""Writes the coverage table of docs/sentinel.md: `python docs/coverage.py FOLDER` of rules."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome
from transpile.run.convert import Converter

PAGE = Path(__file__).parent / "sentinel.md"
START, END = "<!-- coverage -->\n", "<!-- end of coverage -->\n"
TARGETS = (
    "sentinel",
    "sentinel-securityevent",
    "sentinel-event",
    "sentinel-windowsevent",
    "defender",
    "asim",
)


def table(folder: Path) -> str:
    """Queries out of rules, by log source and target; `~` counts the approximate ones."""
    rules: Counter[str] = Counter()
    found: dict[str, dict[str, Counter[Outcome]]] = defaultdict(lambda: defaultdict(Counter))
    converter = Converter(TARGETS)
    for path in sorted(folder.rglob("*.yml")):
        for rule in load_file(RuleFile(path.as_posix(), path.name)):
            if not isinstance(rule, Rule):
                continue
            given = rule.document["logsource"]
            source = " / ".join(
                str(given.get(key, "")) for key in ("product", "category", "service")
            )
            rules[source] += 1
            for query in converter.convert(rule).queries:
                found[source][query.target][query.outcome] += 1
    lines = [
        "| product / category / service | rules | " + " | ".join(TARGETS) + " |",
        "|---|---|" + "---|" * len(TARGETS),
    ]
    total: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for source in sorted(rules):
        for target in TARGETS:
            total[target].update(found[source][target])
        cells = [_cell(found[source][target]) for target in TARGETS]
        lines.append(f"| {source} | {rules[source]} | {' | '.join(cells)} |")
    cells = [_cell(total[target]) for target in TARGETS]
    lines.append(f"| **all** | {sum(rules.values())} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(outcomes: Counter[Outcome]) -> str:
    exact, approximate = outcomes[Outcome.EXACT], outcomes[Outcome.APPROXIMATE]
    if not exact + approximate:
        return ""
    return f"{exact + approximate}" + (f" (~{approximate})" if approximate else "")


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}{table(Path(sys.argv[1]))}{END}{after}", "utf-8")
