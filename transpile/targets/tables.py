"""The data files of the targets."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `data/NAME.toml`."""
    file = files("transpile.targets") / "data" / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))
