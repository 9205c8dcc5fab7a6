"""`cache`: the conversions that are kept between runs."""

from __future__ import annotations

import typer

from transpile.cli.arguments import CacheFolder
from transpile.cli.exits import say

app = typer.Typer(
    help="Conversions that are kept between runs.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def info(folder: CacheFolder = None) -> None:
    """Show where the cache is and how much it holds."""
    from transpile.run.cache import LIMIT, Cache, place  # noqa: PLC0415 (keeps --help fast)

    size = Cache(place(folder), warn=say).size()
    typer.echo(str(place(folder)))
    typer.echo(f"{size.entries} conversions, {_megabytes(size.size)} of {_megabytes(LIMIT)}")


@app.command()
def clear(folder: CacheFolder = None) -> None:
    """Remove all that is kept."""
    from transpile.run.cache import Cache, place  # noqa: PLC0415 (keeps --help fast)

    Cache(place(folder), warn=say).clear()


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"
