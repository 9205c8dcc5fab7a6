"""The data files of the targets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.load.logsource import LogSource
from transpile.query import Refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from transpile.targets.model import Fields, LogSourceEntry

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


@cache
def log_sources(folder: str) -> Mapping[LogSource, LogSourceEntry]:
    """The log sources of `data/FOLDER/logsources.toml`, and what stands there of each."""
    import msgspec  # noqa: PLC0415 (takes 10 ms, and Windows events are told by no such file)

    from transpile.targets.model import LogSourceFile  # noqa: PLC0415

    file = msgspec.convert(table(f"{folder}/logsources"), LogSourceFile)
    return {
        source: inheriting(entry, file.fieldset)
        for entry in file.logsource
        for source in sources_of(entry)
    }


def log_source(folder: str, source: LogSource, missing: str) -> LogSourceEntry:
    """What a folder's log sources say of one; `missing` is what is not known where they don't.

    Raises:
        Refused: they say nothing of it.
    """
    entry = log_sources(folder).get(source)
    if entry is None:
        raise Refused(
            "no-table",
            f"{missing} is known for {source}; a pipeline can rename its log source to one that is",
        )
    return entry


def sources_of(entry: LogSourceEntry) -> list[LogSource]:
    """The log sources that an entry names."""
    names = (entry.product, entry.category, entry.service)
    return [LogSource(*one) for one in product(*map(_listed, names))]


def inheriting(entry: LogSourceEntry, fieldsets: Mapping[str, Fields]) -> LogSourceEntry:
    """The entry with the fields that it inherits from sets of its file."""
    from msgspec.structs import replace  # noqa: PLC0415 (as above)

    fields: Fields = {}
    for name in reversed(entry.inherits):
        fields |= fieldsets[name]
    return replace(entry, fields=fields | entry.fields, inherits=[])


def _listed(names: str | list[str] | None) -> Iterable[str | None]:
    return names if isinstance(names, list) else (names,)
