"""What the commands ask of their arguments alike."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from transpile.cli.exits import ExitCode, say

if TYPE_CHECKING:
    from transpile.run.cache import Cache


def known_targets(names: list[str] | None) -> list[str]:
    """The targets asked for, each once; the default ones where none is."""
    from transpile.targets import registry  # noqa: PLC0415

    names = list(dict.fromkeys(names or registry.DEFAULTS))
    for name in names:
        if name not in registry.MODULES:
            from difflib import get_close_matches  # noqa: PLC0415

            close = get_close_matches(name, registry.MODULES, n=1, cutoff=0.5)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else f"there is {', '.join(registry.MODULES)}"
            )
            refuse_usage(f"there is no target {name!r}; {hint}")
    return names


def dsl_form(names: list[str]) -> list[str]:
    """The targets of the same fields whose language is Query DSL."""
    from transpile.targets import registry  # noqa: PLC0415

    forms = [f"{name.rpartition('-')[0]}-dsl" for name in names]
    for name, form in zip(names, forms, strict=True):
        if form not in registry.MODULES:
            refuse_usage(f"{name} has no Query DSL form, only the elastic targets have one")
    return list(dict.fromkeys(forms))


def check_paths(paths: list[str]) -> None:
    """Each path leads somewhere."""
    for path in paths:
        if path != "-" and not Path(path).exists() and not Path(path).is_symlink():
            refuse_usage(f"there is no file or folder {path!r}")


def used_cache(refused: bool) -> Cache | None:
    """The cache of conversions, unless the user wants none."""
    if refused:
        return None
    from transpile.run.cache import Cache, place  # noqa: PLC0415

    return Cache(place())


def refuse_usage(message: str) -> NoReturn:
    """End the command, which can't be carried out as it was given."""
    say(message)
    raise typer.Exit(ExitCode.WRONG_USAGE)


def use_utf8() -> None:
    """Print the same bytes on every system; a path that is no UTF-8 shows as an escape."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
