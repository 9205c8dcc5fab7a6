"""A user's file of log sources, checked against the model and what the target knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

from msgspec import Struct

from transpile.load.hints import did_you_mean
from transpile.load.problem import Problem, ProblemFound
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.targets import kusto, mapping_columns, mapping_names, registry
from transpile.targets.folder import NAMES, LogSources, Named, log_sources
from transpile.targets.model import Fields, LogSourceEntry, LogSourceFile
from transpile.targets.target import Target


class OwnEntry(LogSourceEntry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A log source of a user.

    `target` names the targets that the entry is for, by their own names or by those of folders
    whose data they share: `elastic` is for all of Elastic's. Without it, the entry is for every
    language that has tables.
    """

    target: str | list[str] = ""

    @property
    def targets(self) -> list[str]:
        """The names in `target`, or the empty one."""
        return [self.target] if isinstance(self.target, str) else self.target


class QueryEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How queries look: `[query]`."""

    comments: bool = False
    columns: bool = False


class MappingFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of log sources, and of tables with the Kusto types of their columns."""

    tables: dict[str, dict[str, str]] = {}
    logsource: list[OwnEntry] = []
    fieldset: dict[str, Fields] = {}
    query: QueryEntry = QueryEntry()

    def log_sources(self, path: str, target: Target) -> LogSources:
        """The log sources that are for a target, of the file that is there."""
        file = LogSourceFile(logsource=[*self.logsource], fieldset=self.fieldset)
        return LogSources({path: file}, partial(concerns, target=target))


def concerns(entry: OwnEntry, target: Target) -> bool:
    """Whether an entry is for a target."""
    return not {*entry.targets}.isdisjoint(registry.entries_for(target.name))


def read(path: str, target: Target) -> MappingFile:
    """A file for a target.

    Raises:
        ProblemFound: `bad-mapping`, at the first fault.
    """
    file = TomlFile.read(path, "bad-mapping")
    if problem := next(_faults_of_keys(file), None):
        raise ProblemFound(problem)
    found = file.convert(MappingFile)
    if problem := next(_faults(file, found, target), None):
        raise ProblemFound(problem)
    return found


# --- keys -------------------------------------------------------------------------------------

_RENAMED: Mapping[str, str] = {
    "columns": "it is called `fields` now",
    "constants": 'it is part of `fields` now: NAME = { constant = "…" }',
    "cases": 'it is part of `fields` now: NAME = { column = "…", cases = { … } }',
    "extracts": "it is part of `fields` now: NAME = { column = \"…\", pattern = '…' }",
    "expressions": 'it is part of `fields` now: NAME = { expression = "…" }',
    "computed": 'it is part of `fields` now: NAME = { computed = "…", columns = […] }',
    "each": "it is called `others` now",
}
_RENAMED_OF_FIELD: Mapping[str, str] = {
    "values": "it is called `cases` now",
    **dict.fromkeys(("example", "holds", "joined", "written"), "take it out: nothing reads it"),
}
"""keys that there were, and what they are now"""


def _faults_of_keys(file: TomlFile) -> Iterator[Problem]:
    """Keys that are called otherwise now, in whatever holds them."""
    for keys, entry in _maps_in(file.document.get("logsource"), ["logsource"]):
        for key in entry:
            if key in _RENAMED:
                message = f"{key!r} is no key of a log source any more"
                yield file.problem(message, [*keys, key], hint=_RENAMED[key])
        fields = [*_maps_in(entry.get("fields"), [*keys, "fields"])]
        if isinstance(others := entry.get("others"), dict):
            fields.append(([*keys, "others"], others))
        for inner, one in fields:
            for key in one:
                if key in _RENAMED_OF_FIELD:
                    message = f"{key!r} is no key of a field any more"
                    yield file.problem(message, [*inner, key], hint=_RENAMED_OF_FIELD[key])


def _maps_in(value: object, keys: KeyPath) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    items: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, list):
        items = enumerate(value)
    elif isinstance(value, dict):
        items = value.items()
    for key, one in items:
        if isinstance(one, dict):
            yield [*keys, key], one


# --- values -----------------------------------------------------------------------------------

_TYPES = frozenset((*kusto.TYPES, "guid", "timespan", "decimal"))


def _faults(file: TomlFile, found: MappingFile, target: Target) -> Iterator[Problem]:
    for name, columns in found.tables.items():
        for column, kind in columns.items():
            if kind not in _TYPES:
                message = f"{name}.{column} has the type {kind!r}, which Kusto has not"
                hint = did_you_mean(kind, _TYPES) or f"there are {', '.join(sorted(_TYPES))}"
                yield file.problem(message, ["tables", name, column], hint=hint)
    tables = {**target.tables(), **found.tables} if target.tables else {}
    seen: dict[tuple[Named, str], int] = {}
    for number, entry in enumerate(found.logsource):
        keys: KeyPath = ["logsource", number]
        yield from _faults_of_names(file, entry, keys)
        for same in product(log_sources(entry), entry.targets):
            if same in seen:
                place = file.place(["logsource", seen[same]])
                line = place.line if place else 1
                yield file.problem(f"this log source is already in line {line}", keys)
                break
            seen[same] = number
        if not concerns(entry, target):
            continue
        if target.tables:
            yield from mapping_columns.faults(file, keys, entry, found.fieldset, tables)
        else:
            yield from mapping_names.faults(file, keys, entry, found.fieldset, target.folder)


def _faults_of_names(file: TomlFile, entry: OwnEntry, keys: KeyPath) -> Iterator[Problem]:
    """What is wrong with the names of the log source itself."""
    names = {key: getattr(entry, key) for key in NAMES}
    if all(one is None for one in names.values()):
        yield file.problem("the log source names no product, category or service", keys)
    for key, one in names.items():
        if one == []:
            yield file.problem("the list is empty", [*keys, key])
