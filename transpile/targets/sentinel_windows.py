"""Windows events in a Sentinel workspace: three tables, of which an installation fills one.

- `WindowsEvent` (the connector "Windows Forwarded Events", and data collection rules that send
  there): the event's own data in the dynamic column `EventData`,
  https://learn.microsoft.com/azure/azure-monitor/reference/tables/windowsevent
- `SecurityEvent` (the connector "Windows Security Events"): a column for each field of the Security
  channel, https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityevent
- `Event` (what agents collect as "Windows Event Logs", Sysmon among them): the event's data as XML
  in the text column `EventData`, https://learn.microsoft.com/azure/azure-monitor/reference/tables/event
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from transpile.ir.nodes import Equals, Field, Node, NumberEquals, Type
from transpile.ir.simplify import any_of
from transpile.ir.source import Column, Extract, Replace, Source
from transpile.query import Refused
from transpile.targets.folder import windows_audit_name, windows_conditions
from transpile.targets.kusto import Reading, Schema, Table, is_name, resolve
from transpile.targets.model import LogSourceEntry
from transpile.targets.plan import FieldMap, LogSource, Plan

WINDOWS_EVENT = "WindowsEvent"
SECURITY_EVENT = "SecurityEvent"
EVENT = "Event"

_PROCESS_CREATED = 4688


def is_windows(entry: LogSourceEntry) -> bool:
    """Whether an entry says only in which of the three tables its Windows events are."""
    tables = (WINDOWS_EVENT, SECURITY_EVENT, EVENT)
    named = entry.fields or entry.inherits
    return entry.product in ("windows", ["windows"]) and entry.table in tables and not named


def windows_plan(tables: Schema, table: str, source: LogSource) -> Plan:
    """The plan for a Windows log source in a table; what SecurityEvent lacks is in WindowsEvent."""
    if table == SECURITY_EVENT:
        return _security_event(tables, source) or _windows_event(tables, source)
    return _event(tables, source) if table == EVENT else _windows_event(tables, source)


def _scope(source: LogSource, fields: FieldMap) -> tuple[Node, ...]:
    """The channel, the event ids and the event types of a Windows log source."""
    found = windows_conditions(source)
    if source.category is not None and "EventID" not in found:
        raise Refused("no-table", f"no Windows event is known for {source}")
    if source.service is not None and "Channel" not in found:
        raise Refused("no-table", f"no channel of the Windows event log is known for {source}")
    return tuple(_condition(fields, name, found[name]) for name in sorted(found))


def _condition(fields: FieldMap, sigma: str, values: Sequence[str | int]) -> Node:
    (column,) = fields(sigma)
    return any_of(
        Equals(column, value) if isinstance(value, str) else NumberEquals(column, value)
        for value in values
    )


def _no_name(sigma: str) -> Refused:
    return Refused("unmapped-field", f"{sigma!r} can be no name of a field in EventData")


# --- WindowsEvent -----------------------------------------------------------------------------

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


def _windows_event(tables: Schema, source: LogSource) -> Plan:
    table = Table(WINDOWS_EVENT, tables[WINDOWS_EVENT])
    fields = partial(_windows_event_field, table)
    return Plan(
        fields,
        _scope(source, fields),
        WINDOWS_EVENT,
        text=Field("EventData", Type.DYNAMIC),
        native=partial(_windows_event_native, table),
    )


def _windows_event_field(table: Table, sigma: str) -> tuple[Field, ...]:
    if sigma in _SYSTEM_COLUMNS:
        return (table.column(_SYSTEM_COLUMNS[sigma], sigma),)
    if not is_name(sigma):
        raise _no_name(sigma)
    return (table.path(("EventData", sigma), sigma, alias=sigma),)


def _windows_event_native(table: Table, name: str) -> Field:
    """A column, or else a field of the event's own data."""
    if name.split(".", maxsplit=1)[0] in table.columns:
        return table.native(name)
    return _windows_event_field(table, name)[0]


# --- SecurityEvent ----------------------------------------------------------------------------


def _security_event(tables: Schema, source: LogSource) -> Plan | None:
    table = Table(SECURITY_EVENT, tables[SECURITY_EVENT])
    # The table holds AppLocker's events too.
    scope = [table.scope("Channel", ["Security"])]
    fields: FieldMap
    if source.category == "process_creation":
        fields = partial(_process_created_field, table)
        scope.append(table.scope("EventID", [_PROCESS_CREATED]))
    elif source.category is None and source.service == "security":
        fields = partial(resolve, table, Reading({"Provider_Name": ("EventSourceName",)}))
    else:
        return None
    return Plan(fields, tuple(scope), SECURITY_EVENT, native=table.native)


def _process_created_field(table: Table, sigma: str) -> tuple[Field, ...]:
    """A field of process creation, under the names that pySigma publishes for event 4688.

    There, ProcessId is the parent's, and both are hexadecimal.
    """
    if sigma in ("ProcessId", "ParentProcessId"):
        raise Refused("unmapped-field", f"event {_PROCESS_CREATED} has {sigma} in hexadecimal only")
    return resolve(table, Reading({sigma: (windows_audit_name(sigma),)}), sigma)


# --- Event ------------------------------------------------------------------------------------

_EVENT_COLUMNS = {
    "Provider_Name": "Source",
    "ProviderName": "Source",
    "Channel": "EventLog",
    "Computer": "Computer",
    "ComputerName": "Computer",
    "EventID": "EventID",
    "Level": "EventLevel",
}
# The five entities that XML itself has; & is the last one, so that "&amp;lt;" becomes "&lt;".
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def _event(tables: Schema, source: LogSource) -> Plan:
    table = Table(EVENT, tables[EVENT])
    fields = partial(_event_field, table)
    return Plan(
        fields,
        _scope(source, fields),
        EVENT,
        text=Field("EventData", Type.STRING),
        native=partial(_event_native, table),
    )


def _event_field(table: Table, sigma: str) -> tuple[Field, ...]:
    """A system field's column, or the text of the element `<Data Name="…">`."""
    if sigma in _EVENT_COLUMNS:
        return (table.column(_EVENT_COLUMNS[sigma], sigma),)
    if not is_name(sigma):
        raise _no_name(sigma)
    pattern = f'<Data Name="{re.escape(sigma)}">([^<]*)</Data>'
    text: Source = Extract(pattern, Column("EventData"))
    for entity, character in _ENTITIES.items():
        text = Replace(text, entity, character)
    alias = table.alias(sigma, "EventData")
    named = "" if alias == sigma else sigma
    return (Field(alias, Type.STRING, named, text, within="EventData"),)


def _event_native(table: Table, name: str) -> Field:
    return table.native(name) if name in table.columns else _event_field(table, name)[0]
