"""The data files of the targets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from transpile.load.logsource import LogSource
from transpile.query import Refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DATA = Path(__file__).with_name("data")


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `data/NAME.toml`."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text("utf-8"))


@cache
def log_sources(name: str) -> Mapping[LogSource, Mapping[str, Any]]:
    """The log sources of `data/NAME.toml`, and what stands there of each."""
    return by_log_source(table(name)["logsource"])


def by_log_source(entries: Iterable[Mapping[str, Any]]) -> Mapping[LogSource, Mapping[str, Any]]:
    """Entries of any data file under the log source that each names."""
    return {
        LogSource(entry.get("product"), entry.get("category"), entry.get("service")): entry
        for entry in entries
    }


def log_source(name: str, source: LogSource, missing: str) -> Mapping[str, Any]:
    """What `data/NAME.toml` says of a log source; `missing` is what is not known where it doesn't.

    Raises:
        Refused: it says nothing of it.
    """
    entry = log_sources(name).get(source)
    if entry is None:
        raise Refused(
            "no-table",
            f"{missing} is known for {source}; a pipeline can rename its log source to one that is",
        )
    return entry
