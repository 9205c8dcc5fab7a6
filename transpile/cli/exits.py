"""How the program ends: its exit codes, and what a user sees of an end that nobody planned."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

import typer

PROGRAM = "sigma-transpile"


class ExitCode(IntEnum):
    """What the exit codes mean."""

    CONVERTED = 0
    """every rule was converted, exactly or approximately"""
    NOT_ALL_CONVERTED = 1
    """some rule was refused or is broken"""
    VERIFIED = 0
    """every query that is called exact was executed and is, or is valid where nothing executes it;
    none is unverified"""
    DIFFERENT = 1
    """some query that is called exact is not, or was refused by its engine"""
    IN_STEP = 0
    """what is committed is what the rules give"""
    DRIFT = 1
    """what is committed differs from what the rules give, or a rule is broken"""
    WRONG_USAGE = 2
    """the command can't be carried out as it was given"""
    FAULT = 3
    """a fault of the program itself"""
    UNVERIFIED = 4
    """nothing is wrong, but some query was neither executed nor checked"""
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM came; the command ends as one that the user interrupts."""


def terminate(signal: int, frame: object) -> NoReturn:
    """End the command in order; a handler of signals."""
    raise Terminated


def interrupted(by: KeyboardInterrupt) -> ExitCode:
    """Tell the user that the command ends before it is done; gives back how it exits."""
    terminated = isinstance(by, Terminated)
    say("terminated" if terminated else "interrupted")
    return ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED


def say(message: str) -> None:
    """Tell the user something that is about no rule."""
    typer.echo(f"{PROGRAM}: {message}", err=True)


@contextmanager
def planned_end() -> Iterator[None]:
    """End a command in order when the user interrupts it or closes what reads its output."""
    try:
        yield
    except KeyboardInterrupt as by:
        raise typer.Exit(interrupted(by)) from None
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.READER_GONE) from None
    except OSError as error:
        say(f"can't write the output: {error.strerror}")
        raise typer.Exit(ExitCode.WRONG_USAGE) from None
