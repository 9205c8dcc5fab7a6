"""Documents that Elastic's ingestion leaves of events that are no Windows events.

The model is `elastic/streams.toml`, which documents its own schema. As with that of Windows events,
nothing here is taken from the targets of the project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tests.witnesses.ingestion import MODEL, Document

FOLDER = MODEL.parent / "streams"
FILE = MODEL.parent / "streams.toml"
_TABLE = tomllib.loads(FILE.read_text("utf-8"))
FIELDS: Mapping[str, str] = _TABLE["fields"]
"""the fields that queries of these streams may name, each with its type"""


@dataclass(frozen=True)
class Stream:
    """A data stream: what becomes of each field of its events."""

    name: str
    read: tuple[str, ...]
    logsource: Mapping[str, str]
    moves: Mapping[str, str | list[str]]
    drops: tuple[str, ...] = ()
    stays: str = ""
    removes: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, str]] | None = None
    flattened: Mapping[str, str] | None = None
    texts: Mapping[str, str] | None = None

    def document(self, event: Mapping[str, Any]) -> Document:
        """The fields of the document that is left of an event."""
        document: Document = {"event.dataset": self.name}
        for name, value in event.items():
            if value in self.drops:
                continue
            kept = (self.tables or {}).get(name, {}).get(str(value), value)
            document |= dict.fromkeys(self.paths(name), kept)
        for name, path in (self.texts or {}).items():
            keys = {k: v for k, v in event.items() if k.startswith(f"{name}.")}
            if keys:
                pairs = (f"{key.removeprefix(f'{name}.')}={value}" for key, value in keys.items())
                document[path] = f"{{{', '.join(pairs)}}}"
        return document

    def paths(self, name: str) -> list[str]:
        """The paths that hold a field of the event."""
        if name in self.moves:
            told = self.moves[name]
            return told if isinstance(told, list) else [told]
        member, dot, key = name.partition(".")
        if dot and member in (self.flattened or {}):
            return [f"{(self.flattened or {})[member]}.{key}"]
        return [f"{self.stays}.{name}"] if self.stays and name not in self.removes else []


STREAMS = {name: Stream(name, **told) for name, told in _TABLE["streams"].items()}


def type_of(path: str) -> str:
    """The type of a field, by the longest pattern that fits; empty for one that no package has."""
    fitting = [pattern for pattern in FIELDS if fnmatchcase(path, pattern)]
    return FIELDS[max(fitting, key=len)] if fitting else ""


@dataclass(frozen=True)
class StreamWitness:
    """An event, and the document that the vendor's ingestion makes of it."""

    stream: Stream
    event: dict[str, Any]
    document: dict[str, Any]
    source: dict[str, str]

    def __str__(self) -> str:
        return self.stream.name


def read_witnesses() -> Iterator[StreamWitness]:
    for file in sorted(FOLDER.glob("*.ndjson")):
        for text in file.read_text("utf-8").splitlines():
            yield StreamWitness(stream=STREAMS[file.stem], **json.loads(text))
