"""What the commands ask of their arguments alike."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeAlias

import typer

from transpile.cli.exits import ExitCode, say

if TYPE_CHECKING:
    from transpile.load.files import RuleFile
    from transpile.load.problem import Problem
    from transpile.run.batch import Batch
    from transpile.run.cache import Cache
    from transpile.targets.environment import Environment
    from transpile.targets.target import Target


def given_rules(context: typer.Context, param: typer.CallbackParam, value: list[str]) -> list[str]:
    """The rules that are named, or else those of the configuration file; ends without any.

    The file's `output` is for the file's rules: others would be written among theirs.
    """
    settings = context.default_map or {}
    named = param.name or ""
    source = context.get_parameter_source(named)
    if value and (source is None or source.name != "DEFAULT_MAP"):
        settings.pop("output", None)
        return value
    rules: list[str] = settings.get(named, [])
    if not rules:
        hint = "`sigma-transpile init` writes a file that names the rules"
        if context.obj is not None:
            hint = f"rules = [...] in {context.obj.path} would name the rules, too"
        refuse_usage(f"missing argument {param.human_readable_name.strip('[]')}; {hint}")
    if source is not None:  # before 8.3, click takes no arguments at all for given ones
        context.set_parameter_source(named, type(source)["DEFAULT_MAP"])
    return rules


RulePaths: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="[PATH...]",
        help="Rule files, folders of them (searched to any depth), or - for standard input.",
        show_default=False,
        callback=given_rules,
    ),
]
NOT_NAMED: Any = None
"""The default of rules, for which `given_rules` stands in: click takes no other of a list."""
Pipelines: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--pipeline",
        "-p",
        metavar="FILE",
        help="A pySigma pipeline file of your own, applied first, or a file of log sources (.toml);"
        " several are allowed.",
    ),
]
Schema: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="The fields that your indices have, as the command schema writes them: queries of"
        " Elastic targets are fitted to these.",
    ),
]
SchemaFrom: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--schema-from",
        metavar="URL",
        help="The same, read from this cluster now; the credentials are taken from the"
        " environment, as by the command schema.",
        show_default=False,
    ),
]
NoCache: TypeAlias = Annotated[
    bool, typer.Option("--no-cache", help="Convert every rule anew, and keep nothing.")
]
CacheFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="SIGMA_TRANSPILE_CACHE",
        help="Where conversions are kept between runs.",
        show_default=False,
    ),
]

_LONG = 50
"""files from which on a progress bar is worth its place"""


def known_targets(names: list[str] | None) -> list[str]:
    """The targets asked for, each once; the default ones where none is."""
    from transpile.targets import registry  # noqa: PLC0415

    names = list(dict.fromkeys(names or registry.DEFAULTS))
    for name in names:
        if not registry.is_known(name):
            from difflib import get_close_matches  # noqa: PLC0415

            close = get_close_matches(name, registry.names(), n=1, cutoff=0.5)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else f"there is {', '.join(registry.names())}"
            )
            refuse_usage(f"there is no target {name!r}; {hint}")
        if name not in registry.MODULES:
            loaded_target(name)
    return names


def loaded_target(name: str) -> Target:
    """The target of this name; the command ends where it is another program's and broken."""
    from transpile.targets import registry  # noqa: PLC0415

    try:
        registry.ending(name)
        return registry.get(name)
    except registry.BrokenTarget as broken:
        refuse_usage(f"the target can't be loaded: {broken}")


def dsl_form(names: list[str]) -> list[str]:
    """The targets of the same fields whose language is Query DSL."""
    from transpile.targets import registry  # noqa: PLC0415

    forms = [f"{name.rpartition('-')[0]}-dsl" for name in names]
    for name, form in zip(names, forms, strict=True):
        if not registry.is_known(form):
            refuse_usage(f"{name} has no Query DSL form, only the elastic targets have one")
    return list(dict.fromkeys(forms))


def check_paths(paths: list[str]) -> None:
    """Each path leads somewhere."""
    for path in paths:
        if path != "-" and not Path(path).exists() and not Path(path).is_symlink():
            refuse_usage(f"there is no file or folder {path!r}")


def found_rules(paths: Sequence[str]) -> list[RuleFile | Problem]:
    """The rule files of paths that lead somewhere; the command ends where there is none."""
    _, found = first_rules(paths)
    return list(found)


def first_rules(
    paths: Sequence[str],
) -> tuple[list[RuleFile | Problem], Iterator[RuleFile | Problem]]:
    """The first two of these files, and all of them as they are found; ends where there is none."""
    from transpile.load.files import find  # noqa: PLC0415 (keeps --help fast)

    found = find(paths)
    first = list(islice(found, 2))
    if not first:
        refuse_usage(f"no rules (*.yml, *.yaml) in {', '.join(paths)}")
    return first, chain(first, found)


