"""`targets`: what there is to convert to, and what each makes of log sources and fields."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from transpile.targets.plan import LogSource, Plan
    from transpile.targets.shown import Shown
    from transpile.targets.target import Target

app = typer.Typer(help="What there is to convert to.", no_args_is_help=False)

_Tables = Annotated[
    list[str] | None,
    typer.Option("--pipeline", "-p", help="A file of log sources (.toml); may be given again."),
]


@app.callback(invoke_without_command=True)
def targets(context: typer.Context) -> None:
    """List the targets: name, language, ending of its files, and what its fields are."""
    if context.invoked_subcommand is not None:
        return
    from transpile.cli.exits import say  # noqa: PLC0415
    from transpile.targets import registry  # noqa: PLC0415 (keeps --help fast)

    every = []
    for name in registry.names():
        try:
            every.append(registry.get(name))
        except registry.BrokenTarget as broken:
            say(f"a target can't be loaded: {broken}")
    width = max(len(target.name) for target in every)
    language = max(len(target.dialect) for target in every)
    for target in every:
        default = " (default)" if target.name in registry.DEFAULTS else ""
        typer.echo(f"{target.name:{width}}  {target.dialect:{language}}  {target.about}{default}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The target.")],
    tables: Annotated[bool, typer.Option(help="Show the columns of each table too.")] = True,
) -> None:
    """Show where each log source is in a target, its fields and types, and the tables."""
    from transpile.targets import shown  # noqa: PLC0415

    target = _target(name, [])
    typer.echo(f"{target.title}: {target.about}\n")
    for source, fields in shown.log_sources():
        plan = _plan(target, source)
        if plan is None:
            continue
        typer.echo(_headline(target, source, plan))
        for field in fields:
            typer.echo(_told(_shown(target, source, plan, field)))
        typer.echo("")
    if not tables:
        return
    for table, columns in shown.tables_of(target).items():
        typer.echo(f"{table}  {shown.page_of(target, table)}")
        if target.product:
            typer.echo(f"  product: {target.product}, service: {table.lower()}")
        for parameter, filtered in shown.parameters_of(table):
            typer.echo(f"  filters {filtered} by {parameter}")
        width = max(len(column.name) for column in columns)
        for column in columns:
            typer.echo(f"  {column.name:{width}}  {column.kind:8}  {column.meaning}".rstrip())
        typer.echo("")


@app.command("explain")
def explain(
    rule: Annotated[Path, typer.Argument(help="A rule's file.")],
    target: Annotated[str, typer.Option("--target", "-t", help="The target.")],
    pipeline: _Tables = None,
) -> None:
    """Tell why each field of a rule became what it became, or why it has no column."""
    from transpile.cli.exits import ExitCode  # noqa: PLC0415
    from transpile.load.files import RuleFile  # noqa: PLC0415
    from transpile.load.rules import BrokenRule, load_file  # noqa: PLC0415
    from transpile.verify.reference import Meaning, NoMeaning  # noqa: PLC0415

    chosen = _target(target, pipeline or [])
    missing = False
    for one in load_file(RuleFile(rule.as_posix(), str(rule))):
        if isinstance(one, BrokenRule):
            missing = True
            typer.echo(f"{one.path}: {one.problems[0].message}", err=True)
            continue
        source = _source(one.document)
        typer.echo(f"{one.title}\n")
        plan = _plan(chosen, source, tell=True)
        if plan is None:
            missing = True
            continue
        typer.echo(_headline(chosen, source, plan))
        try:
            fields = Meaning.of(one.document).fields
        except NoMeaning as error:
            typer.echo(f"  {error}", err=True)
            continue
        for field in fields:
            missing = not _explained(chosen, source, plan, field) or missing
    raise typer.Exit(ExitCode.NOT_ALL_CONVERTED if missing else ExitCode.CONVERTED)


def _explained(target: Target, source: LogSource, plan: Plan, field: str) -> bool:
    from transpile.verify.tree import RAW  # noqa: PLC0415

    if field == RAW:
        text = plan.text.name if plan.text else "nothing: no field holds the text of an event"
        typer.echo(f"  keywords -> {text}")
        return True
    found = _shown(target, source, plan, field)
    typer.echo(_told(found))
    return bool(found.name)


def _target(name: str, tables: list[str]) -> Target:
    from transpile.cli.arguments import check_pipelines, loaded_target  # noqa: PLC0415
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.targets import registry  # noqa: PLC0415
    from transpile.targets.mapping import mapped  # noqa: PLC0415

    if not registry.is_known(name):
        known = ", ".join(registry.names())
        raise typer.BadParameter(f"there is no target {name!r}; there are {known}")
    check_pipelines([name], tables)
    try:
        return mapped(loaded_target(name), tables)
    except ProblemFound as found:
        problem = found.problem
        place = f":{problem.line}" if problem.line is not None else ""
        raise typer.BadParameter(f"{problem.path}{place}: {problem.message}") from found


def _plan(target: Target, source: LogSource, *, tell: bool = False) -> Plan | None:
    from transpile.query import Refused  # noqa: PLC0415

    try:
        return target.plan(source)
    except Refused as refused:
        if tell:
            typer.echo(f"{source}: {refused.reason.message}")
        return None


def _source(document: dict[str, object]) -> LogSource:
    from transpile.targets.plan import LogSource  # noqa: PLC0415

    given = document.get("logsource")
    told = given if isinstance(given, dict) else {}
    return LogSource(told.get("product"), told.get("category"), told.get("service"))


def _headline(target: Target, source: LogSource, plan: Plan) -> str:
    from transpile.targets import origins  # noqa: PLC0415
    from transpile.targets.shown import scope_of  # noqa: PLC0415

    where = plan.table or "all events"
    scope = scope_of(plan)
    approximate = "".join(f"\n  {reason.code}: {reason.message}" for reason in plan.approximations)
    places = _placed(", ".join(origins.of_scope(target.stated(source))))
    return f"{source}\n  in {where}{f' where {scope}' if scope else ''}{places}{approximate}"


def _shown(target: Target, source: LogSource, plan: Plan, field: str) -> Shown:
    import backends  # noqa: PLC0415
    from transpile.targets.shown import shown  # noqa: PLC0415

    return shown(target, source, plan, field, backends.get(target.dialect).field)


def _told(found: Shown) -> str:
    became = f"{found.name} ({found.kind})" if found.name else "nothing"
    return f"  {found.sigma} -> {became}: {found.why}{_placed(found.origin)}"


def _placed(origin: str) -> str:
    """The place that an answer comes from."""
    return f"  [{origin}]" if origin else ""
