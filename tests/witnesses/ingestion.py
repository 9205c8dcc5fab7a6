"""Documents that Elastic's ingestion leaves of Windows events, made by a model of its pipelines.

The model is `elastic/ingestion.toml`, which documents its own schema. Nothing here is taken from
the targets of the project: a mapping can be held against the documents.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Document = dict[str, Any]

MODEL = Path(__file__).parent / "elastic" / "ingestion.toml"

_INVOCATION = re.compile(r"([^:(]+)\(([^)]+)\):\s*(.+)?")
_BINDING = re.compile(r"name=(.+);\s*value=(.+)")
_CONTEXT = re.compile(r"\s{8,}([A-Za-z][A-Za-z0-9 _.\-]*?)\s*[:=](.*)")
_TABBED = re.compile(r"^\t([A-Za-z0-9_]+)=", re.MULTILINE)
_QWORD = re.compile(r"QWORD \(0x([0-9A-F]{8})-0x([0-9A-F]{8})\)", re.IGNORECASE)
_DWORD = re.compile(r"DWORD \(0x([0-9A-F]{8})\)", re.IGNORECASE)
_MAPPED_V4 = re.compile(r"::ffff:(\d+\.\d+\.\d+\.\d+)")


class WrongModel(Exception):
    """An entry of the model that its schema does not allow."""


@dataclass(frozen=True)
class Step:
    """One thing that a stream's pipelines do to a field of an event, or to all of them."""

    does: str
    name: str = ""
    to: tuple[str, ...] = ()
    events: frozenset[int] = frozenset()
    other_than: frozenset[int] = frozenset()
    since: int = 1
    until: int | None = None
    unless: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    kind: str = "text"
    separator: str = ""
    without: str = ""
    table: str = ""
    otherwise: Any = None
    imphash: str = ""

    def concerns(self, event: int, version: int) -> bool:
        """Whether events with this id, ingested by this version, go through the step."""
        return (
            (not self.events or event in self.events)
            and event not in self.other_than
            and self.since <= version
            and (self.until is None or version <= self.until)
        )

    def writes(self) -> Iterator[str]:
        """The paths, or the beginnings of paths that end with a dot, that the step may set."""
        if self.does == "path":
            yield from (f"{self.to[0]}.{part}" for part in ("directory", "extension", "name"))
        elif self.does == "hashes":
            yield f"{self.to[0]}."
            yield self.imphash
        else:
            yield from self.to


@dataclass(frozen=True)
class Stream:
    """A data stream: the channels that feed it, and what is done to their events, in order."""

    channels: tuple[str, ...]
    pipelines: tuple[str, ...]
    versions: tuple[str, ...]
    user_data: frozenset[int]
    all_user_data: bool
    adds: frozenset[str]
    steps: tuple[Step, ...]

    def data_path(self, event: int) -> str:
        """Where the fields of an event are that no step moves."""
        in_user_data = self.all_user_data or event in self.user_data
        return "winlog.user_data" if in_user_data else "winlog.event_data"


@dataclass(frozen=True)
class Model:
    streams: Mapping[str, Stream]
    system: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, Mapping[str, Any]]

    def document(self, stream: str, event: Mapping[str, Any], version: int) -> Document:
        """The fields of the document that this version of the stream's pipelines leaves."""
        run = _Run(self, dict(_collected(self.system, event)))
        for name, paths in self.system.items():
            run.document.update({path: str(event[name]) for path in paths if name in event})
        number = int(event["EventID"])
        for step in self.streams[stream].steps:
            if step.concerns(number, version):
                run.apply(step)
        data = self.streams[stream].data_path(number)
        return run.document | {f"{data}.{name}": value for name, value in run.data.items()}

    def speaks_of(self, stream: str, event: int, version: int, path: str) -> bool:
        """Whether the model tells what a path of such an event's document holds, or that it
        holds nothing.
        """
        if path.startswith(("winlog.event_data.", "winlog.user_data.")):
            return path.rpartition(".")[2] not in self.streams[stream].adds
        if any(path in paths for paths in self.system.values()):
            return True
        return any(
            path.startswith(told) if told.endswith(".") else path == told
            for step in self.streams[stream].steps
            if step.concerns(event, version)
            for told in step.writes()
        )

    def without(self, stream: str, step: Step) -> Model:
        """The model that forgot a step."""
        held = self.streams[stream]
        steps = tuple(other for other in held.steps if other is not step)
        return replace(self, streams={**self.streams, stream: replace(held, steps=steps)})


