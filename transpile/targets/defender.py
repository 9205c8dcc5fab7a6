"""Microsoft Defender XDR: the tables of advanced hunting, told apart by their ActionTypes.

Log sources are in `data/defender_logsources.toml`. What a rule finds in one field and the tables
hold in several, or otherwise written, is put together again on the side of the columns: a rule's
values stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from backends.kql_text import string
from transpile.ir.nodes import Equals, FieldLeaf, Glob, Regex
from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.kusto import Computed
from transpile.targets.plan import LogSource, Plan
from transpile.targets.tables import table
from transpile.targets.target import Target


@cache
def schema() -> kusto.Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return kusto.schema("defender_tables")


@cache
def log_sources() -> Mapping[LogSource, Mapping[str, Any]]:
    """What is known of each log source."""
    return {
        LogSource(entry.get("product"), entry.get("category"), entry.get("service")): entry
        for entry in table("defender_logsources")["logsource"]
    }


def _plan(source: LogSource) -> Plan:
    entry = log_sources().get(source)
    if entry is None:
        raise Refused(
            "no-table",
            f"no table of Microsoft Defender is known for {source}; "
            "a pipeline can rename its log source to one that is",
        )
    return kusto.plan(schema(), entry, COMPUTED, _refuse)


def _refuse(leaf: FieldLeaf) -> None:
    if leaf.field.sigma_name == "Hashes" and "imphash" in _literal(leaf).lower():
        raise Refused("unmapped-field", "Defender has no column for the IMPHASH", leaf.place)


def _literal(leaf: FieldLeaf) -> str:
    if isinstance(leaf, Glob):
        return "".join(part for part in leaf.parts if isinstance(part, str))
    if isinstance(leaf, Equals):
        return leaf.value
    return leaf.pattern if isinstance(leaf, Regex) else ""


# --- accounts and hashes ----------------------------------------------------------------------


def _account(prefix: str) -> Computed:
    """`DOMAIN\\user`, as Sysmon writes it."""
    domain, account = f"{prefix}AccountDomain", f"{prefix}AccountName"

    def written(value: str) -> Mapping[str, object] | None:
        before, backslash, after = value.partition("\\")
        return {domain: before, account: after} if backslash else None

    return Computed(f'strcat({domain}, "\\\\", {account})', written)


_HASH_COLUMNS = ("MD5", "SHA1", "SHA256")
_HASH = re.compile("(?i:(MD5|SHA1|SHA256)=([0-9A-F]+))")


def _hashes_written(value: str) -> Mapping[str, object] | None:
    parts = [_HASH.fullmatch(part) for part in value.split(",")]
    if not all(parts):
        return None
    found = {part[1].upper(): part[2] for part in parts if part}
    written = _hashes_read(found)
    return found if value.upper() in written.upper() else None


def _hashes_read(columns: Mapping[str, str]) -> str:
    return ",".join(f"{name}={columns.get(name, '')}" for name in _HASH_COLUMNS)


_HASHES = Computed(
    'strcat("MD5=", MD5, ",SHA1=", SHA1, ",SHA256=", SHA256)',
    _hashes_written,
)

# --- the registry -----------------------------------------------------------------------------

# Sysmon abbreviates the hives and names the control set that is in use:
# https://learn.microsoft.com/sysinternals/downloads/sysmon#event-id-12-registryevent-object-create-and-delete
_CONTROL_SET = r"(?i)^HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet[0-9]{3}(\\|$)"
_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
}
_SHORT_CONTROL_SET = r"HKLM\System\CurrentControlSet"
_LONG_CONTROL_SET = r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001"


def _registry_path() -> str:
    """The key with its hive as Sysmon writes it, and the value's name where there is one."""
    cases = [
        f"RegistryKey matches regex {string(_CONTROL_SET)}, "
        f"strcat({string(_SHORT_CONTROL_SET)}, substring(RegistryKey, {len(_LONG_CONTROL_SET)}))"
    ]
    cases += [
        f"RegistryKey startswith {string(hive)}, "
        f"strcat({string(short)}, substring(RegistryKey, {len(hive)}))"
        for hive, short in _HIVES.items()
    ]
    name = 'iff(isempty(RegistryValueName), "", strcat("\\\\", RegistryValueName))'
    return f"strcat(case({', '.join(cases)}, RegistryKey), {name})"


def _registry_path_written(value: str) -> Mapping[str, object] | None:
    key, _, name = value.rpartition("\\")
    if not key or not name:
        key, name = value, ""
    long = key
    for short, hive in ((_SHORT_CONTROL_SET, _LONG_CONTROL_SET), *_short_hives()):
        if key.lower().startswith(short.lower()) and key[len(short) : len(short) + 1] in ("", "\\"):
            long = hive + key[len(short) :]
            break
    else:
        if any(key.lower().startswith(hive.lower()) for hive in _HIVES):
            return None
    return {"RegistryKey": long, "RegistryValueName": name}


def _short_hives() -> tuple[tuple[str, str], ...]:
    return tuple((short, hive) for hive, short in _HIVES.items())


# Numbers and binary data as Sysmon writes them; Defender tells the type apart from the data.
_REGISTRY_DATA = (
    'case(RegistryValueType =~ "Dword", '
    'strcat("DWORD (0x", tohex(tolong(RegistryValueData), 8), ")"), '
    'RegistryValueType =~ "Qword", strcat("QWORD (0x", '
    'substring(tohex(tolong(RegistryValueData), 16), 0, 8), "-0x", '
    'substring(tohex(tolong(RegistryValueData), 16), 8), ")"), '
    'RegistryValueType =~ "Binary", "Binary Data", RegistryValueData)'
)
_DWORD = re.compile(r"DWORD \(0x([0-9a-f]{8})\)")
_QWORD = re.compile(r"QWORD \(0x([0-9a-f]{8})-0x([0-9a-f]{8})\)")


def _registry_data_written(value: str) -> Mapping[str, object]:
    if dword := _DWORD.fullmatch(value):
        return {"RegistryValueType": "Dword", "RegistryValueData": str(int(dword[1], 16))}
    if qword := _QWORD.fullmatch(value):
        number = int(qword[1] + qword[2], 16)
        return {"RegistryValueType": "Qword", "RegistryValueData": str(number)}
    if value == "Binary Data":
        return {"RegistryValueType": "Binary", "RegistryValueData": "0102"}
    return {"RegistryValueType": "String", "RegistryValueData": value}


# --- pipes ------------------------------------------------------------------------------------

_PIPES = r"\Device\NamedPipe"


def _pipe_written(value: str) -> Mapping[str, object] | None:
    if not value.startswith("\\"):
        return None
    return {"AdditionalFields": kusto.json_text({"PipeName": _PIPES + value})}


_PIPE_NAME = Computed(
    f"extract({string('(?s)^' + re.escape(_PIPES) + '(.*)$')}, 1, "
    "tostring(parse_json(AdditionalFields).PipeName))",
    _pipe_written,
)

COMPUTED: Mapping[str, Computed] = {
    "account": _account(""),
    "initiating-account": _account("InitiatingProcess"),
    "hashes": _HASHES,
    "registry-path": Computed(_registry_path(), _registry_path_written),
    "registry-data": Computed(_REGISTRY_DATA, _registry_data_written),
    "pipe-name": _PIPE_NAME,
}
"""the readings that the data file names"""

TARGETS: Mapping[str, Target] = {
    "defender": Target(
        name="defender",
        title="Microsoft Defender XDR",
        dialect="kql",
        suffix="kql",
        about="the tables of advanced hunting: Device*, CloudAppEvents",
        plan=_plan,
    ),
}
