"""The command line. Each command is one module, imported when it is asked for.

Exit codes: 0 every rule was converted (exact or approximate), 1 some rule was refused or is
broken (verify: some query called exact is not), 2 wrong usage, 3 a fault of the program itself,
4 nothing is wrong but some query was neither executed nor checked (verify alone), 130 interrupted,
141 the reader of the output went away, 143 terminated.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from transpile.cli.exits import PROGRAM, ExitCode, interrupted, say, terminate

_COMMANDS = (
    "convert",
    "export",
    "check",
    "verify",
    "explain",
    "catalog",
    "serve",
    "schema",
    "init",
    "config",
)
_GROUPS = ("targets", "cache")
"""commands that have commands of their own"""
_HELP = ("-h", "--help")
_ASKS_HELP = f"{__name__}.asks_help"


class _Commands(TyperGroup):
    """The commands; of those that nobody asks for not even the options are put together."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_ASKS_HELP] = any(one in _HELP for one in args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        every = [*_COMMANDS, *_GROUPS]
        self._load(every)
        return every

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # Of a name that there isn't, all others are told.
        known = cmd_name in (*_COMMANDS, *_GROUPS)
        self._load([cmd_name] if known else self.list_commands(ctx))
        return super().get_command(ctx, cmd_name)

    def _load(self, names: Iterable[str]) -> None:
        loaded = typer.Typer(rich_markup_mode=None)
        for name in names:
            if name not in self.commands:
                module = import_module(f"{__name__}.{name}")
                if name in _GROUPS:
                    loaded.add_typer(module.app, name=name)
                else:
                    settings = getattr(module, "CONTEXT", None)
                    loaded.command(name, context_settings=settings)(getattr(module, name))
        self.commands.update(get_group(loaded).commands)


app = typer.Typer(
    name=PROGRAM,
    cls=_Commands,
    help="Sigma rules to queries that find exactly the events that a rule means.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": list(_HELP)},
)


def _version(asked: bool) -> None:
    if asked:
        from transpile import __version__  # noqa: PLC0415 (reads the package's metadata)

        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            envvar="SIGMA_TRANSPILE_CONFIG",
            help="The configuration to use. Default: sigma-transpile.toml, or a pyproject.toml with"
            " [tool.sigma-transpile], in this folder or the nearest one above it.",
            show_default=False,
        ),
    ] = None,
    no_config: Annotated[
        bool, typer.Option("--no-config", help="Use no configuration file.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    source = context.get_parameter_source("config")
    if no_config and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter("--config names a file, and --no-config refuses it")
    if no_config or context.invoked_subcommand == "init" or context.meta[_ASKS_HELP]:
        return
    from transpile.config.find import named, nearest  # noqa: PLC0415

    place = named(config) if config else nearest()
    if place is not None:
        from transpile.cli.configured import configure  # noqa: PLC0415

        configure(context, place)


_GARBAGE = (50_000, 20, 50)
"""Hardly anything here refers to itself, so the collector of such things need not look often."""


def main() -> None:
    """Run the command line and end the process; no traceback reaches the user."""
    gc.set_threshold(*_GARBAGE)
    signal.signal(signal.SIGTERM, terminate)
    try:
        app(prog_name=PROGRAM)
    except KeyboardInterrupt as by:
        sys.exit(interrupted(by))
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        say(f"{type(error).__name__}: {error}; this is a fault of the program, please report it")
        sys.exit(ExitCode.FAULT)
    finally:
        gc.freeze()  # or the end of the process would look through all that there is
