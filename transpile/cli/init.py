"""`init`: a configuration file for the working folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import refuse_usage, use_utf8
from transpile.cli.exits import say

if TYPE_CHECKING:
    from transpile.config.survey import Survey


def init(
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
) -> None:
    """Write a sigma-transpile.toml that says what is found in this folder.

    Folders of rules are taken in, and so is what was in use before: outputs with a lock file, the
    pipelines and the profile that they were made with, and the targets that scripts ask sigma-cli
    for. Everything else is there as a comment.
    """
    from transpile.config.find import NAME, nearest  # noqa: PLC0415 (keeps --help fast)
    from transpile.config.survey import survey  # noqa: PLC0415
    from transpile.config.template import text  # noqa: PLC0415

    before = nearest()
    beside = before is not None and not before.path.startswith("../") and before.path != NAME
    if before is not None and beside and not force:
        refuse_usage(
            f"{before.path} has a configuration, which a {NAME} would go before; --force writes it"
        )
    found = survey()
    content = text(found)
    try:
        with Path(NAME).open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(content)
    except FileExistsError:
        refuse_usage(f"there is a {NAME} already; --force replaces it")
    except OSError as error:
        refuse_usage(f"can't write {NAME}: {error.strerror}")
    use_utf8()
    for line in _told(found):
        typer.echo(line)
    instead = ""
    if before is not None and before.path != NAME:
        instead = f"; here it holds instead of {before.path}"
    say(f"{NAME} is written{instead}")


def _told(found: Survey) -> Iterator[str]:
    """What was found, a line each."""
    from transpile.cli.style import printable  # noqa: PLC0415

    for folder, count in found.rules.items():
        yield printable(f"rules: {folder} ({count} file{'s' if count != 1 else ''})")
    if not found.rules:
        yield "rules: none found; name them in the file"
    for script, targets in found.scripts.items():
        yield printable(f"sigma-cli: {script} ({', '.join(targets) or 'no target of ours'})")
    for output in found.outputs:
        made = output.lock.made
        yield printable(f"{made.form}: {output.folder} ({', '.join(made.targets)})")
    if profile := found.profile():
        yield printable(f"profile: {profile}")
    for path in found.pipelines:
        used = path in found.used
        yield printable(f"pipeline: {path}{'' if used else ' (left as a comment: not in use)'}")
