"""A user's log sources in tables: what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from transpile.load.hints import did_you_mean, instead_of
from transpile.load.problem import Problem
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.targets import computations, kusto
from transpile.targets.faults import faults_of_fields
from transpile.targets.model import FieldEntry, Fields, LogSourceEntry
from transpile.targets.sentinel_windows import is_windows

READ = frozenset(
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


def faults(
    file: TomlFile,
    keys: KeyPath,
    entry: LogSourceEntry,
    fieldsets: Mapping[str, Fields],
    tables: kusto.Schema,
) -> Iterator[Problem]:
    """What is wrong with an entry, which these keys lead to, against the tables that there are."""
    for key in file.value(keys):
        if key not in READ:
            hint = "`scope` narrows a table, by its own columns" if key == "conditions" else ""
            message = f"{key!r} has no effect on KQL"
            yield file.problem(message, [*keys, key], hint=hint or "take it out")
        elif is_windows(entry) and key not in _READ_FOR_WINDOWS:
            message = f"{key!r} has no effect: what Windows events are in {entry.table} is known"
            hint = "take it out, or give `fields` too, so that the entry says all"
            yield file.problem(message, [*keys, key], hint=hint)
    if not entry.table:
        yield file.problem("the log source has no 'table'", keys)
    elif entry.table not in tables:
        message = f"there is no table {entry.table}"
        described = f"describe its columns in [tables.{entry.table}]"
        meant = did_you_mean(entry.table, tables)
        hint = f"{meant} Or {described}" if meant else described
        yield file.problem(message, [*keys, "table"], hint=hint)
    else:
        yield from _Entry(file, keys, entry.table, tables[entry.table], entry).faults(fieldsets)
        yield from _faults_of_devices(file, entry, tables, keys)


def _faults_of_devices(
    file: TomlFile, entry: LogSourceEntry, tables: kusto.Schema, keys: KeyPath
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
        entry: LogSourceEntry,
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
        for column in entry.keyword_fields:
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
