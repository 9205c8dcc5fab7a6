"""A user's file of tables, checked against the model and the tables that there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from transpile.load.hints import did_you_mean, instead_of
from transpile.load.problem import Problem, ProblemFound
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.targets import computations, kusto
from transpile.targets.faults import faults_of_fields
from transpile.targets.folder import NAMES, LogSources, Named, log_sources
from transpile.targets.model import FieldEntry, Fields, LogSourceEntry, LogSourceFile
from transpile.targets.sentinel_windows import is_windows


class OwnEntry(LogSourceEntry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A log source of a user; `target` is the one target that the entry is for."""

    target: str = ""


class QueryEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How queries look: `[query]`."""

    comments: bool = False
    columns: bool = False


class MappingFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of tables: columns of each with their Kusto types, and log sources in them."""

    tables: dict[str, dict[str, str]] = {}
    logsource: list[OwnEntry] = []
    fieldset: dict[str, Fields] = {}
    query: QueryEntry = QueryEntry()

    def log_sources(self, target: str) -> LogSources:
        """The log sources that are for a target."""
        entries: list[LogSourceEntry] = [
            entry for entry in self.logsource if entry.target in ("", target)
        ]
        return LogSources([LogSourceFile(logsource=entries, fieldset=self.fieldset)])


def read(path: str, target: str, known: kusto.Schema) -> MappingFile:
    """A file for a target that has these tables.

    Raises:
        ProblemFound: `bad-mapping`, at the first fault.
    """
    file = TomlFile.read(path, "bad-mapping")
    if problem := next(_faults_of_keys(file), None):
        raise ProblemFound(problem)
    found = file.convert(MappingFile)
    if problem := next(_faults(file, found, target, known), None):
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

_READ = frozenset(
    (
        *("product", "category", "service", "target", "table", "scope", "page"),
        *("inherits", "fields", "others", "members", "inside", "lists", "keywords", "values"),
        *("approximate", "partial", "whole", "devices"),
    )
)
_READ_FOR_WINDOWS = frozenset(("product", "category", "service", "target", "table", "page"))
_READ_OF_FIELD = frozenset(
    (
        *("name", "any", "constant", "column", "cases", "otherwise", "pattern", "computed"),
        *("columns", "expression", "unmapped", "names", "lacking", "closed"),
    )
)
_NOT_READ_OF_FIELD = frozenset(FieldEntry.__struct_fields__) - _READ_OF_FIELD


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


def _faults(
    file: TomlFile, found: MappingFile, target: str, known: kusto.Schema
) -> Iterator[Problem]:
    for name, columns in found.tables.items():
        for column, kind in columns.items():
            if kind not in _TYPES:
                message = f"{name}.{column} has the type {kind!r}, which Kusto has not"
                hint = did_you_mean(kind, _TYPES) or f"there are {', '.join(sorted(_TYPES))}"
                yield file.problem(message, ["tables", name, column], hint=hint)
    tables = {**known, **found.tables}
    seen: dict[tuple[Named, str], int] = {}
    for number, entry in enumerate(found.logsource):
        keys: KeyPath = ["logsource", number]
        yield from _faults_of_names(file, entry, keys)
        for source in log_sources(entry):
            if (source, entry.target) in seen:
                place = file.place(["logsource", seen[source, entry.target]])
                line = place.line if place else 1
                yield file.problem(f"this log source is already in line {line}", keys)
                break
            seen[source, entry.target] = number
        if entry.target not in ("", target):
            continue
        if not entry.table:
            yield file.problem("the log source has no 'table'", keys)
        elif entry.table not in tables:
            message = f"there is no table {entry.table}"
            described = f"describe its columns in [tables.{entry.table}]"
            meant = did_you_mean(entry.table, tables)
            hint = f"{meant} Or {described}" if meant else described
            yield file.problem(message, [*keys, "table"], hint=hint)
        else:
            checked = _Entry(file, keys, entry.table, tables[entry.table], entry)
            yield from checked.faults(found.fieldset)
            yield from _faults_of_devices(file, entry, tables, keys)


