"""What Splunk's search finds of an event of a host, the web or the network, by a model of add-ons.

The model is `splunk/hosts/ingestion.toml`, which documents its own schema. Nothing here is taken
from the targets of the project: a mapping can be held against the documents.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "splunk" / "hosts"
ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
OF_SPLUNK = frozenset({"source", "sourcetype", "host", "EventID"})
"""fields of a document that are no part of the event"""

Fields = dict[str, Any]


@dataclass(frozen=True)
class Witness:
    """An event in Sigma's terms, and what a search gives of it."""

    file: str
    line: int
    source: str
    logsource: Mapping[str, str]
    event: Fields
    document: Fields

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def witnesses(model: Mapping[str, Any]) -> Iterator[Witness]:
    """The witnesses of the sourcetypes that the model has."""
    for path in sorted(FOLDER.glob("*.ndjson")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            witness = Witness(path.name, number, **json.loads(line))
            if sourcetype_of(witness.document) in model:
                yield witness


def sourcetype_of(document: Mapping[str, Any]) -> str:
    """The name that the model has for what a document is of."""
    return f"tag={document['tag']}" if "tag" in document else str(document["sourcetype"])


def read_model() -> Mapping[str, Any]:
    """The sourcetypes of the model."""
    text = (FOLDER / "ingestion.toml").read_text("utf-8")
    table: Mapping[str, Any] = tomllib.loads(text)["sourcetypes"]
    return table


def document(told: Mapping[str, Any], event: Mapping[str, Any]) -> Fields:
    """The fields of an event after the extraction that a sourcetype's entry tells of."""
    fields = dict(_flat(event)) if told["kind"] == "json" else dict(event)
    for step in told["steps"]:
        _apply(fields, **step)
    return fields


def _flat(event: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in event.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, list):
            yield f"{before}{key}{{}}", [_text(item) for item in value]
        else:
            yield before + key, _text(value)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _apply(fields: Fields, does: str, name: str, to: str = "", value: str = "") -> None:
    if does == "constant":
        fields[name] = value
    elif does == "dash":
        fields.setdefault(name, "-")
    elif name in fields:
        fields.update(_changed(does, name, fields[name], to))
        if does == "renamed":
            del fields[name]


def _argument(word: str) -> str:
    return json.dumps(word) if {" ", '"'} & {*word} else word


def _changed(does: str, name: str, value: str, to: str) -> Fields:
    if does in ("renamed", "copied"):
        return {to: value}
    if does == "arguments":
        return {name: "".join(f"{_argument(word)} " for word in value.split(" "))}
    assert does == "escaped", does
    for character, entity in ENTITIES:
        value = value.replace(character, entity)
    return {name: value}
