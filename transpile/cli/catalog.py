"""`catalog`: a folder of rules as a static site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    NOT_NAMED,
    Pipelines,
    Schema,
    check_paths,
    check_pipelines,
    environment_of,
    explaining_processes,
    found_rules,
    given_rules,
    known_targets,
    refuse_problem,
    used_schema,
)
from transpile.cli.exits import ExitCode, planned_end, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transpile.catalog.build import Progress
    from transpile.catalog.recipe import Recipe
    from transpile.load.files import RuleFile
    from transpile.load.problem import Problem


def catalog(  # noqa: PLR0913 (one parameter an option)
    context: typer.Context,
    *,
    rules: Annotated[
        list[str],
        typer.Argument(
            metavar="[RULES...]",
            help="Folders of rules (searched to any depth), or rule files.",
            show_default=False,
            callback=given_rules,
        ),
    ] = NOT_NAMED,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="SITE", help="The folder for the site.", show_default=False
        ),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="Targets to show; may be given several times."
            " Default: splunk, sentinel, elastic-eql and elastic-lucene.",
        ),
    ] = None,
    pipeline: Pipelines = None,
    schema: Schema = None,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="What the site is called.")
    ] = "Detection rules",
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Processes; 0 is one for each processor."),
    ] = 0,
) -> None:
    """Make a static site over rules: search, a page for each rule, indicators and ATT&CK.

    The site needs no server and no network: open its index.html.

    Exit codes: 0 the site is made, 1 some rule is broken (the site has a page of them), 2 wrong
    usage.
    """
    from transpile.catalog import manifest  # noqa: PLC0415 (keeps --help fast)
    from transpile.catalog.recipe import Recipe  # noqa: PLC0415

    targets = known_targets(target)
    check_paths(rules)
    pipelines = pipeline or []
    check_pipelines(targets, pipelines)
    fields = used_schema(context, targets, schema)
    found = found_rules(rules)
    given = [*pipelines, *([fields] if fields else ())]
    texts = [Path(path).read_text("utf-8", "replace") for path in given]
    environment = environment_of(context, targets)
    settings = [title, "fitted" if fields else "", repr(environment)]
    made_from = manifest.fingerprint(found, [*settings, *targets, *pipelines, *texts])
    made = manifest.read(output)
    if made.is_current(output, made_from):
        say(f"{output} is up to date")
        broken = made.broken
    else:
        recipe = Recipe(tuple(targets), tuple(pipelines), rules[0], fields, environment)
        _check(recipe)
        with planned_end():
            broken = _build(found, recipe, output, title, made_from, jobs)
    raise typer.Exit(ExitCode.NOT_ALL_CONVERTED if broken else ExitCode.CONVERTED)


def _check(recipe: Recipe) -> None:
    """End the command where a pipeline or the schema is none, before other processes find out."""
    if not recipe.pipelines and not recipe.schema:
        return
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.run.convert import Converter  # noqa: PLC0415

    try:
        Converter(recipe.targets, recipe.pipelines, schema=recipe.schema or None)
    except ProblemFound as bad:
        refuse_problem(bad.problem)


def _build(  # noqa: PLR0913, PLR0917
    found: Sequence[RuleFile | Problem],
    recipe: Recipe,
    output: Path,
    title: str,
    made_from: str,
    jobs: int,
) -> int:
    """Make the site; gives back how many rules are broken."""
    from transpile.catalog.build import build  # noqa: PLC0415

    site = build(
        found,
        recipe,
        output,
        title,
        made_from=made_from,
        processes=explaining_processes(len(found), jobs),
        progress=_progress(),
    )
    rules, broken = len(site.collection.rules), len(site.collection.broken)
    told = f", {broken} broken" if broken else ""
    say(f"{rules} rule{'s' if rules != 1 else ''}{told}: {output / 'index.html'}")
    return broken


def _progress() -> Progress:
    if sys.stderr.isatty():
        from transpile.cli.progress import progress_bar  # noqa: PLC0415

        return progress_bar
    from transpile.catalog.build import unseen  # noqa: PLC0415

    return unseen
