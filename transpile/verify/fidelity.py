"""Writes the fidelity page: how exact the queries for a folder of rules are, on every target.

python -m transpile.verify.fidelity RULES... [-o docs/fidelity.md] [--corpus "name and version"]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from transpile.load.files import RuleFile, find
from transpile.load.problem import Problem
from transpile.load.rules import BrokenRule, Rule, load_file
from transpile.query import Outcome
from transpile.targets import registry
from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.pool import Engines
from transpile.verify.report import Tally, evidence, in_words
from transpile.verify.session import Result, Session
from transpile.verify.trial import Finding

_EXECUTED = {
    "lucene": "Elasticsearch, `query_string` with leniency off",
    "dsl": "Elasticsearch, as it is",
    "eql": "Elasticsearch, as the Query DSL that its own EQL translator makes (by its sources and"
    " tests, for the embedded server has no EQL endpoint)",
    "spl": "an evaluator of this project that reads the Splunk manual strictly; no Splunk ran",
    "kql": "checked by Microsoft's Kusto language service against the tables' schemas, executed by"
    " DuckDB after the package duckdb-kql has translated it; no Kusto cluster ran",
}
_NOTHING = "nothing; no engine executes or checks the language"
_PAGE = """\
# Fidelity

How often the queries find exactly the events that their rules mean. Written by
`python -m transpile.verify.fidelity`; do not edit.

- Rules: {corpus}, {rules} rules, {windows} of them for Windows.
- Each query runs on events at the boundaries of its rule's meaning: each alternative hit, each leg
  broken, case flipped, fields absent and empty, values just inside and just outside of each test;
  at most 120 a rule. What the rule means of each is told by a reference of the specification that
  shares no code with the compiler. For targets that hold several kinds of event in one table, the
  rule's hits are also written as other kinds, which must not be found.
- All of this is given the mapping: the rows that a query runs on are made of the events by the
  target's own mapping, the one that the query is made by. A field that is mapped wrong is not
  noticed.
- *exact*, *approximate* and *refused* are what the program says of its query. The figures behind
  are what the execution showed of the queries that it calls exact.
- *not held* counts events that were left out, because the target's fields can't hold them: text in
  an `ip` or `long` field, or a value that the log source itself writes another way.
- *only checked* counts queries that nothing executed, because there is no engine or no event can be
  made a row of the target, and that are valid by the language's own service. *unverified* counts
  those that were neither executed nor checked: nothing is known of them.
- Versions: {versions}.

## All rules

{all_rules}

## Windows rules

{windows_rules}

## Queries that are called approximate

They are not promised to be exact, and often are on boundary events.

{approximate}

## What executed them

{executed}

## What is not exact

{wrong}

## The published converters

On the same kind of events, measured with pySigma 1.5.1, sigma-cli 3.1.0 and the backends
elasticsearch 2.1.1, splunk 2.1.0 and kusto 1.0.1 on SigmaHQ (2026-11), with the share of exact
queries among the rules converted:

| converter | run on | rules | exact |
|---|---|---:|---|
| Lucene (ecs_windows), keyword fields as Winlogbeat's | Elasticsearch 9.2.8 | 2407 | 3.2% |
| Lucene (ecs_windows), `.caseless` subfields | Elasticsearch 9.2.8 | 2407 | 10.0% |
| EQL (ecs_windows), `.caseless` subfields | Elasticsearch 9.2.8, translated | 2407 | 85.5% |
| EQL (ecs_windows), keyword fields | Elasticsearch 9.2.8, translated | 2407 | 35.2% |
| SPL (sysmon + splunk_windows), source ignored | strict evaluator | 2407 | 98.3% |
| SPL (sysmon + splunk_windows), the add-ons' source | strict evaluator | 2407 | 8.9% |
| SPL data models (splunk_cim) | strict evaluator | 2407 | 48.4% |
| KQL (microsoft_xdr) | language service, DuckDB | 3141 | 1401 of 1923 queries |
| KQL (azure_monitor) | language service, DuckDB | 3141 | 26 of 1044 queries |
| KQL (sentinel_asim) | language service, DuckDB | 3141 | 806 of 1326 queries |

