"""Registry keys and data as Sysmon writes them, put together from the columns of other products.

Sysmon abbreviates the hives, names the control set that is in use, joins the value's name to its
key, and writes numbers and binary data in a form of its own:
https://learn.microsoft.com/sysinternals/downloads/sysmon#event-id-12-registryevent-object-create-and-delete
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from backends.kql_text import string
from transpile.targets.kusto import Computed

_BREAK = "\n      "
_CONTROL_SET = r"(?i)^HKEY_LOCAL_MACHINE(\\SYSTEM\\)ControlSet[0-9]{3}(\\|$)"
_SHORTENED = r"HKLM\1CurrentControlSet\2"
_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
}
_SHORT_CONTROL_SET = r"HKLM\System\CurrentControlSet"
_LONG_CONTROL_SET = r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001"


def registry_path(key: str, name: str) -> Computed:
    """The key with its hive as Sysmon writes it, and the value's name where there is one."""
    return Computed(_path(key, name), partial(_path_written, key, name))


def registry_data(kind: str, data: str) -> Computed:
    """What is written to a value; `kind` is the column that tells its type."""
    return Computed(_data(kind, data), partial(_data_written, kind, data))


def _path(key: str, value: str) -> str:
    text = f"replace_regex({key}, {string(_CONTROL_SET)}, {string(_SHORTENED)})"
    for hive, short in _HIVES.items():
        text = f"replace_regex({text},{_BREAK}{string(f'(?i)^{hive}')}, {string(short)})"
    name = f'iff(isempty({value}), "", strcat("\\\\", {value}))'
    return f"strcat({text},{_BREAK}{name})"


def _path_written(key_column: str, name_column: str, value: str) -> Mapping[str, object] | None:
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
    return {key_column: long, name_column: name}


def _short_hives() -> tuple[tuple[str, str], ...]:
    return tuple((short, hive) for hive, short in _HIVES.items())


def _data(kind: str, data: str) -> str:
    number, wide = f"tohex(tolong({data}), 8)", f"tohex(tolong({data}), 16)"
    cases = (
        f'{kind} endswith "Dword", strcat("DWORD (0x", {number}, ")")',
        f'{kind} endswith "Qword", '
        f'strcat("QWORD (0x", replace_regex({wide}, "^(.{{8}})", @"\\1-0x"), ")")',
        f'{kind} endswith "Binary", "Binary Data"',
        data,
    )
    return f"case({_BREAK}{f',{_BREAK}'.join(cases)})"


_DWORD = re.compile(r"DWORD \(0x([0-9a-f]{8})\)")
_QWORD = re.compile(r"QWORD \(0x([0-9a-f]{8})-0x([0-9a-f]{8})\)")


def _data_written(kind: str, data: str, value: str) -> Mapping[str, object]:
    if dword := _DWORD.fullmatch(value):
        return {kind: "Dword", data: str(int(dword[1], 16))}
    if qword := _QWORD.fullmatch(value):
        number = int(qword[1] + qword[2], 16)
        return {kind: "Qword", data: str(number)}
    if value == "Binary Data":
        return {kind: "Binary", data: "0102"}
    return {kind: "String", data: value}
