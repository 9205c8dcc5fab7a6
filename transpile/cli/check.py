"""`check`: whether what is committed equals what the rules give now."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    NOT_NAMED,
    CacheFolder,
    NoCache,
    Schema,
    SchemaFrom,
    batch_of,
    check_paths,
    check_pipelines,
    environment_of,
    found_rules,
    given_rules,
    known_targets,
    progress_of,
    refuse_problem,
    refuse_usage,
    use_utf8,
    used_schema,
)
from transpile.cli.exits import ExitCode, planned_end, say
from transpile.cli.export import known_format, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transpile.check.drift import Checked, Drift
    from transpile.check.made import Made
    from transpile.check.run import Check
    from transpile.config.configuration import ConfigurationFile
    from transpile.export.folder import OutputFolder
    from transpile.load.files import RuleFile
    from transpile.load.problem import Problem
    from transpile.run.batch import Batch
    from transpile.run.conversion import Conversion


class Report(str, Enum):
    """How differences are printed."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


def _known_folder(context: typer.Context, value: Path) -> Path:
    # Options that are given are known before arguments, the others after them.
    _set_defaults(context, value, context.params.get("form"))
    return value


def _set_defaults(context: typer.Context, out: Path, form: str | None) -> None:
    """Take those settings of the configuration file that are for this folder.

    For the folder that `export` writes to its table holds, for another export its profile, and for
    queries the targets.
    """
    if context.obj is None or context.default_map is None:
        return
    from transpile.check.made import QUERIES  # noqa: PLC0415
    from transpile.check.run import locked  # noqa: PLC0415
    from transpile.export.folder import OutputFolder  # noqa: PLC0415

    file: ConfigurationFile = context.obj
    output = file.get("export.output")
    settings: dict[str, object] = {}
    if form is None and output is not None and Path(output).resolve() == out.resolve():
        form = settings["form"] = file.get("export.format")
    if form is None:
        try:
            lock = locked(OutputFolder(out)).lock
        except OSError:
            lock = None  # the command itself tells
        form = lock.made.form if lock else QUERIES
    if form == QUERIES:
        settings["target"] = file.get("targets")
    else:
        settings["profile"] = file.get("export.profile")
        if form == file.get("export.format") and (target := file.get("export.target")):
            settings["target"] = [target]
    for name in ("form", "target", "profile"):
        context.default_map.pop(name, None)
    context.default_map.update({name: one for name, one in settings.items() if one is not None})


def check(  # noqa: PLR0913 (one parameter an option)
    context: typer.Context,
    *,
    rules: Annotated[
        list[str],
        typer.Argument(
            metavar="[RULES...]",
            help="Folders of rules, or rule files.",
            show_default=False,
            callback=given_rules,
        ),
    ] = NOT_NAMED,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The folder that convert -o or export -o wrote to.",
            callback=_known_folder,
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="FORMAT",
            help="The format of an export; without one, what the lock file says, or else queries.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="The targets; without any, what the lock file says, or else the default ones.",
        ),
    ] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option(
            "--pipeline", "-p", metavar="FILE", help="The pipeline files of the conversion."
        ),
    ] = None,
    schema: Schema = None,
    schema_from: SchemaFrom = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="FILE", help="The profile of the export."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write what differs, and remove what no rule gives.")
    ] = False,
    report: Annotated[
        Report, typer.Option("--format", help="How differences are printed.")
    ] = Report.TEXT,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain-upgrade", help="Tell apart what rules changed and what the tool changed."
        ),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff/--no-diff", help="Print the differences line by line.")
    ] = True,
    no_cache: NoCache = False,
    cache: CacheFolder = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault of the program.")
    ] = False,
) -> None:
    """Check that committed queries, or an export, are what the rules give now.

    Differences go to standard output, everything else to standard error.

    Exit codes: 0 nothing differs (or all was fixed), 1 something does or a rule is broken,
    2 wrong usage.
    """
    from transpile.check.made import QUERIES, made  # noqa: PLC0415 (keeps --help fast)
    from transpile.export import profile as profiles  # noqa: PLC0415
    from transpile.export.folder import OutputFolder  # noqa: PLC0415
    from transpile.load.problem import ProblemFound  # noqa: PLC0415

    check_paths(rules)
    if not out.is_dir() and not (fix and not out.exists()):
        refuse_usage(f"there is no folder {str(out)!r}")
    found = found_rules(rules)
    try:
        folder = OutputFolder(out)
        targets, form = _wanted(folder, form, target, profile)
        check_pipelines(targets, pipeline)
        fields = used_schema(context, targets, schema, schema_from)
        environment = environment_of(context, targets)
        now = made(
            form,
            targets,
            "" if form == QUERIES else profiles.read(profile).digest,
            pipeline or (),
            fields or None,
            environment,
        )
        checking = _setup(folder, now, profile)
    except ProblemFound as bad:
        refuse_problem(bad.problem)
    except OSError as error:
        refuse_usage(f"can't read {error.filename}: {error.strerror}")
    if explain and checking.lock.lock is None:
        refuse_usage(f"{out} has no lock file to compare with; check --fix writes one")
    with batch_of(
        found, targets, pipeline, fields, environment, no_cache=no_cache, cache=cache, tells=True
    ) as batch:
        use_utf8()
        with planned_end():
            run = _Run(batch, checking, found, str(out), debug=debug)
            code = run.go(report, fix=fix, explain=explain, diff=diff)
    raise typer.Exit(code)