Source: the side-by-side measurement that this project began with; `bench/` repeats it.
"""


class Survey:
    """What the results of every rule add up to, for each target."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.all_rules = {target: Tally() for target in targets}
        self.windows = {target: Tally() for target in targets}
        self.wrong: list[Result] = []

    def add(self, results: Sequence[Result], *, windows: bool) -> None:
        """Count one rule."""
        for result in results:
            self.all_rules[result.query.target].add(result)
            if windows:
                self.windows[result.query.target].add(result)
            if result.fails:
                self.wrong.append(result)

    def page(self, corpus: str, versions: Mapping[str, str]) -> str:
        """The page as Markdown."""
        tally = next(iter(self.all_rules.values()))
        return _PAGE.format(
            corpus=corpus,
            rules=f"{tally.rules:,}",
            windows=f"{next(iter(self.windows.values())).rules:,}",
            versions=", ".join(f"{name} {number}" for name, number in sorted(versions.items())),
            all_rules=_table(self.all_rules),
            windows_rules=_table(self.windows),
            approximate=_approximate_table(self.all_rules),
            executed="\n".join(_executed(list(self.all_rules))),
            wrong="\n".join(_wrong(self.wrong)),
        )


def _table(tallies: Mapping[str, Tally]) -> str:
    lines = [
        "| target | rules | exact | approximate | refused | events | not held | executed exact"
        " | misses | false hits | engine error | only checked | unverified | of the exact |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for target, tally in tallies.items():
        exact = tally.outcomes[Outcome.EXACT]
        findings = [tally.findings[Outcome.EXACT, finding] for finding in _FINDINGS]
        share = f"{100 * findings[0] / exact:.2f}%" if exact else "-"
        counts = [
            tally.rules,
            exact,
            tally.outcomes[Outcome.APPROXIMATE],
            tally.outcomes[Outcome.REFUSED] + tally.outcomes[Outcome.FAILED],
            tally.events,
            tally.unheld,
            *findings,
        ]
        lines.append(f"| {target} | {' | '.join(f'{n:,}' for n in counts)} | {share} |")
    return "\n".join(lines)


_FINDINGS = (
    Finding.EXACT,
    Finding.MISSES,
    Finding.FALSE_HITS,
    Finding.ENGINE_ERROR,
    Finding.CHECKED,
    Finding.UNVERIFIED,
)


def _approximate_table(tallies: Mapping[str, Tally]) -> str:
    lines = [
        "| target | approximate | executed exact | misses | false hits | engine error |"
        " only checked | unverified |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for target, tally in tallies.items():
        counts = [
            tally.outcomes[Outcome.APPROXIMATE],
            *(tally.findings[Outcome.APPROXIMATE, finding] for finding in _FINDINGS),
        ]
        lines.append(f"| {target} | {' | '.join(f'{n:,}' for n in counts)} |")
    return "\n".join(lines)


def _executed(targets: Sequence[str]) -> Iterator[str]:
    by_language: dict[str, list[str]] = {}
    for name in targets:
        by_language.setdefault(registry.get(name).dialect, []).append(name)
    for language, names in by_language.items():
        yield f"- {', '.join(names)}: {_EXECUTED.get(language, _NOTHING)}."


def _wrong(results: Sequence[Result]) -> Iterator[str]:
    if not results:
        yield "Nothing: every query that is called exact and was executed was exact on its events."
    for result in results:
        yield f"- {result.query.target}, {result.query.title}: {in_words(result)}"
        yield from (f"  - {line}" for line in evidence(result))


def main(arguments: Sequence[str]) -> int:
    """Verify the rules and write the page; the exit code is 1 where something is not exact."""
    options = _parser().parse_args(arguments)
    targets = options.target or list(registry.MODULES)
    found = _shown(list(find(options.rules)))
    survey = Survey(targets)
    products: list[str] = []

    def rules() -> Iterator[Rule | BrokenRule]:
        for file in found:
            for rule in load_file(file):
                products.append(_product(rule))
                yield rule

    try:
        with Engines() as engines:
            for results in Session(targets, engines).verify(rules()):
                survey.add(results, windows=products.pop(0) == "windows")
            versions = dict(engines.versions)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    options.output.parent.mkdir(parents=True, exist_ok=True)
    page = survey.page(options.corpus, versions)
    options.output.write_text(page, encoding="utf-8", newline="\n")
    return 1 if survey.wrong else 0


def _product(rule: Rule | BrokenRule) -> str:
    return (rule.sigma.logsource.product or "") if isinstance(rule, Rule) else ""


def _shown(found: Sequence[RuleFile | Problem]) -> Iterable[RuleFile | Problem]:
    """The same files, with a progress bar where somebody sees it."""
    if not sys.stderr.isatty():
        return found
    from rich.console import Console  # noqa: PLC0415 (takes a while)
    from rich.progress import track  # noqa: PLC0415

    return track(found, "verifying", console=Console(stderr=True), transient=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m transpile.verify.fidelity")
    parser.add_argument("rules", nargs="+", help="rule files and folders")
    parser.add_argument("-t", "--target", action="append", help="default: every target")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/fidelity.md"))
    parser.add_argument("--corpus", default="SigmaHQ", help="what the rules are, for the page")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
