"""A user's own tables: TOML files that say where log sources are, in a workspace of their own.

    [tables.BitbucketAudit_CL]          # what the query may read: columns and their Kusto types
    TimeGenerated = "datetime"
    category_s = "string"

    [[logsource]]                       # as in data/sentinel_logsources.toml, which tells all keys
    product = "bitbucket"
    service = "audit"
    table = "BitbucketAudit_CL"
    [logsource.columns]
    "auditType.category" = "category_s"

    [[logsource]]                       # Windows events from another of the three tables
    product = "windows"
    category = "process_creation"
    table = "SecurityEvent"

    [query]
    comments = true                     # each query begins with its rule's title and id
    columns = true                      # and ends by the columns that an analyst wants

What such a file says goes before what the target knows by itself. `docs/sentinel.md` explains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan
from transpile.targets.sentinel_windows import EVENT, SECURITY_EVENT, WINDOWS_EVENT, windows_plan
from transpile.targets.tables_file import TablesFile
from transpile.targets.target import Target

_TYPES = frozenset((*kusto.TYPES, "guid", "timespan", "decimal"))
_KEYS: Mapping[str, type] = {
    "product": str,
    "category": str,
    "service": str,
    "table": str,
    "target": str,
    "keywords": str,
    "inside": str,
    "lists": list,
    "scope": dict,
    "approximate": dict,
    "columns": dict,
    "members": dict,
    "expressions": dict,
    "constants": dict,
    "cases": dict,
    "extracts": dict,
    "values": dict,
    "each": dict,
}
_EXTRACT = ("column", "pattern", "written", "holds", "joined")
_INNER: Mapping[str, tuple[str, ...]] = {
    "cases": ("column", "values", "otherwise", "example"),
    "extracts": _EXTRACT,
    "each": ("names", *_EXTRACT),
}
"""the keys of what these hold"""
_NAMES: Mapping[type, str] = {str: "a text", list: "a list", dict: "a table"}


def mapped(target: Target, paths: Sequence[str]) -> Target:
    """The target with what the files say of its log sources before what it knows itself.

    Raises:
        ProblemFound: `bad-mapping`, at the line of a file that can't be used.
    """
    if target.tables is None or not paths:
        return target
    own = target.tables()
    plans: dict[LogSource, Plan | str] = {}
    tables = dict(own)
    comments = columns = False
    for path in paths:
        read = _Reader(path, target.name, own)
        tables |= read.tables
        comments, columns = read.comments or comments, read.columns or columns
        for number, entry in enumerate(read.entries):
            if entry.get("target", target.name) == target.name:
                source = LogSource(*(entry.get(key) for key in ("product", "category", "service")))
                plans[source] = read.plan(number, entry, tables, source)
    plan = partial(_plan, target, tables, plans)
    return replace(target, comments=comments, plan=partial(_shown, plan) if columns else plan)


# What tells when, where, who and from where, in the tables that there are.
_ANALYST = (
    "TimeGenerated",
    "Timestamp",
    "Computer",
    "DeviceId",
    "DeviceName",
    "DvcHostname",
    "AccountName",
    "InitiatingProcessAccountName",
    "ActorUsername",
    "UserPrincipalName",
    "Identity",
    "Caller",
    "SrcIpAddr",
    "IPAddress",
    "CallerIpAddress",
    "SourceIpAddress",
    "ReportId",
)


def _shown(make: Callable[[LogSource], Plan], source: LogSource) -> Plan:
    plan = make(source)
    return replace(plan, columns=tuple(c for c in _ANALYST if _has(plan, c)))


def _has(plan: Plan, column: str) -> bool:
    try:
        return plan.native(column).name == column and not plan.native(column).source
    except Refused:
        return False


def _plan(
    target: Target,
    tables: kusto.Schema,
    plans: Mapping[LogSource, Plan | str],
    source: LogSource,
) -> Plan:
    for known in (source, LogSource(source.product, None, None)):
        found = plans.get(known)
        if isinstance(found, str):
            return windows_plan(tables, found, source)
        if found is not None and known == source:
            return found
    return target.plan(source)


class _Reader:
    """One file, checked; every fault is told with its line."""

    def __init__(self, path: str, target: str, known: kusto.Schema) -> None:
        self._target = target
        self._file = TablesFile(path)
        document = self._file.document
        for key in document:
            if key not in ("tables", "logsource", "query"):
                raise self._file.fault(
                    f"{key!r} is no key; there are 'tables', 'logsource' and 'query'",
                    self._file.line(key),
                )
        query = document.get("query", {})
        for key, value in query.items() if isinstance(query, dict) else (("query", query),):
            if key not in ("comments", "columns") or not isinstance(value, bool):
                raise self._file.fault(
                    "'query' has the keys 'comments' and 'columns', each true or false",
                    self._file.line(key),
                )
        self.comments, self.columns = bool(query.get("comments")), bool(query.get("columns"))
        self.tables: dict[str, Mapping[str, str]] = dict(self._tables(document.get("tables", {})))
        self._known = {**known, **self.tables}
        entries = document.get("logsource", [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise self._file.fault(
                "log sources are written [[logsource]]", self._file.line("logsource")
            )
        self.entries: list[dict[str, Any]] = entries
        for number, entry in enumerate(entries):
            self._check(number, entry)
        self._check_twice()

    def plan(
        self, number: int, entry: Mapping[str, Any], tables: kusto.Schema, source: LogSource
    ) -> Plan | str:
        """The plan of an entry; a table of Windows events is told by its name."""
        windows = entry["table"] in (WINDOWS_EVENT, SECURITY_EVENT, EVENT)
        if source.product == "windows" and windows and "columns" not in entry:
            return str(entry["table"])
        return kusto.plan(tables, entry)

    def _tables(self, tables: object) -> Iterator[tuple[str, Mapping[str, str]]]:
        if not isinstance(tables, dict):
            raise self._file.fault("'tables' is a table of tables", self._file.line("tables"))
        for name, columns in tables.items():
            if not isinstance(columns, dict):
                raise self._file.fault(f"{name} is a table of columns", self._file.line(name))
            for column, kind in columns.items():
                if kind not in _TYPES:
                    raise self._file.fault(
                        f"{name}.{column} has the type {kind!r}, which Kusto has not; there are "
                        f"{', '.join(sorted(_TYPES))}",
                        self._file.line(column, after=self._file.header(f"tables.{name}")),
                    )
            yield name, columns

    def _check(self, number: int, entry: Mapping[str, Any]) -> None:
        start = self._file.log_source(number)
        for key, value in entry.items():
            line = self._file.line(key, after=start)
            if key not in _KEYS:
                near = kusto.nearest(key, _KEYS)
                hint = f"; near it: {', '.join(near)}" if near else ""
                raise self._file.fault(f"{key!r} is no key of a log source{hint}", line)
            if not isinstance(value, _KEYS[key]):
                raise self._file.fault(f"{key!r} must be {_NAMES[_KEYS[key]]}", line)
            for name, one in value.items() if isinstance(value, dict) else ():
                if key in _HELD and not _HELD[key][0](one):
                    line = self._file.line(name, after=line)
                    raise self._file.fault(f"{name} in {key!r} must be {_HELD[key][1]}", line)
        if not any(key in entry for key in ("product", "category", "service")):
            raise self._file.fault("the log source names no product, category or service", start)
        if "table" not in entry:
            raise self._file.fault("the log source has no 'table'", start)
        if entry.get("target", self._target) != self._target:
            return
        table = entry["table"]
        if table not in self._known:
            near = kusto.nearest(table, self._known)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise self._file.fault(
                f"there is no table {table}: describe its columns in [tables.{table}]{hint}",
                self._file.line("table", after=start),
            )
        self._check_columns(entry, self._known[table], start)

    def _check_twice(self) -> None:
        """Refuse an entry that another one of the same log source and target would replace."""
        seen: dict[tuple[object, ...], int | None] = {}
        for number, entry in enumerate(self.entries):
            start = self._file.log_source(number)
            key = tuple(map(entry.get, ("product", "category", "service", "target")))
            if key in seen:
                raise self._file.fault(f"this log source is already in line {seen[key]}", start)
            seen[key] = start

    def _check_columns(
        self, entry: Mapping[str, Any], columns: Mapping[str, str], start: int | None
    ) -> None:
        for where, sigma, column in _columns_named(entry):
            if not isinstance(column, str) or column.partition(".")[0] not in columns:
                near = kusto.nearest(str(column), columns)
                hint = f"; near it: {', '.join(near)}" if near else ""
                raise self._file.fault(
                    f"{entry['table']} has no column {column}{hint}",
                    self._file.line(sigma, after=start) or self._file.line(where, after=start),
                )
        for kind, sigma, computed in _computed(entry):
            self._check_computed(kind, sigma, computed, start)

    def _check_computed(
        self, kind: str, sigma: str, computed: Mapping[str, Any], start: int | None
    ) -> None:
        line = self._file.line(sigma, after=start)
        for key in computed:
            if key not in _INNER[kind]:
                near = kusto.nearest(key, _INNER[kind])
                hint = f"; near it: {', '.join(near)}" if near else ""
                raise self._file.fault(f"{key!r} is no key of {kind}{hint}", line)
        if kind == "cases":
            values = computed.get("values")
            if not isinstance(values, dict) or not all(_is_filled(one) for one in values.values()):
                raise self._file.fault(f"the case of {sigma} needs lists of values", line)
            return
        texts = all(isinstance(value, str) for value in computed.values())
        if not texts or _groups(computed.get("pattern")) != 1:
            raise self._file.fault(f"the extract of {sigma} needs a pattern with one group", line)
        if kind == "each" and _groups(computed.get("names")) is None:
            raise self._file.fault("'each' needs a pattern of 'names'", line)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_translation(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_filled(values: object) -> bool:
    """Whether these are values of a column, as TOML writes some."""
    return (
        isinstance(values, list)
        and bool(values)
        and all(isinstance(value, (str, int)) for value in values)
    )


def _groups(pattern: object) -> int | None:
    """How many groups a pattern has; None for what is no pattern."""
    try:
        return re.compile(pattern).groups if isinstance(pattern, str) else None
    except re.error:
        return None


def _computed(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The maps that say how fields are computed: the key they stand under, the field, the map."""
    for kind in ("cases", "extracts"):
        yield from ((kind, sigma, one) for sigma, one in entry.get(kind, {}).items())
    if "each" in entry:
        yield "each", "each", entry["each"]


_HELD: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "scope": (_is_filled, "a list of values"),
    "approximate": (_is_text, "a text"),
    "expressions": (_is_text, "a text"),
    "constants": (_is_text, "a text"),
    "values": (_is_translation, "a table of texts"),
}
"""what each name in such a table must hold"""


def _columns_named(entry: Mapping[str, Any]) -> Iterable[tuple[str, str, object]]:
    """Where an entry names columns: the key it stands under, the name beside it, the column."""
    for sigma, column in entry.get("columns", {}).items():
        yield "columns", sigma, column
    for name, column in entry.get("members", {}).items():
        yield "members", name, column
    for column in entry.get("scope", {}):
        yield "scope", column, column
    for kind, sigma, computed in _computed(entry):
        yield kind, sigma, computed.get("column") if isinstance(computed, dict) else computed
    for key in ("keywords", "inside"):
        if key in entry:
            yield key, key, entry[key]
