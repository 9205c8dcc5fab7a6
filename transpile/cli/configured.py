"""The configuration file in the commands: its settings are the defaults of their options.

Click knows the order (command line, environment, file, default) and where each value comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from transpile.cli.arguments import refuse_problem

if TYPE_CHECKING:
    from transpile.config.find import ConfigPlace

_NOT_VERIFIED = {
    "pipelines": "pipelines",
    "schema": "a schema",
}
"""settings of the commands that convert, which `verify` is without"""


def configure(context: typer.Context, place: ConfigPlace) -> None:
    """Give the commands the settings of a file; the run ends where it can't be used."""
    from transpile.config.configuration import ConfigurationFile  # noqa: PLC0415 (a file is rare)
    from transpile.load.problem import ProblemFound  # noqa: PLC0415

    try:
        file = ConfigurationFile(place)
    except ProblemFound as bad:
        refuse_problem(bad.problem)
    context.obj = file
    context.default_map = file.defaults_of_commands()
    if context.invoked_subcommand != "verify":
        return
    for key, without in _NOT_VERIFIED.items():
        if file.get(key):
            from transpile.cli.problems import show_problem  # noqa: PLC0415

            message = f"verify runs queries as they are without {without}"
            warning = file.warning("config-no-effect", message, (key,))
            typer.echo(show_problem(warning), err=True)
