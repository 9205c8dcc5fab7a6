"""`export`: rules as saved searches, alert rules and detections."""

from __future__ import annotations

import sys
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
    environment_of,
    found_rules,
    known_targets,
    progress_of,
    refuse_problem,
    refuse_usage,
    use_utf8,
    used_schema,
)
from transpile.cli.exits import ExitCode, planned_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transpile.check.drift import Checked
    from transpile.check.made import Made
    from transpile.export.formats import Format
    from transpile.export.outputs import Export
    from transpile.load.files import RuleFile
    from transpile.load.problem import Problem
    from transpile.run.batch import Batch
    from transpile.run.conversion import Conversion


def export(  # noqa: PLR0913 (one parameter an option)
    context: typer.Context,
    *,
    paths: RulePaths = NOT_NAMED,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORMAT",
            help="splunk-savedsearches, splunk-app, kibana-rules, kibana-saved-searches,"
            " sentinel-yaml, sentinel-arm or defender-rules.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write the files into DIR, with a lock file that `check` reads.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="FILE",
            help="A TOML file with schedules, severities, indexes and what else is yours.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="Whose queries; each format has a default (see docs/exports.md).",
        ),
    ] = None,
    pipeline: Pipelines = None,
    schema: Schema = None,
    schema_from: SchemaFrom = None,
    no_cache: NoCache = False,
    cache: CacheFolder = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault of the program.")
    ] = False,
) -> None:
    """Export Sigma rules as what your SIEM runs: saved searches, alert rules, detections.

    Each holds the very query that `convert` prints. Without -o, a format of one file is printed.

    Exit codes: 0 all rules were exported, 1 some rule was refused or is broken, 2 wrong usage.
    """
    from transpile.check.made import made  # noqa: PLC0415 (keeps --help fast)
    from transpile.export import profile as profiles  # noqa: PLC0415
    from transpile.export.outputs import Export  # noqa: PLC0415
    from transpile.load.problem import ProblemFound  # noqa: PLC0415

    chosen = known_format(form)
    target = target_of(chosen, target)
    check_paths(paths)
    check_pipelines([target], pipeline)
    fields = used_schema(context, [target], schema, schema_from)
    environment = environment_of(context, [target])
    found = found_rules(paths)
    try:
        settings = profiles.read(profile)
        now = made(
            chosen.name, [target], settings.digest, pipeline or (), fields or None, environment
        )
    except ProblemFound as bad:
        refuse_problem(bad.problem)
    with batch_of(
        found, [target], pipeline, fields, environment, no_cache=no_cache, cache=cache, tells=True
    ) as batch:
        use_utf8()
        with planned_end():
            code = _Run(batch, found, Export(chosen, settings), now, output, debug=debug).go()
    raise typer.Exit(code)


def known_format(name: str) -> Format:
    """The format of this name; the command ends where there is none."""
    from transpile.export.formats import FORMATS  # noqa: PLC0415
    from transpile.load.hints import did_you_mean  # noqa: PLC0415

    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS) or f"there is {', '.join(FORMATS)}"
        refuse_usage(f"there is no format {name!r}; {hint}")
    return FORMATS[name]


def target_of(form: Format, target: str | None) -> str:
    """The target whose queries a format is to hold; the command ends where it can't."""
    from transpile.targets import registry  # noqa: PLC0415

    (name,) = known_targets([target or form.target])
    dialect = registry.ending(name).suffix
    if dialect not in form.dialects:
        refuse_usage(f"{form.name} holds {' or '.join(form.dialects)}, and {name} is {dialect}")
    return name


class _Run:
    """One run of the command, from the files that were found to the exit code."""

    def __init__(  # noqa: PLR0913
        self,
        batch: Batch,
        found: Sequence[RuleFile | Problem],
        export: Export,
        made: Made,
        output: Path | None,
        *,
        debug: bool,
    ) -> None:
        from transpile.check.run import Check  # noqa: PLC0415
        from transpile.cli.reports import Summary  # noqa: PLC0415
        from transpile.export.folder import OutputFolder  # noqa: PLC0415

        self._batch = batch
        self._found = found
        self._export = export
        self._check = Check(OutputFolder(output or Path()), export, made, ())
        self._output = output
        self._debug = debug
        self._summary = Summary(made.targets)

    def go(self) -> ExitCode:
        with progress_of(len(self._found), "exporting") as advance:
            for conversion in self._batch.conversions():
                self._add(conversion)
                if conversion.position == 1:
                    advance()
        self._show(self._export.unused_overrides())
        self._give()
        if self._summary.rules > 1 or self._output is not None:
            typer.echo("\n".join(self._summary.lines()), err=True)
        if self._export.exported == self._summary.rules:
            return ExitCode.CONVERTED
        return ExitCode.NOT_ALL_CONVERTED

    def _add(self, conversion: Conversion) -> None:
        from transpile.cli.problems import show_reasons  # noqa: PLC0415

        self._summary.add(conversion)
        self._show([*conversion.problems, *self._check.add(conversion)])
        shown = list(show_reasons(conversion))
        if self._debug and conversion.traceback:
            shown.append(conversion.traceback.rstrip())
        if shown:
            typer.echo("\n".join(shown), err=True)

    def _show(self, problems: Sequence[Problem]) -> None:
        from transpile.cli.problems import show_problem  # noqa: PLC0415

        for problem in problems:
            typer.echo(show_problem(problem), err=True)

    def _give(self) -> None:
        checked = self._check.checked()
        if self._output is not None:
            self._write(checked)
        elif len(checked.files) > 1:
            refuse_usage(f"these are {len(checked.files)} files; say where to with -o DIR")
        else:
            for file in checked.files.values():
                sys.stdout.write(file.text)
            sys.stdout.flush()

    def _write(self, checked: Checked) -> None:
        from transpile.check import fix  # noqa: PLC0415
        from transpile.export.folder import OutsideFolder  # noqa: PLC0415

        folder = self._check.folder
        try:
            for name, file in checked.files.items():
                folder.write(name, file.text.encode())
            fix.write_lock(folder, fix.new_lock(folder, checked))
        except OutsideFolder as outside:
            refuse_usage(f"{outside} would be outside of {self._output}; a link leads out of it")
        except OSError as error:
            refuse_usage(f"can't write to {self._output}: {error.strerror} ({error.filename})")