def _collected(system: Mapping[str, Any], event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The event's own data as the agent reads it: nothing empty, and a number for no name."""
    for name, value in event.items():
        if name in system:
            continue
        if name == "Data":
            texts = value if isinstance(value, list) else [value]
            yield from ((f"param{n}", text) for n, text in enumerate(texts, 1) if text)
        elif value != "":
            yield name, value


class _Run:
    """One event on its way: what is still event data, and the document so far."""

    def __init__(self, model: Model, data: dict[str, Any]) -> None:
        self.tables = model.tables
        self.data = data
        self.document: Document = {}

    def apply(self, step: Step) -> None:
        if step.does == "dropped":
            self.data = {k: v for k, v in self.data.items() if v not in step.values}
            return
        value = self.data.get(step.name, self.document.get(step.name))
        if value is None or value in step.unless:
            return
        _KINDS[step.does](self, step, value)

    def renamed(self, step: Step, value: Any) -> None:
        self.document[step.to[0]] = _converted(step.kind, value)
        del self.data[step.name]

    def copied(self, step: Step, value: Any) -> None:
        self.document[step.to[0]] = _converted(step.kind, value)

    def removed(self, step: Step, _value: Any) -> None:
        del self.data[step.name]

    def stays(self, step: Step, value: Any) -> None:
        """Nothing is done."""

    def split(self, step: Step, value: str) -> None:
        parts = value.split(step.separator)
        if len(parts) == len(step.to):
            self.document.update(zip(step.to, parts, strict=True))

    def listed(self, step: Step, value: str) -> None:
        parts = [part.replace(step.without, "") if step.without else part for part in value.split()]
        self.data[step.name] = parts

    def hashes(self, step: Step, value: str) -> None:
        for pair in value.split(","):
            name, _, digest = pair.partition("=")
            if digest.strip("0"):
                path = step.imphash if name.upper() == "IMPHASH" else f"{step.to[0]}.{name.lower()}"
                self.document[path] = digest.lower()

    def translated(self, step: Step, value: str) -> None:
        otherwise = value if step.otherwise == "itself" else step.otherwise
        meaning = self.tables[step.table].get(value, otherwise)
        if meaning is not None:
            self.document[step.to[0]] = meaning

    def basename(self, step: Step, value: str) -> None:
        if "\\" in value:
            self.document[step.to[0]] = value.rpartition("\\")[2]

    def path(self, step: Step, value: str) -> None:
        directory, separator, name = value.rpartition("\\")
        if separator:
            self.document[f"{step.to[0]}.directory"] = directory
            self.document[f"{step.to[0]}.name"] = name
            if "." in value:
                self.document[f"{step.to[0]}.extension"] = value.rpartition(".")[2]

    def registry(self, step: Step, value: str) -> None:
        path, hive_path, key_path, value_path = step.to
        root, separator, key = value.partition("\\")
        self.document[path] = value
        self.document[value_path] = value.rpartition("\\")[2]
        hive = self.tables[step.table].get(root)
        if hive is not None:
            self.document[hive_path] = hive
            if separator:
                self.document[key_path] = key

    def registry_data(self, step: Step, value: str) -> None:
        strings, kind = step.to
        if match := _QWORD.fullmatch(value):
            text, name = str((int(match[1], 16) << 8) + int(match[2], 16)), "SZ_QWORD"
        elif match := _DWORD.fullmatch(value):
            text, name = str(int(match[1], 16)), "SZ_DWORD"
        else:
            text, name = value, "REG_BINARY" if value == "Binary Data" else "REG_SZ"
        self.document[strings] = [text]
        self.document[kind] = name

    def answers(self, step: Step, value: str) -> None:
        answers_path, addresses_path = step.to
        answers: list[dict[str, str]] = []
        addresses: list[str] = []
        for part in filter(None, value.split(";")):
            if part.startswith("type:"):
                _, number, *data = part.split()
                answer = {"type": self.tables[step.table][number]}
                if data:
                    answer["data"] = data[0]
                answers.append(answer)
            else:
                addresses.append(part.removeprefix("::ffff:"))
        answers.extend({"type": "AAAA" if ":" in a else "A", "data": a} for a in addresses)
        if answers:
            self.document[answers_path] = answers
        if addresses:
            self.document[addresses_path] = addresses

    def invocations(self, step: Step, value: str) -> None:
        self.document[step.to[0]] = [_invocation(line) for line in value.split("\n")]

    def expanded(self, step: Step, value: str) -> None:
        pairs = _context(value) if step.kind == "context" else _tabbed(value)
        self.data |= {name.replace(" ", ""): text for name, text in pairs}


_KINDS: Mapping[str, Callable[[_Run, Step, Any], None]] = {
    "renamed": _Run.renamed,
    "copied": _Run.copied,
    "removed": _Run.removed,
    "stays": _Run.stays,
    "split": _Run.split,
    "list": _Run.listed,
    "hashes": _Run.hashes,
    "translated": _Run.translated,
    "basename": _Run.basename,
    "path": _Run.path,
    "registry": _Run.registry,
    "registry_data": _Run.registry_data,
    "answers": _Run.answers,
    "invocations": _Run.invocations,
    "expanded": _Run.expanded,
}


def _converted(kind: str, value: Any) -> Any:
    if kind == "number":
        return int(value, 16) if value.startswith("0x") else int(value)
    if kind == "boolean":
        return {"true": True, "false": False}[value]
    if kind == "account":
        return value.partition("@")[0]
    if kind == "address":
        return _MAPPED_V4.sub(r"\1", value)
    if kind == "without_scheme":
        return re.sub(".*:_", "", value)
    return value


def _invocation(line: str) -> dict[str, str]:
    match = _INVOCATION.fullmatch(line)
    if match is None:
        return {"value": line}
    kind, command, value = match.groups()
    told = {"type": kind, "related_command": command, "value": value}
    binding = _BINDING.fullmatch(value) if kind == "ParameterBinding" else None
    if binding is None:
        return told
    return told | {"name": binding[1], "value": binding[2]}


def _context(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        if match := _CONTEXT.fullmatch(line):
            yield match[1], match[2].strip()


def _tabbed(text: str) -> Iterator[tuple[str, str]]:
    matches = list(_TABBED.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=True):
        yield match[1], text[match.end() : end].strip("\n\t")


def read_model(path: Path = MODEL) -> Model:
    """The model as the file has it. An entry that its schema does not allow is refused."""
    table = tomllib.loads(path.read_text("utf-8"))
    return Model(
        streams={name: _stream(name, told) for name, told in table["streams"].items()},
        system={name: tuple(paths) for name, paths in table["system"].items()},
        tables=table["tables"],
        types=table["types"],
    )


def _stream(name: str, told: Mapping[str, Any]) -> Stream:
    user_data = told.get("user_data", [])
    return Stream(
        channels=tuple(told["channels"]),
        pipelines=tuple(told["pipelines"]),
        versions=tuple(told["versions"]),
        user_data=frozenset() if user_data == "all" else frozenset(user_data),
        all_user_data=user_data == "all",
        adds=frozenset(told.get("adds", [])),
        steps=tuple(_step(name, entry) for entry in told["steps"]),
    )


def _step(stream: str, told: Mapping[str, Any]) -> Step:
    if told.get("does") not in {*_KINDS, "dropped"}:
        raise WrongModel(f"{stream}: {told} does nothing that the schema knows")
    to = told.get("to", [])
    plain = {key: value for key, value in told.items() if key not in _SHAPED}
    try:
        return Step(
            to=(to,) if isinstance(to, str) else tuple(to),
            events=frozenset(told.get("events", [])),
            other_than=frozenset(told.get("other_than", [])),
            unless=tuple(told.get("unless", [])),
            values=tuple(told.get("values", [])),
            kind=told.get("as", "text"),
            **plain,
        )
    except TypeError as error:
        raise WrongModel(f"{stream}: {told}: {error}") from None


_SHAPED = {"to", "events", "other_than", "unless", "values", "as"}