def _faults_of_names(file: TomlFile, entry: OwnEntry, keys: KeyPath) -> Iterator[Problem]:
    """What is wrong with the names of the log source itself, and with its keys."""
    names = {key: getattr(entry, key) for key in NAMES}
    if all(one is None for one in names.values()):
        yield file.problem("the log source names no product, category or service", keys)
    for key, one in names.items():
        if one == []:
            yield file.problem("the list is empty", [*keys, key])
    for key in file.value(keys):
        if key not in _READ:
            hint = "`scope` narrows a table, by its own columns" if key == "conditions" else ""
            message = f"{key!r} has no effect on KQL"
            yield file.problem(message, [*keys, key], hint=hint or "take it out")
        elif is_windows(entry) and key not in _READ_FOR_WINDOWS:
            message = f"{key!r} has no effect: what Windows events are in {entry.table} is known"
            hint = "take it out, or give `fields` too, so that the entry says all"
            yield file.problem(message, [*keys, key], hint=hint)


def _faults_of_devices(
    file: TomlFile, entry: OwnEntry, tables: kusto.Schema, keys: KeyPath
) -> Iterator[Problem]:
    """What is wrong with the table that tells machines apart."""
    devices = entry.devices
    if devices is None:
        return
    inner = [*keys, "devices"]
    if devices.table not in tables:
        hint = did_you_mean(devices.table, tables)
        yield file.problem(f"there is no table {devices.table}", [*inner, "table"], hint=hint)
        return
    for table, key in (
        (entry.table, "key"),
        (devices.table, "key"),
        (devices.table, "column"),
    ):
        column = getattr(devices, key)
        if column not in tables[table]:
            hint = did_you_mean(column, tables[table])
            yield file.problem(f"{table} has no column {column}", [*inner, key], hint=hint)
    if not devices.values:
        yield file.problem("the list is empty", [*inner, "values"])


class _Entry:
    """The entry of one log source, against the columns of its table."""

    def __init__(
        self,
        file: TomlFile,
        keys: KeyPath,
        table: str,
        columns: Mapping[str, str],
        entry: OwnEntry,
    ) -> None:
        self._file = file
        self._keys = keys
        self._table = table
        self._columns = columns
        self._entry = entry

    def faults(self, fieldsets: Mapping[str, Fields]) -> Iterator[Problem]:
        entry, keys = self._entry, self._keys
        for position, name in enumerate(entry.inherits):
            if name not in fieldsets:
                message = f"there is no [fieldset.{name}] in this file"
                hint = instead_of(name, fieldsets)
                yield self._file.problem(message, [*keys, "inherits", position], hint=hint)
            else:
                yield from self._fields(fieldsets[name], ["fieldset", name])
        for column, values in entry.scope.items():
            yield from self._column(column, [*keys, "scope", column])
            if not values:
                yield self._file.problem("the list is empty", [*keys, "scope", column])
        for name, column in entry.members.items():
            yield from self._column(column, [*keys, "members", name])
        for column in kusto.keywords_of(entry):
            yield from self._column(column, [*keys, "keywords"])
        if entry.whole and not entry.keywords:
            yield self._file.problem("'whole' needs 'keywords' beside it", [*keys, "whole"])
        if entry.inside:
            yield from self._path(f"{entry.inside}.x", [*keys, "inside"])
        yield from self._fields(entry.fields, [*keys, "fields"])
        yield from self._others([*keys, "others"])

    def _fields(self, fields: Fields, keys: KeyPath) -> Iterator[Problem]:
        yield from faults_of_fields(self._file, fields, keys)
        for sigma, of in fields.items():
            if isinstance(of, str):
                yield from self._path(of, [*keys, sigma])
            else:
                yield from _faults_of_field(self._file, of, [*keys, sigma])
                yield from self._columns_of(of, [*keys, sigma])

    def _columns_of(self, of: FieldEntry, keys: KeyPath) -> Iterator[Problem]:
        if of.name:
            yield from self._path(of.name, [*keys, "name"])
        for position, name in enumerate(of.any):
            yield from self._path(name, [*keys, "any", position])
        if of.column:
            yield from self._column(of.column, [*keys, "column"])
        for position, name in enumerate(of.columns):
            yield from self._column(name, [*keys, "columns", position])

    def _others(self, keys: KeyPath) -> Iterator[Problem]:
        others = self._entry.others
        if not others:
            return
        if self._entry.inside:
            yield self._file.problem("'others' can't be beside 'inside'", keys)
        if isinstance(others, str):
            if "{name}" not in others:
                yield self._file.problem("'others' needs {name} in its text", keys)
            yield from self._path(others, keys)
            return
        if others.computed in computations.OF_EACH and len(others.columns) == 1:
            among: tuple[str, ...] = ("computed", "columns", "names")
            yield from _faults_of_others(self._file, others, keys, among)
            yield from self._columns_of(others, keys)
            return
        if not others.column or "{name}" not in others.pattern:
            yield self._file.problem("'others' needs a column, and a pattern with {name}", keys)
        yield from _faults_of_others(self._file, others, keys, ("column", "pattern", "names"))
        yield from _faults_of_field(self._file, others, keys, among=("column", "pattern", "names"))
        yield from self._columns_of(others, keys)

    def _column(self, column: str, keys: KeyPath) -> Iterator[Problem]:
        if column not in self._columns:
            message = f"{self._table} has no column {column}"
            yield self._file.problem(message, keys, hint=did_you_mean(column, self._columns))

    def _path(self, path: str, keys: KeyPath) -> Iterator[Problem]:
        """A column, or a path into one that holds an object."""
        first, dot, _ = path.partition(".")
        members = self._entry.members
        column = members.get(first, first) if dot else first
        if column not in self._columns:
            yield from self._column(column, keys)
        elif dot and self._columns[column] != "dynamic" and column not in members.values():
            kind = self._columns[column]
            message = f"no path leads into {self._table}.{column}, which is of the type {kind}"
            hint = f'members = {{ {first} = "{column}" }} reads the JSON in a text'
            yield self._file.problem(message, keys, hint=hint if kind == "string" else "")


