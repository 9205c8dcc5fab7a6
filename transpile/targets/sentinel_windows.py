"""Windows events in a Sentinel workspace: three tables, of which an installation fills some.

- `SecurityEvent` (the connector "Windows Security Events"): a column for each of many fields of the
  Security channel, and others in the XML of `EventData`,
  https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityevent
- `Event` (what agents collect as "Windows Event Logs", Sysmon among them): the event's data as XML
  in the text column `EventData`, https://learn.microsoft.com/azure/azure-monitor/reference/tables/event
- `WindowsEvent` (the connector "Windows Forwarded Events", and data collection rules that send
  there): the event's own data in the dynamic column `EventData`,
  https://learn.microsoft.com/azure/azure-monitor/reference/tables/windowsevent

Where nothing else is said, the Security channel is in SecurityEvent and every other one in Event.
That is where Microsoft's own content looks for them: of the rules and hunting queries of
https://github.com/Azure/Azure-Sentinel about 140 read SecurityEvent, 46 Event (Sysmon, System,
Application, Exchange) and 23 WindowsEvent, ten of these beside one of the others
(https://github.com/oshezaf/sentinelninja, Solutions Docs/tables, 07b9b837).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from transpile.ir.nodes import Equals, Field, Node, NumberEquals, Type
from transpile.ir.simplify import any_of
from transpile.ir.source import Column, Element, UnlessEmpty
from transpile.query import Refused
from transpile.targets.folder import windows_audit_name, windows_conditions
from transpile.targets.kusto import Reading, Schema, Table, is_name, resolve
from transpile.targets.model import LogSourceEntry
from transpile.targets.plan import FieldMap, LogSource, Plan

WINDOWS_EVENT = "WindowsEvent"
SECURITY_EVENT = "SecurityEvent"
EVENT = "Event"
TABLES = (SECURITY_EVENT, EVENT, WINDOWS_EVENT)

SECURITY = "Security"
_DATA_ONLY = frozenset(
    (
        "Microsoft-Windows-Sysmon/Operational",
        "Microsoft-Windows-PowerShell/Operational",
        "PowerShellCore/Operational",
        "Windows PowerShell",
    )
)
"""channels whose events have EventData and no UserData"""
_PROCESS_CREATED = 4688


def is_windows(entry: LogSourceEntry) -> bool:
    """Whether an entry says only in which of the three tables its Windows events are."""
    named = entry.fields or entry.inherits
    return entry.product in ("windows", ["windows"]) and entry.table in TABLES and not named


def windows_plan(tables: Schema, names: Sequence[str], source: LogSource) -> Plan:
    """The plan for a Windows log source in some of the tables.

    What SecurityEvent can't hold is in Event where no other table is named. Where none is named at
    all, each channel is where most installations have it.
    """
    scope = _conditions(source)
    if not names:
        channels = scope.get("Channel", ())
        names = [SECURITY_EVENT] if list(channels) == [SECURITY] else [EVENT]
        if not channels:
            names = [SECURITY_EVENT, EVENT]
    plans = [plan for name in names if (plan := _in_table(tables, name, source)) is not None]
    first, *others = plans or [_event(tables, source)]
    return replace(first, besides=tuple(others)) if others else first


def _in_table(tables: Schema, name: str, source: LogSource) -> Plan | None:
    if name == SECURITY_EVENT:
        return _security_event(tables, source)
    return _event(tables, source) if name == EVENT else _windows_event(tables, source)


def _conditions(source: LogSource) -> dict[str, list[str | int]]:
    """The channel, the event ids and the event types of a Windows log source."""
    found = windows_conditions(source)
    if source.category is not None and "EventID" not in found:
        raise Refused("no-table", f"no Windows event is known for {source}")
    if source.service is not None and "Channel" not in found:
        raise Refused("no-table", f"no channel of the Windows event log is known for {source}")
    return found


def _scope(source: LogSource, fields: FieldMap) -> tuple[Node, ...]:
    found = _conditions(source)
    return tuple(_condition(fields, name, found[name]) for name in sorted(found))


def _condition(fields: FieldMap, sigma: str, values: Sequence[str | int]) -> Node:
    (column,) = fields(sigma)
    return any_of(
        Equals(column, value) if isinstance(value, str) else NumberEquals(column, value)
        for value in values
    )


def _datum(table: Table, sigma: str, *, is_data: bool = False) -> Field:
    """A datum in the XML of EventData. Data without a name are what rules call Data."""
    if not is_name(sigma):
        raise _no_name(sigma)
    alias = table.alias(sigma, "EventData")
    source = Element("EventData", "" if sigma == "Data" else sigma, is_data)
    return Field(alias, Type.STRING, "" if alias == sigma else sigma, source, within="EventData")


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

_IN_SYSTEM = frozenset(
    ("Activity", "Channel", "Computer", "Correlation", "EventData", "EventID", "EventLevelName")
) | {"EventRecordId", "EventSourceName", "Keywords", "Level", "Opcode", "SystemUserId", "Type"}
"""columns of text that hold nothing of the event's own data"""


