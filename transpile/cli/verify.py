"""`verify`: what the queries find beside what their rules mean."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    NOT_NAMED,
    RulePaths,
    check_paths,
    environment_of,
    found_rules,
    known_targets,
    progress_of,
    refuse_usage,
    use_utf8,
)
from transpile.cli.exits import ExitCode, planned_end, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from transpile.load.files import RuleFile
    from transpile.load.problem import Problem
    from transpile.load.rules import BrokenRule, Rule
    from transpile.targets.environment import Environment
    from transpile.verify.given import GivenEvent
    from transpile.verify.report import Tally
    from transpile.verify.session import Result


class Format(str, Enum):
    """How the results are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def verify(  # noqa: PLR0913, PLR0917 (one parameter an option)
    context: typer.Context,
    paths: RulePaths = NOT_NAMED,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="Whose queries to run; may be given several times."
            " Default: splunk, sentinel, elastic-eql and elastic-lucene.",
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="Run on these events instead of boundary events: flat JSON objects by Sigma's"
            " field names, one a line or in an array, all taken to be of the rule's log source and"
            " put into the target's fields by its own mapping.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="URL",
            help="An Elasticsearch to use instead of one started here.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How the results are printed.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the results to FILE instead of standard output.",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault of the program.")
    ] = False,
) -> None:
    """Run queries and compare what they find with what their rules mean.

    Each rule is run on events at the boundaries of its meaning, or on events of your own. A query
    that is called exact must find exactly the events that the rule means; approximate queries are
    run as well, and only reported. The rows that a query runs on are made by the target's own
    mapping, so a field that is mapped wrong is not noticed.

    Exit codes: 0 all that is called exact was executed and is exact, or where nothing executes
    it is valid by the language's own service (the summary counts those as checked), 1 something
    is not, 2 wrong usage, or an engine can't be had, 4 nothing is wrong, but some query was
    neither executed nor checked (the summary counts those as unverified).
    """
    from transpile.verify.engines.errors import EngineError  # noqa: PLC0415
    from transpile.verify.given import BadEvents, read_events  # noqa: PLC0415

    targets = known_targets(target)
    check_paths(paths)
    try:
        given = read_events(events) if events is not None else None
    except BadEvents as bad:
        refuse_usage(str(bad))
    found = found_rules(paths)
    use_utf8()
    try:
        environment = environment_of(context, targets)
        results, engines = _run(found, targets, given, engine, environment)
    except EngineError as error:
        refuse_usage(str(error))
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    with planned_end():
        code = _report(results, targets, engines, given, form, output)
    raise typer.Exit(code)


def _run(
    found: Sequence[RuleFile | Problem],
    targets: Sequence[str],
    given: Sequence[GivenEvent] | None,
    url: str | None,
    environment: Environment,
) -> tuple[list[Result], dict[str, str]]:
    from transpile.verify.engines.pool import Engines  # noqa: PLC0415
    from transpile.verify.session import Session  # noqa: PLC0415

    events = None if given is None else [event.fields for event in given]
    with Engines(url) as engines, progress_of(len(found), "verifying", least=2) as advance:
        session = Session(targets, engines, events, environment)
        results: list[Result] = []
        for of_rule in session.verify(_rules(found, advance)):
            results += of_rule
        return results, dict(engines.versions)


def _rules(
    found: Sequence[RuleFile | Problem], advance: Callable[[], None]
) -> Iterator[Rule | BrokenRule]:
    from transpile.cli.problems import show_problem  # noqa: PLC0415
    from transpile.load.rules import BrokenRule, load_file  # noqa: PLC0415

    for file in found:
        for rule in load_file(file):
            if isinstance(rule, BrokenRule):
                typer.echo("\n".join(map(show_problem, rule.problems)), err=True)
            yield rule
        advance()


def _report(  # noqa: PLR0913, PLR0917
    results: Sequence[Result],
    targets: Sequence[str],
    engines: dict[str, str],
    given: Sequence[GivenEvent] | None,
    form: Format,
    output: Path | None,
) -> ExitCode:
    from transpile.verify import report  # noqa: PLC0415
    from transpile.verify.trial import Finding  # noqa: PLC0415

    tallies = {target: report.Tally() for target in targets}
    for result in results:
        tallies[result.query.target].add(result)
    if form is Format.JSON:
        text = report.as_json(results, tallies, engines, given)
    elif form is Format.JUNIT:
        text = report.as_junit(results, targets)
    else:
        text = "".join(f"{line}\n" for line in _lines(results, given))
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
    typer.echo("\n".join(_summary(tallies, engines)), err=True)
    if any(result.fails for result in results):
        return ExitCode.DIFFERENT
    if any(result.finding is Finding.UNVERIFIED for result in results):
        return ExitCode.UNVERIFIED
    return ExitCode.VERIFIED


def _lines(results: Sequence[Result], given: Sequence[GivenEvent] | None) -> Iterator[str]:
    """What differs or is unverified, and with events of the user's own also what was found."""
    from transpile.cli.style import printable  # noqa: PLC0415
    from transpile.verify import report  # noqa: PLC0415
    from transpile.verify.trial import Finding  # noqa: PLC0415

    for result in results:
        query = result.query
        asked = given is not None and result.finding is not Finding.NOT_RUN
        if not asked and not result.fails and result.finding is not Finding.UNVERIFIED:
            continue
        about = "" if result.fails else f" ({query.outcome.value})"
        place = printable(report.place_of(result))
        yield f"{place}: {query.target}: {result.finding.value}{about}: {printable(query.title)}"
        if result.fails or result.finding in report.UNEXECUTED:
            yield f"  {printable(report.in_words(result))}"
            yield from (f"  {printable(line)}" for line in report.evidence(result))
        if given is not None and result.finding.executed:
            yield f"  must find {_listed(report.numbers(result.must_find, given))}"
            yield f"  found {_listed(report.numbers(result.found, given))}"
            if result.unheld:
                yield f"  left out {result.unheld}, which can't be made rows of the target"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _summary(tallies: dict[str, Tally], engines: dict[str, str]) -> Iterator[str]:
    from transpile.query import Outcome  # noqa: PLC0415
    from transpile.verify.report import GIVEN_IN_WORDS, TOLD, UNEXECUTED  # noqa: PLC0415
    from transpile.verify.trial import Finding  # noqa: PLC0415

    for name, tally in tallies.items():
        counts = ", ".join(f"{tally.outcomes[one]} {one.value}" for one in Outcome)
        yield f"{name}: {tally.rules} rules: {counts}; {tally.events} events"
        for outcome in TOLD:
            if found := tally.of(outcome):
                shown = ", ".join(f"{count} {finding}" for finding, count in found.items())
                yield f"  called {outcome.value}: {shown}"
    if engines:
        yield "engines: " + ", ".join(
            f"{name} {number}" for name, number in sorted(engines.items())
        )
    occurring = {finding for tally in tallies.values() for _, finding in tally.findings}
    if Finding.EXACT in occurring:
        yield GIVEN_IN_WORDS
    yield from (f"{one.value}: {words}" for one, words in UNEXECUTED.items() if one in occurring)