# --- a field ----------------------------------------------------------------------------------

_COMPUTED = frozenset(("constant", "column", "computed", "expression"))
_BESIDE: Mapping[str, str] = {
    "cases": "column",
    "pattern": "column",
    "otherwise": "cases",
    "closed": "cases",
    "columns": "computed",
}
"""keys that say something beside another one only"""


def _faults_of_field(
    file: TomlFile, of: FieldEntry, keys: KeyPath, among: Iterable[str] = ()
) -> Iterator[Problem]:
    given = file.value(keys)
    for key in given:
        if key in _NOT_READ_OF_FIELD or (among and key not in among):
            yield file.problem(f"{key!r} has no effect here", [*keys, key], hint="take it out")
        elif key == "names" and not among:
            yield file.problem("'names' is a key of 'others' only", [*keys, key])
        elif key in _BESIDE and _BESIDE[key] not in given:
            yield file.problem(f"{key!r} needs {_BESIDE[key]!r} beside it", [*keys, key])
        elif key == "lacking" and not _COMPUTED & set(given):
            message = "'lacking' has no effect on a field that is a column"
            yield file.problem(message, [*keys, key], hint="take it out")
    yield from _faults_of_column(file, of, keys)
    if of.computed and of.computed not in computations.NAMES:
        message = f"there is no computation {of.computed!r}"
        hint = instead_of(of.computed, computations.NAMES)
        yield file.problem(message, [*keys, "computed"], hint=hint)
    elif of.computed and (message := computations.fault(of.computed, of.columns)):
        yield file.problem(message, [*keys, "columns" if of.columns else "computed"])


def _faults_of_others(
    file: TomlFile, others: FieldEntry, keys: KeyPath, among: Iterable[str]
) -> Iterator[Problem]:
    if _groups(others.names) is None:
        yield file.problem("this is no pattern", [*keys, "names"])
    if others.computed:
        for key in file.value(keys):
            if key not in among:
                yield file.problem(f"{key!r} has no effect here", [*keys, key], hint="take it out")


def _faults_of_column(file: TomlFile, of: FieldEntry, keys: KeyPath) -> Iterator[Problem]:
    """What is wrong with how a field is told by a column."""
    if of.column and bool(of.cases) is bool(of.pattern):
        yield file.problem("a column needs either cases or a pattern", [*keys, "column"])
    if of.pattern and _groups(of.pattern.replace("{name}", "")) != 1:
        yield file.problem("this must be a pattern with one group", [*keys, "pattern"])
    for text, values in of.cases.items():
        if not values:
            yield file.problem("the list is empty", [*keys, "cases", text])


def _groups(pattern: str) -> int | None:
    """How many groups a pattern has; None for what is no pattern."""
    try:
        return re.compile(pattern).groups
    except re.error:
        return None
