"""Where the configuration file is: in the working folder or the nearest one above it that has one.

The search ends at the root of a repository (the folder that holds `.git`), so that a checkout means
the same wherever it lies; outside of repositories it ends at the root of the file system.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

NAME = "sigma-transpile.toml"
PROJECT = "pyproject.toml"
TABLE = ("tool", "sigma-transpile")
"""the table of a pyproject.toml that is a configuration"""
_MAY_HAVE_TABLE = rb"sigma-transpile[\"']?\s*[].=]"


class ConfigPlace(NamedTuple):
    """A configuration file, as a path from the working folder, and the keys that lead to it."""

    path: str
    keys: tuple[str, ...] = ()


def named(path: str) -> ConfigPlace:
    """The place of a file that the user names; of a pyproject.toml it is the tool's table."""
    return ConfigPlace(path, TABLE if os.path.basename(path) == PROJECT else ())  # noqa: PTH119


def nearest() -> ConfigPlace | None:
    """The configuration that holds in the working folder, if there is any."""
    for folder in _upwards():
        path = f"{folder}{NAME}"
        if os.path.lexists(path) and not os.path.isdir(path):  # noqa: PTH112
            return ConfigPlace(path)
        path = f"{folder}{PROJECT}"
        if os.path.lexists(path) and _has_table(path):
            return ConfigPlace(path, TABLE)
    return None


def _upwards() -> Iterator[str]:
    """The working folder and those above it, as prefixes of paths that lead there."""
    try:
        here = os.getcwd()  # noqa: PTH109 (loads nothing)
    except FileNotFoundError:  # it was removed
        return
    prefix = ""
    while True:
        yield prefix
        above = os.path.dirname(here)  # noqa: PTH120
        if above == here or os.path.lexists(f"{here}/.git"):
            return
        here = above
        prefix += "../"


def _has_table(path: str) -> bool:
    """Whether a pyproject.toml has the table, or may have it and can't be read.

    Most are known by their text to have none.
    """
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            if not re.search(_MAY_HAVE_TABLE, stream.read()):
                return False
    except OSError:
        return True
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.load.toml_file import TomlFile  # noqa: PLC0415 (loads a parser)

    try:
        tools = TomlFile.read(path, "bad-config").document.get(TABLE[0])
    except ProblemFound:
        return True
    return isinstance(tools, dict) and TABLE[1] in tools
