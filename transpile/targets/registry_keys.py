"""Registry keys and data as Sysmon writes them, put together from the columns of other products.

Sysmon abbreviates the hives, names the control set that is in use, joins the value's name to its
key, and writes numbers and binary data in a form of its own:
https://learn.microsoft.com/sysinternals/downloads/sysmon#event-id-12-registryevent-object-create-and-delete
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Hexadecimal,
    Joined,
    Literal,
    ReplacePattern,
    Source,
    UnlessEmpty,
)
from transpile.targets.kusto import Computed

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


def _path(key: str, value: str) -> Source:
    text = ReplacePattern(Column(key), _CONTROL_SET, _SHORTENED)
    for hive, short in _HIVES.items():
        text = ReplacePattern(text, f"(?i)^{hive}", short)
    name = UnlessEmpty(value, Joined((Literal("\\"), Column(value))), Literal(""))
    return Joined((text, name))


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


def _data(kind: str, data: str) -> Source:
    wide = ReplacePattern(Hexadecimal(data, 16), "^(.{8})", r"\1-0x")
    return Cases(
        (
            Case(kind, _framed("DWORD (0x", Hexadecimal(data, 8)), ending="Dword"),
            Case(kind, _framed("QWORD (0x", wide), ending="Qword"),
            Case(kind, Literal("Binary Data"), ending="Binary"),
        ),
        Column(data),
    )


def _framed(before: str, text: Source) -> Source:
    return Joined((Literal(before), text, Literal(")")))


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