def _wanted(
    folder: OutputFolder, form: str | None, targets: list[str] | None, profile: str | None
) -> tuple[list[str], str]:
    """The targets and the form of the outputs to compare the folder with."""
    from transpile.check.made import QUERIES  # noqa: PLC0415
    from transpile.check.run import locked  # noqa: PLC0415

    lock = locked(folder).lock
    form = form or (lock.made.form if lock else QUERIES)
    if not targets and lock and lock.made.form == form:
        targets = list(lock.made.targets)
    if form == QUERIES:
        if profile is not None:
            refuse_usage("a profile is for exports; say which with --as")
        return known_targets(targets), form
    if targets and len(targets) > 1:
        refuse_usage("an export holds the queries of one target")
    return [target_of(known_format(form), targets[0] if targets else None)], form


def _setup(folder: OutputFolder, now: Made, profile: str | None) -> Check:
    """Prepare to compare the outputs that are made so with the folder."""
    from transpile.check.made import QUERIES  # noqa: PLC0415
    from transpile.check.run import Check  # noqa: PLC0415
    from transpile.export import profile as profiles  # noqa: PLC0415
    from transpile.export.outputs import Export, QueryFiles  # noqa: PLC0415
    from transpile.targets import registry  # noqa: PLC0415

    if now.form == QUERIES:
        endings = [registry.ending(name) for name in now.targets]
        suffixes = [f".{ending.suffix}" for ending in endings]
        return Check(folder, QueryFiles(endings), now, suffixes)
    return Check(folder, Export(known_format(now.form), profiles.read(profile)), now, ())


class _Run:
    """One run of the command, from the files that were found to the exit code."""

    def __init__(
        self,
        batch: Batch,
        checking: Check,
        found: Sequence[RuleFile | Problem],
        out: str,
        *,
        debug: bool,
    ) -> None:
        self._batch = batch
        self._check = checking
        self._found = found
        self._out = out
        self._debug = debug

    def go(self, report: Report, *, fix: bool, explain: bool, diff: bool) -> ExitCode:
        from transpile.load.files import RuleFile  # noqa: PLC0415

        with progress_of(len(self._found), "checking") as advance:
            for conversion in self._batch.conversions():
                self._add(conversion)
                if conversion.position == 1:
                    advance()
        complete = all(isinstance(found, RuleFile) for found in self._found)
        checked = self._check.checked(complete=complete)
        drifts = self._check.drifts(checked)
        self._print(report, checked, drifts, explain=explain, diff=diff)
        if fix:
            return self._fix(checked, drifts)
        self._close(checked, drifts)
        return ExitCode.DRIFT if drifts or self._check.broken else ExitCode.IN_STEP

    def _add(self, conversion: Conversion) -> None:
        from transpile.cli.problems import show_problem, show_reasons  # noqa: PLC0415
        from transpile.load.problem import Severity  # noqa: PLC0415

        problems = [*conversion.problems, *self._check.add(conversion)]
        shown = [show_problem(p) for p in problems if p.severity is Severity.ERROR]
        if conversion.about is None or conversion.traceback:
            shown += show_reasons(conversion)
        if self._debug and conversion.traceback:
            shown.append(conversion.traceback.rstrip())
        if shown:
            typer.echo("\n".join(shown), err=True)

    def _print(
        self, report: Report, checked: Checked, drifts: list[Drift], *, explain: bool, diff: bool
    ) -> None:
        from transpile import __version__  # noqa: PLC0415
        from transpile.check.reports import github, junit, sarif  # noqa: PLC0415
        from transpile.cli import drifts as texts  # noqa: PLC0415

        if report is Report.GITHUB:
            sys.stdout.write(github.commands(drifts, self._out))
        elif report is Report.SARIF:
            sys.stdout.write(sarif.log(drifts, self._out, __version__))
        elif report is Report.JUNIT:
            sys.stdout.write(junit.suite(checked.files, drifts, self._out))
        elif explain:
            sys.stdout.writelines(f"{line}\n" for line in texts.by_cause(drifts, diff=diff))
        else:
            sys.stdout.writelines(f"{line}\n" for line in texts.one_by_one(drifts, diff=diff))
        sys.stdout.flush()

    def _fix(self, checked: Checked, drifts: list[Drift]) -> ExitCode:
        from transpile.check import fix  # noqa: PLC0415
        from transpile.cli.style import printable  # noqa: PLC0415
        from transpile.export.folder import OutsideFolder  # noqa: PLC0415

        folder = self._check.folder
        try:
            fixed = fix.fix(folder, drifts, locked=checked.lock is not None)
            left = [one.drift.name for one in fixed if one.left]
            fix.write_lock(folder, fix.new_lock(folder, checked, left))
        except OutsideFolder as outside:
            refuse_usage(f"{outside} would be outside of {self._out}; a link leads out of it")
        except OSError as error:
            refuse_usage(f"can't write to {self._out}: {error.strerror} ({error.filename})")
        for one in fixed:
            typer.echo(f"{printable(one.drift.name)}: {printable(one.done)}", err=True)
        say(f"{len(fixed) - len(left)} of {len(fixed)} files that differed are in step now")
        return ExitCode.DRIFT if left or self._check.broken else ExitCode.IN_STEP

    def _close(self, checked: Checked, drifts: list[Drift]) -> None:
        from transpile.check.drift import environment_causes  # noqa: PLC0415
        from transpile.check.reports.words import counted  # noqa: PLC0415

        total = f"{self._check.rules} rules, {len(checked.files)} files"
        if drifts:
            say(f"{counted(drifts)} ({total}); check --fix writes what the rules give")
            return
        say(f"in step: {total}")
        for cause in environment_causes(checked.lock, checked.made):
            say(f"{cause.text}; no file differs, and check --fix brings the lock file up to date")
