"""Microsoft Sentinel: where each log source's events are in a workspace.

Windows events are in `WindowsEvent` (the connector "Windows Forwarded Events" and data collection
rules), with the event's own data in the dynamic column `EventData`; or, as another target, in
`SecurityEvent`, which knows the Security channel only and has a column for each field.
https://learn.microsoft.com/azure/azure-monitor/reference/tables/windowsevent
https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityevent
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, partial
from typing import Any

from backends.kql_text import is_name, member, name
from transpile.ir.nodes import AnyLeaf, Equals, Field, Node, NumberEquals, Or, Type
from transpile.ir.simplify import any_of, map_leaves
from transpile.query import Reason, Refused
from transpile.targets.plan import LogSource, Plan
from transpile.targets.published import (
    REGISTRY_EVENT_TYPES,
    SYSMON,
    WINDOWS_LOGSOURCES,
    Published,
)
from transpile.targets.tables import table
from transpile.targets.target import Target

RULE_QUERY_LIMIT = 10_000
"""characters that the query of an analytics rule may have; a query that is run by hand has no such
limit: https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview
"""

_TYPES = {
    "string": Type.STRING,
    "int": Type.LONG,
    "long": Type.LONG,
    "real": Type.DOUBLE,
    "bool": Type.BOOLEAN,
    "datetime": Type.DATE,
    "dynamic": Type.DYNAMIC,
}

Schema = Mapping[str, Mapping[str, str]]


@cache
def schema() -> Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return {
        title: {column: kind for kind, columns in kinds.items() for column in columns}
        for title, kinds in table("sentinel_tables").items()
    }


def _column(table: str, column: str, sigma: str) -> Field:
    kind = schema()[table][column]
    # A type without tests of its own is read as text.
    if kind not in _TYPES:
        return Field(f"{column}_text", Type.STRING, sigma, source=name(column))
    return Field(column, _TYPES[kind], "" if column == sigma else sigma)


def _path(table: str, path: Iterable[str], sigma: str, alias: str = "") -> Field:
    """A value inside a column that holds JSON, under a name that is no column's."""
    column, *steps = path
    alias = alias or "_".join((column, *steps))
    if alias in schema()[table]:
        alias = f"{column}_{alias}"
    base = name(column)
    value = base if schema()[table][column] == "dynamic" else f"parse_json({base})"
    source = member(value, *steps)
    return Field(alias, Type.STRING, "" if alias == sigma else sigma, source)


def _native(table: str, name: str) -> Field:
    """A field that has the table's name already: a column, or a path into one."""
    (found,) = _table_field(table, _Fields(), name)
    return found


def _no_column(table: str, sigma: str, known: Iterable[str]) -> Refused:
    near = get_close_matches(sigma, list(known), n=3, cutoff=0.6)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return Refused("unmapped-field", f"{table} has no column for the field {sigma}{hint}")


def _scope(table: str, column: str, values: Iterable[str | int]) -> Node:
    target = _column(table, column, column)
    return any_of(
        NumberEquals(target, value) if isinstance(value, int) else Equals(target, value)
        for value in values
    )


# --- Windows ----------------------------------------------------------------------------------

WINDOWS_EVENT = "WindowsEvent"
_SYSTEM_COLUMNS = {
    "Provider_Name": "Provider",
    "ProviderName": "Provider",
    "Channel": "Channel",
    "Computer": "Computer",
    "ComputerName": "Computer",
    "EventID": "EventID",
    "EventRecordID": "EventRecordId",
    "Keywords": "Keywords",
    "Level": "EventLevel",
    "Opcode": "Opcode",
    "Task": "Task",
}
_MORE_CHANNELS = {
    "iis-configuration": "Microsoft-IIS-Configuration/Operational",
    "ldap": "Microsoft-Windows-LDAP-Client/Debug",
}
"""channels of log sources that pySigma names no channel for"""
_CHANNELS = Published(REGISTRY_EVENT_TYPES, SYSMON, WINDOWS_LOGSOURCES)


def windows_event(source: LogSource) -> Plan:
    """The plan for a Windows log source in `WindowsEvent`."""
    return Plan(
        _windows_event_field,
        _windows_scope(source),
        WINDOWS_EVENT,
        text=Field("EventData", Type.DYNAMIC),
        native=_windows_event_native,
    )


def _windows_event_field(sigma: str) -> tuple[Field, ...]:
    if sigma in _SYSTEM_COLUMNS:
        return (_column(WINDOWS_EVENT, _SYSTEM_COLUMNS[sigma], sigma),)
    if not is_name(sigma):
        raise Refused("unmapped-field", f"{sigma!r} can be no name of a field in EventData")
    return (_path(WINDOWS_EVENT, ("EventData", sigma), sigma, alias=sigma),)


def _windows_event_native(name: str) -> Field:
    """A column, or else a field of the event's own data."""
    if name.split(".", maxsplit=1)[0] in schema()[WINDOWS_EVENT]:
        return _native(WINDOWS_EVENT, name)
    return _windows_event_field(name)[0]


