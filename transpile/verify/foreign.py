"""Rows of other kinds of event, with the content that a rule asks for: no query may find them.

A kind is told by a few columns: the channel and the id of a Windows event, the ActionType of a row
of Defender, the EventType of what a parser returns. Rows that a rule finds are written again as
every other kind that its table holds. What kind a log source means is not asked of the targets but
told here, from Sigma's taxonomy and Sysmon's manual:
https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-taxonomy.md
https://learn.microsoft.com/sysinternals/downloads/sysmon#events
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from transpile.ir.search import Devices
from transpile.verify.devices import keys

SUBJECTS = 2
"""rows of a rule that are written as other kinds"""

_SYSMON = "Microsoft-Windows-Sysmon/Operational"
_SYSMON_IDS = {
    "process_creation": (1,),
    "file_change": (2,),
    "network_connection": (3,),
    "sysmon_status": (4, 16),
    "process_termination": (5,),
    "driver_load": (6,),
    "image_load": (7,),
    "create_remote_thread": (8,),
    "raw_access_thread": (9,),
    "process_access": (10,),
    "file_event": (11,),
    "registry_add": (12,),
    "registry_delete": (12,),
    "registry_set": (13,),
    "registry_rename": (14,),
    "registry_event": (12, 13, 14),
    "create_stream_hash": (15,),
    "pipe_created": (17, 18),
    "wmi_event": (19, 20, 21),
    "dns_query": (22,),
    "file_delete": (23,),
    "clipboard_capture": (24,),
    "process_tampering": (25,),
    "file_delete_detected": (26,),
    "file_block_executable": (27,),
    "file_executable_detected": (29,),
    "sysmon_error": (255,),
}
_OTHER_WINDOWS = (
    ("Security", 4688),
    ("Security", 4624),
    ("System", 7045),
    ("Application", 1000),
    ("Microsoft-Windows-PowerShell/Operational", 4103),
    ("Microsoft-Windows-PowerShell/Operational", 4104),
    ("Windows PowerShell", 400),
    ("Windows PowerShell", 600),
    ("Microsoft-Windows-Windows Defender/Operational", 1116),
)
_CHANNELS = {
    "security": "Security",
    "system": "System",
    "application": "Application",
    "sysmon": _SYSMON,
    "powershell": "Microsoft-Windows-PowerShell/Operational",
    "powershell-classic": "Windows PowerShell",
    "windefend": "Microsoft-Windows-Windows Defender/Operational",
}
_CHANNEL_COLUMNS = {"WindowsEvent": "Channel", "Event": "EventLog"}
_KEYS = {"registry_add": ("DeleteKey", "DeleteValue"), "registry_delete": ("CreateKey",)}
"""what else Sysmon's event 12 tells of, by its EventType"""

Row = Mapping[str, object]


def foreign_rows(
    logsource: Mapping[str, object],
    table: str,
    rows: Sequence[Row],
    devices: Devices | None = None,
) -> Iterator[tuple[int, Row]]:
    """Rows of other kinds than the log source means, each with the position of the row it is of.

    So are the same rows of other machines, where `devices` tells which are meant.
    """
    for position, row in list(enumerate(rows))[:SUBJECTS]:
        for columns in _kinds(logsource, table):
            if columns.keys() <= row.keys() | {"ActionType", "EventType"}:
                yield position, {**row, **columns}
        if table == "WindowsEvent":
            yield from ((position, other) for other in _other_keys(logsource, row))
        if devices is not None:
            for key in keys(devices, meant=False):
                yield position, {**row, devices.key: key}


def _kinds(logsource: Mapping[str, object], table: str) -> Iterator[Row]:
    category, service = str(logsource.get("category")), str(logsource.get("service"))
    kind = (table, category if "category" in logsource else service)
    yield from _OTHER_KINDS.get(kind, ())
    if kind in _MEANT:
        column, values = _KINDS[table]
        yield from ({column: value} for value in values if value not in _MEANT[kind])
    if logsource.get("product") != "windows":
        return
    if table in _CHANNEL_COLUMNS:
        for channel, number in _windows_kinds(category, service):
            yield {_CHANNEL_COLUMNS[table]: channel, "EventID": number}
    if table == "SecurityEvent" and category == "process_creation":
        yield {"EventID": 4689}
        yield {"Channel": "Microsoft-Windows-AppLocker/EXE and DLL", "EventID": 8002}


def _windows_kinds(category: str, service: str) -> Iterator[tuple[str, int]]:
    own = _SYSMON_IDS.get(category, ())
    channel = _CHANNELS.get(service)
    if own or (channel is not None and channel != _SYSMON):
        for number in sorted({n for ids in _SYSMON_IDS.values() for n in ids} - set(own)):
            yield _SYSMON, number
    if own or channel is not None:
        yield from (kind for kind in _OTHER_WINDOWS if kind[0] != channel)


def _other_keys(logsource: Mapping[str, object], row: Row) -> Iterator[Row]:
    data = row.get("EventData")
    if isinstance(data, Mapping):
        for kind in _KEYS.get(str(logsource.get("category")), ()):
            yield {**row, "EventData": {**data, "EventType": kind}}