def check_pipelines(targets: Sequence[str], pipelines: Sequence[str] | None) -> None:
    """Tell what of these files no target heeds; the command ends where one can't be used."""
    if not pipelines:
        return
    from transpile.cli.problems import show_problem  # noqa: PLC0415
    from transpile.run import inputs  # noqa: PLC0415

    found = inputs.problems(targets, pipelines)
    for problem in found:
        typer.echo(show_problem(problem), err=True)
    if not inputs.are_usable(found):
        raise typer.Exit(ExitCode.WRONG_USAGE)


def environment_of(context: typer.Context, targets: Sequence[str]) -> Environment:
    """The settings of the user's installation that these targets heed, from the configuration."""
    if context.obj is None or not (given := tuple(context.obj.environment())):
        return ()
    from transpile.targets.environment import concerning  # noqa: PLC0415

    return concerning(given, targets)


_FITTED = ("eql", "lucene", "json")
"""endings of the files of targets that a schema is for"""


def used_schema(
    context: typer.Context, targets: Sequence[str], file: str | None, url: str | None = None
) -> str:
    """The file with the fields of the indices; an empty text where there is none to heed.

    What a cluster tells is in a file that is gone when the command is. The command ends where the
    schema can't be read.
    """
    if url is not None:
        source = context.get_parameter_source("schema")
        if file is not None and source is not None and source.name != "DEFAULT_MAP":
            refuse_usage("--schema and --schema-from both tell the fields: leave one of them out")
    elif file is None:
        return ""
    from transpile.load.problem import Problem, Severity  # noqa: PLC0415
    from transpile.targets import registry  # noqa: PLC0415

    if not any(registry.ending(name).suffix in _FITTED for name in targets):
        from transpile.cli.problems import show_problem  # noqa: PLC0415

        message = f"a schema is for Elastic targets, and there is only {', '.join(targets)}"
        named = url or file or ""
        warning = Problem("unused-schema", message, named, severity=Severity.WARNING)
        typer.echo(show_problem(warning), err=True)
        return ""
    if url is not None:
        from transpile.cli.schema import read_into_file  # noqa: PLC0415

        return read_into_file(context, url)
    try:
        with open(file or "", "rb"):  # noqa: PTH123
            return file or ""
    except OSError as error:
        message = f"the schema can't be read: {error.strerror}"
        refuse_problem(Problem("bad-schema", message, file or "."))


@contextmanager
def batch_of(  # noqa: PLR0913
    found: Iterable[RuleFile | Problem],
    targets: Sequence[str],
    pipelines: Sequence[str] | None,
    schema: str = "",
    environment: Environment = (),
    *,
    no_cache: bool,
    cache: Path | None = None,
    jobs: int = 0,
    tells: bool = False,
) -> Iterator[Batch]:
    """A batch from the cache and on so many processes, 0 for one each core.

    `tells` asks for what rules say of themselves. The command ends where a pipeline or the schema
    can't be used.
    """
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.run.batch import Batch, cores  # noqa: PLC0415
    from transpile.run.recipe import Recipe  # noqa: PLC0415

    recipe = Recipe(tuple(targets), tuple(pipelines or ()), tells, schema, environment)
    with closing(
        Batch(found, recipe, cache=used_cache(no_cache, cache), jobs=jobs or cores())
    ) as batch:
        try:
            batch.check()
        except ProblemFound as bad:
            refuse_problem(bad.problem)
        yield batch


def progress_of(
    total: int, doing: str, *, least: int = _LONG
) -> AbstractContextManager[Callable[[], None]]:
    """A progress bar where somebody watches and there is much to do, else nothing."""
    if total < least or not sys.stderr.isatty():
        return nullcontext(lambda: None)
    from transpile.cli.progress import progress_bar  # noqa: PLC0415

    return progress_bar(total, doing)


_FEW = 60
"""rule files that one process explains before others are ready"""


def explaining_processes(total: int, jobs: int = 0) -> int:
    """How many processes explain so many rule files; `jobs` asks for a number, 0 for the cores."""
    return 1 if total < _FEW else jobs or os.cpu_count() or 1


def used_cache(refused: bool, folder: Path | None) -> Cache | None:
    """The cache of conversions in a folder or its own place, unless the user wants none."""
    if refused:
        return None
    from transpile.run.cache import Cache, place  # noqa: PLC0415

    return Cache(place(folder), warn=say)


def refuse_usage(message: str) -> NoReturn:
    """End the command, which can't be carried out as it was given."""
    say(message)
    raise typer.Exit(ExitCode.WRONG_USAGE)


def refuse_problem(problem: Problem) -> NoReturn:
    """End the command, one of whose files can't be used."""
    from transpile.cli.problems import show_problem  # noqa: PLC0415

    typer.echo(show_problem(problem), err=True)
    raise typer.Exit(ExitCode.WRONG_USAGE)


def use_utf8() -> None:
    """Print the same bytes on every system; a path that is no UTF-8 shows as an escape."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