def _security_event(tables: Schema, source: LogSource) -> Plan | None:
    table = Table(SECURITY_EVENT, tables[SECURITY_EVENT])
    if source == LogSource("windows"):
        return Plan(
            partial(_security_field, table),
            (),
            SECURITY_EVENT,
            text=table.native("EventData"),
            texts=(table.native("Activity"),),
            native=partial(_security_native, table),
        )
    # The table holds AppLocker's events too.
    scope = [table.scope("Channel", [SECURITY])]
    fields: FieldMap
    if source.category == "process_creation":
        fields = partial(_process_created_field, table)
        scope.append(table.scope("EventID", [_PROCESS_CREATED]))
    elif source.category is None and _conditions(source).get("Channel") == [SECURITY]:
        fields = partial(_security_field, table)
    else:
        return None
    return Plan(
        fields,
        tuple(scope),
        SECURITY_EVENT,
        text=table.native("EventData"),
        texts=(table.native("Activity"),),
        native=partial(_security_native, table),
    )


def _process_created_field(table: Table, sigma: str) -> tuple[Field, ...]:
    """A field of process creation, under the names that pySigma publishes for event 4688.

    There, ProcessId is the parent's, and both are hexadecimal.
    """
    if sigma in ("ProcessId", "ParentProcessId"):
        raise Refused("unmapped-field", f"event {_PROCESS_CREATED} has {sigma} in hexadecimal only")
    return resolve(table, Reading({sigma: (windows_audit_name(sigma),)}), sigma)


def _security_field(table: Table, sigma: str) -> tuple[Field, ...]:
    """A field of the Security channel: a column, or else a datum in the XML of EventData.

    Events of which the table has no columns for all data have these in EventData, and the columns
    of some of them are empty, as those of 4698 and 4769 (Solutions/Windows Security Events/Analytic
    Rules/GainCodeExecutionADFSViaSMB.yaml, 3f06ee28, and
    Detections/SecurityEvent/PotentialKerberoast.yaml, 00b0293a,
    in https://github.com/Azure/Azure-Sentinel).
    """
    name = {"Provider_Name": "EventSourceName", "EventRecordID": "EventRecordId"}.get(sigma, sigma)
    kind = table.columns.get(name)
    if kind is not None and (kind != "string" or name in _IN_SYSTEM):
        return (table.column(name, sigma),)
    if kind is None:
        return (_datum(table, sigma),)
    element = Element("EventData", name)
    return (Field(name, Type.STRING, sigma, UnlessEmpty(name, Column(name), element)),)


def _security_native(table: Table, name: str) -> Field:
    if name in table.columns or not name.startswith("EventData."):
        return table.native(name)
    return _datum(table, name.removeprefix("EventData."))


# --- Event ------------------------------------------------------------------------------------

_EVENT_COLUMNS = {
    "Provider_Name": "Source",
    "ProviderName": "Source",
    "Channel": "EventLog",
    "Computer": "Computer",
    "ComputerName": "Computer",
    "EventID": "EventID",
    "Level": "EventLevel",
    "Message": "RenderedDescription",
}
_UNKEPT = frozenset(_SYSTEM_COLUMNS) - frozenset(_EVENT_COLUMNS)


def _event(tables: Schema, source: LogSource) -> Plan:
    table = Table(EVENT, tables[EVENT])
    channels = _conditions(source).get("Channel")
    is_data = bool(channels) and _DATA_ONLY.issuperset(channels or ())
    fields = partial(_event_field, table, is_data)
    return Plan(
        fields,
        _scope(source, fields),
        EVENT,
        text=Field("RenderedDescription", Type.STRING),
        texts=(Field("EventData", Type.STRING),),
        native=partial(_event_native, table),
    )


def _event_field(table: Table, is_data: bool, sigma: str) -> tuple[Field, ...]:
    """A system field's column, or a datum in the XML of EventData."""
    if sigma in _EVENT_COLUMNS:
        return (table.column(_EVENT_COLUMNS[sigma], sigma),)
    if sigma in _UNKEPT:
        raise Refused("unmapped-field", f"Event has no column for {sigma} of the event's System")
    return (_datum(table, sigma, is_data=is_data),)


def _event_native(table: Table, name: str) -> Field:
    """A column, or else a datum, with or without the name of the column that has it."""
    if name in table.columns:
        return table.native(name)
    return _event_field(table, False, name.removeprefix("EventData."))[0]
