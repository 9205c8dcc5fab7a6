"""Fields that Splunk's search gives of an event, made by a model of search-time extraction.

The model is `splunk/ingestion*.toml`, whose first file documents the form. Nothing here is taken
from the targets of the project: a mapping can be held against the documents.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "splunk"

Document = dict[str, Any]
"""by the name of a field its text, or the texts of a multivalued one"""
SPLUNKS_OWN = frozenset(("source", "sourcetype", "host", "index", "_raw"))
"""fields that any event has, whatever its sourcetype"""


class WrongModel(Exception):
    """An entry of the model that its form does not allow."""


@dataclass(frozen=True)
class Step:
    """One thing that an add-on does with a field after the extraction."""

    does: str
    name: str
    to: str = ""
    value: str = ""
    table: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sourcetype:
    """What becomes of the events of a sourcetype, and which fields they are known to have."""

    kind: str
    add_on: str
    read: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    keys: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()

    def document(self, raw: Mapping[str, Any]) -> Document:
        """The fields of a raw event."""
        extracted = _flat(raw) if self.kind == "json" else raw.items()
        document: Document = {}
        for name, value in extracted:
            held = document.get(name)
            if held is None:
                document[name] = value
            else:
                document[name] = [*held, value] if isinstance(held, list) else [held, value]
        for step in self.steps:
            if all(document.get(name) == value for name, value in step.when.items()):
                _STEPS[step.does](document, step)
        return document

    def has(self, name: str) -> bool:
        """Whether a published list of fields has a name."""
        return name in self.fields or name.startswith(self.keys or ("\n",))

    def without(self, step: Step) -> Sourcetype:
        """The model that forgot a step."""
        return replace(self, steps=tuple(one for one in self.steps if one is not step))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The members of a JSON object as KV_MODE = json names them, and their texts."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for one in value:
            yield from _flat(one, f"{path}{{}}")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def _copied(document: Document, step: Step) -> None:
    if step.name in document:
        document[step.to] = document[step.name]


def _renamed(document: Document, step: Step) -> None:
    _copied(document, step)
    _removed(document, step)


def _removed(document: Document, step: Step) -> None:
    document.pop(step.name, None)


def _filled(document: Document, step: Step) -> None:
    document.setdefault(step.name, step.value)


def _constant(document: Document, step: Step) -> None:
    document[step.name] = step.value


def _lowered(document: Document, step: Step) -> None:
    if step.name in document:
        document[step.name] = document[step.name].lower()


def _translated(document: Document, step: Step) -> None:
    if step.name in document:
        document[step.name] = step.table.get(document[step.name], document[step.name])


def _spread(document: Document, step: Step) -> None:
    names, values = _listed(document.get(step.name)), _listed(document.get(step.to))
    for name, value in zip(names, values, strict=True):
        document.setdefault(name, value)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


_STEPS = {
    "copied": _copied,
    "renamed": _renamed,
    "removed": _removed,
    "filled": _filled,
    "constant": _constant,
    "lowered": _lowered,
    "translated": _translated,
    "spread": _spread,
}


@dataclass(frozen=True)
class Witness:
    """An event of a log source, as it is raw and as Splunk's search gives it."""

    file: str
    line: int
    source: str
    logsource: Mapping[str, str]
    raw: Mapping[str, Any]
    event: Mapping[str, Any]
    document: Document

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def read_models(folder: Path = FOLDER) -> Mapping[str, Sourcetype]:
    """The models of all sourcetypes, by name.

    Raises:
        WrongModel: an entry does not have the form.
    """
    found: dict[str, Sourcetype] = {}
    for path in sorted(folder.glob("ingestion*.toml")):
        for name, told in tomllib.loads(path.read_text("utf-8"))["sourcetypes"].items():
            try:
                found[name] = _read(told)
            except (TypeError, KeyError) as error:
                raise WrongModel(f"{path.name}: {name}: {error}") from error
    return found


def _read(told: Mapping[str, Any]) -> Sourcetype:
    steps = tuple(Step(**step) for step in told.get("steps", ()))
    for step in steps:
        if step.does not in _STEPS:
            raise WrongModel(f"no step does {step.does!r}")
    lists = {name: tuple(told[name]) for name in ("read", "keys") if name in told}
    return Sourcetype(
        **{**told, **lists, "steps": steps, "fields": frozenset(told.get("fields", ()))}
    )


def read_witnesses(folder: Path = FOLDER) -> Iterator[Witness]:
    """All witnesses of the folder."""
    for path in sorted(folder.glob("*.ndjson")):
        for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield Witness(path.name, line, **json.loads(text))
