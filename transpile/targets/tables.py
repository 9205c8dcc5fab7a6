"""The data files that are of no model."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from transpile.load.logsource import LogSource

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DATA = Path(__file__).with_name("data")


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `data/NAME.toml`."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text("utf-8"))


def by_log_source(entries: Iterable[Mapping[str, Any]]) -> Mapping[LogSource, Mapping[str, Any]]:
    """Entries of any data file under the log source that each names."""
    return {
        LogSource(entry.get("product"), entry.get("category"), entry.get("service")): entry
        for entry in entries
    }
