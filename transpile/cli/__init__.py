"""The command line. Each command is one module; what it needs is imported when it runs.

Exit codes: 0 every rule was converted (exact or approximate), 1 some rule was refused or is
broken (verify: some query called exact is not), 2 wrong usage, 3 a fault of the program itself,
130 interrupted, 141 the reader of the output went away.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from transpile.cli import cache, catalog, check, convert, explain, export, serve, targets, verify
from transpile.cli.exits import PROGRAM, ExitCode, say

app = typer.Typer(
    name=PROGRAM,
    help="Sigma rules to queries that find exactly the events that a rule means.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("convert")(convert.convert)
app.command("export")(export.export)
app.command("check")(check.check)
app.command("verify")(verify.verify)
app.command("explain")(explain.explain)
app.command("catalog")(catalog.catalog)
app.command("serve")(serve.serve)
app.add_typer(targets.app, name="targets")
app.add_typer(cache.app, name="cache")


def _version(asked: bool) -> None:
    if asked:
        from transpile import __version__  # noqa: PLC0415 (reads the package's metadata)

        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


_GARBAGE = (50_000, 20, 50)
"""Hardly anything here refers to itself, so the collector of such things need not look often."""


def main() -> None:
    """Run the command line and end the process; no traceback reaches the user."""
    gc.set_threshold(*_GARBAGE)
    try:
        app(prog_name=PROGRAM)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        say(f"{type(error).__name__}: {error}; this is a fault of the program, please report it")
        sys.exit(ExitCode.FAULT)