# The column that tells kinds of event apart, and its values. Of Defender's tables:
# https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables, and the schema reference
# of the portal; of ASIM's parsers:
# https://learn.microsoft.com/azure/sentinel/normalization-about-schemas
_FILES = ("FileCreated", "FileModified", "FileDeleted", "FileRenamed")
_REGISTRY = (
    "RegistryKeyCreated",
    "RegistryKeyDeleted",
    "RegistryKeyRenamed",
    "RegistryValueSet",
    "RegistryValueDeleted",
)
_CONNECTIONS = (
    "ConnectionSuccess",
    "ConnectionFailed",
    "ConnectionRequest",
    "InboundConnectionAccepted",
)
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "DeviceProcessEvents": (
        "ActionType",
        ("ProcessCreated", "OpenProcess", "CreateRemoteThreadApiCall"),
    ),
    "DeviceFileEvents": ("ActionType", _FILES),
    "DeviceNetworkEvents": (
        "ActionType",
        (
            *_CONNECTIONS,
            "ListeningConnectionCreated",
            "DnsConnectionInspected",
            "HttpConnectionInspected",
        ),
    ),
    "DeviceImageLoadEvents": ("ActionType", ("ImageLoaded",)),
    "DeviceRegistryEvents": ("ActionType", _REGISTRY),
    "DeviceLogonEvents": ("ActionType", ("LogonSuccess", "LogonFailed", "LogonAttempted")),
    "DeviceEvents": (
        "ActionType",
        (
            "DriverLoad",
            "NamedPipeEvent",
            "CreateRemoteThreadApiCall",
            "OpenProcessApiCall",
            "PowerShellCommand",
            "DnsQueryResponse",
            "ScheduledTaskCreated",
            "AntivirusDetection",
        ),
    ),
    "_Im_ProcessCreate": ("EventType", ("ProcessCreated", "ProcessTerminated")),
    "_Im_FileEvent": ("EventType", (*_FILES, "FileAccessed", "FileCopied", "FolderCreated")),
    "_Im_RegistryEvent": ("EventType", _REGISTRY),
    "_Im_NetworkSession": ("EventType", ("EndpointNetworkSession", "NetworkSession", "Flow")),
    "_Im_WebSession": ("EventType", ("HTTPsession", "WebServerSession", "ApiRequest")),
}
_MEANT: dict[tuple[str, str], tuple[str, ...]] = {
    ("DeviceProcessEvents", "process_creation"): ("ProcessCreated",),
    ("DeviceFileEvents", "file_event"): ("FileCreated",),
    ("DeviceFileEvents", "file_change"): ("FileModified",),
    ("DeviceFileEvents", "file_delete"): ("FileDeleted",),
    ("DeviceFileEvents", "file_rename"): ("FileRenamed",),
    ("DeviceNetworkEvents", "network_connection"): _CONNECTIONS,
    ("DeviceRegistryEvents", "registry_add"): ("RegistryKeyCreated",),
    ("DeviceRegistryEvents", "registry_delete"): ("RegistryKeyDeleted", "RegistryValueDeleted"),
    ("DeviceRegistryEvents", "registry_set"): ("RegistryValueSet",),
    ("DeviceRegistryEvents", "registry_rename"): ("RegistryKeyRenamed",),
    ("DeviceEvents", "driver_load"): ("DriverLoad",),
    ("DeviceEvents", "pipe_created"): ("NamedPipeEvent",),
    ("DeviceEvents", "create_remote_thread"): ("CreateRemoteThreadApiCall",),
    ("DeviceLogonEvents", "security"): ("LogonSuccess", "LogonFailed"),
    ("_Im_ProcessCreate", "process_creation"): ("ProcessCreated",),
    ("_Im_FileEvent", "file_event"): ("FileCreated",),
    ("_Im_FileEvent", "file_change"): ("FileModified",),
    ("_Im_FileEvent", "file_delete"): ("FileDeleted",),
    ("_Im_FileEvent", "file_rename"): ("FileRenamed",),
    ("_Im_FileEvent", "file_access"): ("FileAccessed",),
    ("_Im_RegistryEvent", "registry_add"): ("RegistryKeyCreated",),
    ("_Im_RegistryEvent", "registry_delete"): ("RegistryKeyDeleted", "RegistryValueDeleted"),
    ("_Im_RegistryEvent", "registry_set"): ("RegistryValueSet",),
    ("_Im_RegistryEvent", "registry_rename"): ("RegistryKeyRenamed",),
    ("_Im_NetworkSession", "network_connection"): ("EndpointNetworkSession",),
    ("_Im_WebSession", "proxy"): ("HTTPsession",),
    ("_Im_WebSession", "webserver"): ("WebServerSession",),
}
"""the values that a log source means"""

_OTHER_KINDS: dict[tuple[str, str], tuple[Row, ...]] = {
    ("AlertInfo", "threat_management"): ({"ServiceSource": "Microsoft Defender for Endpoint"},),
    ("AlertInfo", "threat_detection"): ({"ServiceSource": "Microsoft Defender for Identity"},),
}
"""kinds of log sources whose table isn't told apart so for others"""
