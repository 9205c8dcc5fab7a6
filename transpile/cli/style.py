"""Colours on a terminal, and text that can't do anything to it."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import typer

from transpile.query import Outcome

OUTCOME_COLOURS = {
    Outcome.EXACT: "green",
    Outcome.APPROXIMATE: "yellow",
    Outcome.REFUSED: "red",
    Outcome.FAILED: "red",
}


def is_coloured(stream: TextIO) -> bool:
    """Whether to colour what is written there: on a terminal, unless `NO_COLOR` forbids it."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, *, bold: bool = False) -> str:
    """The text in a colour, if the standard error shows any."""
    return typer.style(text, fg=colour, bold=bold or None) if is_coloured(sys.stderr) else text


def printable(text: str) -> str:
    """The text with control characters, which a terminal might obey, made visible."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def same_place() -> bool:
    """Whether standard output and standard error end up in one place, as on a terminal."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
