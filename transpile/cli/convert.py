"""`convert`: rules to queries."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    NOT_NAMED,
    CacheFolder,
    NoCache,
    Pipelines,
    RulePaths,
    Schema,
    SchemaFrom,
    batch_of,
    check_paths,
    check_pipelines,
    dsl_form,
    environment_of,
    first_rules,
    known_targets,
    progress_of,
    refuse_usage,
    use_utf8,
    used_schema,
)
from transpile.cli.exits import ExitCode, planned_end

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from transpile.cli.reports import Report
    from transpile.load.problem import Problem
    from transpile.run.batch import Batch
    from transpile.run.conversion import Conversion


class Format(str, Enum):
    """How queries are printed."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"
    DSL = "dsl"


def convert(  # noqa: PLR0913, PLR0917 (one parameter an option)
    context: typer.Context,
    paths: RulePaths = NOT_NAMED,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="Where the queries are for; may be given several times."
            " Default: splunk, sentinel, elastic-eql and elastic-lucene.",
        ),
    ] = None,
    pipeline: Pipelines = None,
    schema: Schema = None,
    schema_from: SchemaFrom = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write a file for each rule and target into DIR, in folders like the rules'.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="How queries are printed; dsl is text, with Elasticsearch's Query DSL"
            " (the target elastic-dsl) in place of Lucene and EQL.",
        ),
    ] = Format.TEXT,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            metavar="N",
            help="How many processes convert. Default: one for each core, where it is worth it.",
            show_default=False,
        ),
    ] = 0,
    no_cache: NoCache = False,
    cache: CacheFolder = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault of the program.")
    ] = False,
) -> None:
    """Convert Sigma rules to queries.

    Queries go to standard output, everything else to standard error.

    Exit codes: 0 all rules were converted, 1 some rule was refused or is broken, 2 wrong usage.
    """

    targets = known_targets(target if target or form is not Format.DSL else ["elastic-dsl"])
    if form is Format.DSL:
        targets, form = dsl_form(targets), Format.TEXT
    check_paths(paths)
    check_pipelines(targets, pipeline)
    fields = used_schema(context, targets, schema, schema_from)
    environment = environment_of(context, targets)
    first, found = first_rules(paths)
    with batch_of(
        found, targets, pipeline, fields, environment, no_cache=no_cache, cache=cache, jobs=jobs
    ) as batch:
        use_utf8()
        with planned_end():
            alone = len(first) == 1
            code = _Run(batch, targets, paths, form, output, alone=alone, debug=debug).go()
    raise typer.Exit(code)


class _Run:
    """One run of the command, from the files at the paths to the exit code.

    `alone` says that there is one file only.
    """

    def __init__(  # noqa: PLR0913
        self,
        batch: Batch,
        targets: Sequence[str],
        paths: Sequence[str],
        form: Format,
        output: Path | None,
        *,
        alone: bool,
        debug: bool,
    ) -> None:
        from transpile.cli.reports import Summary  # noqa: PLC0415
        from transpile.run.write import QueryFolder  # noqa: PLC0415
        from transpile.targets import registry  # noqa: PLC0415

        self._batch = batch
        self._targets = targets
        self._paths = paths
        self._alone = alone
        self._form = form
        self._debug = debug
        self._output = output
        endings = [registry.ending(name) for name in targets]
        self._folder = QueryFolder(output, endings) if output is not None else None
        self._summary = Summary(targets)
        self._report: Report | None = None
        self._unwritten = False

    def go(self) -> ExitCode:
        with self._progress() as advance:
            for conversion in self._batch.conversions():
                self._add(conversion)
                if conversion.position == 1:
                    advance()
        self._report_for(None).close()
        if self._summary.rules > 1 or self._folder is not None:
            typer.echo("\n".join(self._summary.lines()), err=True)
        if self._summary.all_converted and not self._unwritten:
            return ExitCode.CONVERTED
        return ExitCode.NOT_ALL_CONVERTED

    def _add(self, conversion: Conversion) -> None:
        from transpile.cli.problems import show_problem, show_reasons  # noqa: PLC0415

        self._summary.add(conversion)
        self._report_for(conversion).add(conversion)
        problems = [*conversion.problems, *self._write(conversion)]
        shown = [*map(show_problem, problems), *show_reasons(conversion)]
        if self._debug and conversion.traceback:
            shown.append(conversion.traceback.rstrip())
        if shown:
            sys.stdout.flush()
            typer.echo("\n".join(shown), err=True)

    def _report_for(self, conversion: Conversion | None) -> Report:
        """The report, made when the first rule tells whether it is the only one."""
        if self._report is None:
            from transpile.cli import reports  # noqa: PLC0415

            if self._form is Format.JSON:
                self._report = reports.JsonReport()
            elif self._form is Format.NDJSON:
                self._report = reports.NdjsonReport()
            elif self._folder is not None:
                self._report = reports.NoReport()
            else:
                one_rule = self._alone and (conversion is None or conversion.alone)
                single = one_rule and len(self._targets) == 1
                self._report = reports.TextReport(single=single)
        return self._report

    def _write(self, conversion: Conversion) -> list[Problem]:
        if self._folder is None:
            return []
        try:
            problems = self._folder.write(conversion)
        except OSError as error:
            refuse_usage(f"can't write to {self._output}: {error.strerror} ({error.filename})")
        self._unwritten = self._unwritten or bool(problems)
        return problems

    def _progress(self) -> AbstractContextManager[Callable[[], None]]:
        from transpile.load.files import find  # noqa: PLC0415

        prints = self._form is not Format.TEXT or self._folder is None
        if prints and sys.stdout.isatty():
            return nullcontext(lambda: None)
        # The files are counted only where somebody sees it.
        total = sum(1 for _ in find(self._paths)) if sys.stderr.isatty() else 0
        return progress_of(total, "converting")
