"""`targets`: what there is to convert to."""

from __future__ import annotations

import typer


def targets() -> None:
    """List the targets: name, language, ending of its files, and what its fields are."""
    from transpile.targets import registry  # noqa: PLC0415 (keeps --help fast)

    every = [registry.get(name) for name in registry.MODULES]
    width = max(len(target.name) for target in every)
    language = max(len(target.dialect) for target in every)
    for target in every:
        default = " (default)" if target.name in registry.DEFAULTS else ""
        typer.echo(f"{target.name:{width}}  {target.dialect:{language}}  {target.about}{default}")