def _windows_scope(source: LogSource) -> tuple[Node, ...]:
    """The channel and the event ids of a Windows log source, as pySigma publishes them."""
    found = {_first_field(node): node for node in _CHANNELS.scope(source)}
    if source.service in _MORE_CHANNELS:
        channel = _MORE_CHANNELS[source.service]
        found["Channel"] = Equals(Field("Channel"), channel)
    if source.category is not None and "EventID" not in found:
        raise Refused("no-table", f"no Windows event is known for {source}")
    if source.service is not None and "Channel" not in found:
        raise Refused("no-table", f"no channel of the Windows event log is known for {source}")
    return tuple(map_leaves(found[name], _in_windows_event) for name in sorted(found))


def _first_field(node: Node) -> str:
    leaf = node.operands[0] if isinstance(node, Or) else node
    if not isinstance(leaf, (Equals, NumberEquals)):
        raise TypeError(f"a scope is made of values, not of {type(leaf).__name__}")
    return leaf.field.name


def _in_windows_event(leaf: AnyLeaf) -> Node:
    if not isinstance(leaf, (Equals, NumberEquals)):
        raise TypeError(f"a scope is made of values, not of {type(leaf).__name__}")
    (column,) = _windows_event_field(leaf.field.name)
    return replace(leaf, field=column)


SECURITY_EVENT = "SecurityEvent"
_AUDIT = Published("sigma.pipelines.windows.windows:windows_audit_pipeline")
_PROCESS_CREATED = 4688


def security_event(source: LogSource) -> Plan:
    """The plan for a Windows log source in `SecurityEvent`; for one it lacks, in `WindowsEvent`."""
    # The table holds AppLocker's events too.
    scope = [_scope(SECURITY_EVENT, "Channel", ["Security"])]
    if source.category == "process_creation":
        resolve = partial(_process_created_field, source)
        scope.append(_scope(SECURITY_EVENT, "EventID", [_PROCESS_CREATED]))
    elif source.category is None and source.service == "security":
        fields = _Fields({"Provider_Name": "EventSourceName"})
        resolve = partial(_table_field, SECURITY_EVENT, fields)
    else:
        return windows_event(source)
    native = partial(_native, SECURITY_EVENT)
    return Plan(resolve, tuple(scope), SECURITY_EVENT, native=native)


def _process_created_field(source: LogSource, sigma: str) -> tuple[Field, ...]:
    """A field of process creation, under the names that pySigma publishes for event 4688.

    There, ProcessId is the parent's, and both are hexadecimal.
    """
    (audited,) = _AUDIT.names(source, sigma)
    if sigma in ("ProcessId", "ParentProcessId"):
        raise Refused("unmapped-field", f"event {_PROCESS_CREATED} has {sigma} in hexadecimal only")
    return _table_field(SECURITY_EVENT, _Fields({sigma: audited}), sigma)


# --- other log sources ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fields:
    """What the fields of a log source are in its table, beside the columns themselves.

    The columns that `members` names hold JSON in a string.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    lists: Iterable[str] = ()


def _table_field(table: str, fields: _Fields, sigma: str) -> tuple[Field, ...]:
    columns = schema()[table]
    if sigma in fields.expressions:
        alias = f"{sigma}_text" if sigma in columns else sigma
        return (Field(alias, Type.STRING, sigma, source=fields.expressions[sigma]),)
    if any(sigma.startswith(f"{path}.") for path in fields.lists):
        raise Refused("list-member", f"{sigma} is in each item of a list, where no path leads")
    first, *steps = fields.columns.get(sigma, sigma).split(".")
    if first in columns and not steps:
        return (_column(table, first, sigma),)
    first = fields.members.get(first, first)
    if columns.get(first) == "dynamic" or first in fields.members.values():
        return (_path(table, (first, *steps), sigma),)
    raise _no_column(table, sigma, {**fields.columns, **columns})


@cache
def _log_sources() -> Mapping[LogSource, Mapping[str, Any]]:
    return {
        LogSource(entry.get("product"), entry.get("category"), entry.get("service")): entry
        for entry in table("sentinel_logsources")["logsource"]
    }


def _other(source: LogSource) -> Plan:
    entry = _log_sources().get(source)
    if entry is None:
        raise Refused(
            "no-table",
            f"no table of Microsoft Sentinel is known for {source}; "
            "a pipeline can rename its log source to one that is",
        )
    table = entry["table"]
    fields = _Fields(
        entry.get("columns", {}),
        entry.get("members", {}),
        entry.get("expressions", {}),
        entry.get("lists", ()),
    )
    keywords = entry.get("keywords")
    return Plan(
        partial(_table_field, table, fields),
        tuple(_scope(table, column, values) for column, values in entry.get("scope", {}).items()),
        table,
        text=_column(table, keywords, keywords) if keywords else None,
        approximations=tuple(Reason(c, m) for c, m in entry.get("approximate", {}).items()),
        native=partial(_native, table),
    )


def _plan(windows: Callable[[LogSource], Plan], source: LogSource) -> Plan:
    return windows(source) if source.product == "windows" else _other(source)


TARGETS: Mapping[str, Target] = {
    "sentinel": Target(
        name="sentinel",
        title="Microsoft Sentinel",
        dialect="kql",
        suffix="kql",
        about="Windows events in WindowsEvent, other log sources in the tables of their connectors",
        plan=partial(_plan, windows_event),
    ),
    "sentinel-securityevent": Target(
        name="sentinel-securityevent",
        title="Microsoft Sentinel, Windows security events in SecurityEvent",
        dialect="kql",
        suffix="kql",
        about="as sentinel, but Windows security events and process creation in SecurityEvent",
        plan=partial(_plan, security_event),
    ),
}
