"""What columns of a Kusto table hold where a field has a value that a query computes from them.

The targets say how a query reads a field; here it is told how products write it, so that rows can
be made to run queries on.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache, partial
from html import escape
from importlib.resources import files
from typing import Any, TypeAlias

from transpile.ir.nodes import Field
from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Element,
    Extract,
    Literal,
    Source,
    UnlessEmpty,
)
from transpile.targets import computations
from transpile.values import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column's text: the pieces are joined in their order."""

    text: str
    position: int = 0
    joined: str = " "


Columns: TypeAlias = "Mapping[str, object] | None"
"""what columns hold; None where a value can't stand there"""
Written: TypeAlias = Callable[[str], Columns]
"""from the value of a field to what columns hold"""


def written(field: Field) -> Written | None:
    """What columns hold for a value of a computed field; None where that is not known."""
    source = field.source
    if isinstance(source, Element):
        return partial(_element, source)
    if isinstance(source, UnlessEmpty) and isinstance(source.empty, Element):
        return partial(_column_or_element, source.column, source.empty)
    if isinstance(source, Literal):
        return partial(_constant, source.text)
    for column in _columns(source) if source is not None else ():
        if source == computations.auditd(field.sigma_name, column):
            return partial(_auditd, field.sigma_name, column)
    for name in computations.NAMES if source is not None else ():
        columns = tuple(dict.fromkeys(_columns(source)))
        if not computations.fault(name, columns) and source == computations.computed(name, columns):
            return partial(_COMPUTED[name], *columns)
    if isinstance(source, Cases):
        return partial(_case, source)
    return _piece_of(field.sigma_name, source)


def is_in_every_event(field: Field) -> bool:
    """Whether no event can be without the field, for a query computes a text for each."""
    match field.source:
        case Literal():
            return True
        case Cases(_, Literal(text)) | UnlessEmpty(_, _, Literal(text)):
            return bool(text)
    return False


def _columns(part: object) -> Iterator[str]:
    """The columns that a source reads, in their order."""
    if isinstance(part, tuple):
        for one in part:
            yield from _columns(one)
    elif isinstance(part, (Source, Case)):
        for name in fields(part):
            value = getattr(part, name.name)
            if name.name == "column" or (isinstance(part, Column) and name.name == "name"):
                yield value
            elif not isinstance(value, str):
                yield from _columns(value)


# --- by the kind of source --------------------------------------------------------------------


def _constant(text: str, value: str) -> Columns:
    return {} if value.lower() == text.lower() else None


def _case(cases: Cases, value: str) -> Columns:
    for case in cases.cases:
        if isinstance(case.then, Literal) and case.then.text.lower() == value.lower():
            return {case.column: case.values[0]}
    (column, *_) = [case.column for case in cases.cases]
    other = cases.otherwise
    if isinstance(other, Literal) and other.text and other.text.lower() == value.lower():
        return {column: _table()["others"][column]}
    return None


def _element(element: Element, value: str) -> Columns:
    """A datum, by its name or below UserData; no XML has the characters that it leaves out."""
    if _NO_XML.search(value):
        return None
    opening = f'Data Name="{escape(element.name)}"' if element.name else "Data"
    if not element.is_data and _IN_USER_DATA.fullmatch(element.name):
        opening = element.name
    text = f"<{opening}>{escape(value, quote=False)}</{opening.partition(' ')[0]}>"
    return {element.column: Part(text, joined="")}


def _column_or_element(column: str, element: Element, value: str) -> Columns:
    """Of two values one stands in the column, and the other only in the XML."""
    if len(value) % 2 or not value:
        return {column: value}
    return _element(element, value)


_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_USER_DATA = re.compile("[P-Z][A-Za-z]*")
"""names of data that are written as elements of their own, so that rows have both kinds"""


def _piece_of(name: str, source: Source | None) -> Written | None:
    """What a field is read out of by a pattern."""
    if not isinstance(source, Extract) or not isinstance(source.of, Column):
        return None
    for position, text in enumerate(_table()["text"]):
        patterns = [
            text["pattern"].replace("{name}", one)
            for one in (re.escape(name), name.replace(".", r"\."))
        ]
        if text["column"] == source.of.name and source.pattern in patterns:
            return partial(_piece, text, position, name)
    return None


def _piece(text: Mapping[str, Any], position: int, name: str, value: str) -> Columns:
    if not re.fullmatch(text.get("holds", ".*"), value, re.DOTALL):
        return None
    piece = text["written"].replace("{name}", name).replace("{}", value)
    return {text["column"]: Part(piece, position, text["joined"])}


@cache
def _table() -> dict[str, Any]:
    text = (files("transpile.verify") / "data" / "kusto_columns.toml").read_text("utf-8")
    return tomllib.loads(text)


_BARE = re.compile(r"[!#-&(-~]+")


def _auditd(name: str, column: str, value: str) -> Columns:
    """A field of a record, in quotes or in hexadecimal; the record's type stands first."""
    position = 0 if name == "type" else 1
    if computations.ENCODED.fullmatch(name):
        try:
            digits = value.encode().hex().upper()
        except UnicodeEncodeError:
            return None
        text = f'"{value}"' if _BARE.fullmatch(value) else digits or '""'
    elif _BARE.fullmatch(value):
        text = value
    else:
        return None
    if name[1:].isdigit() and not text.startswith('"'):
        return {column: (Part(f"type=EXECVE {name}={text}", position))}
    return {column: Part(f"{name}={text}", position)}


# --- by the name of a computation -------------------------------------------------------------


def _account(domain: str, name: str, value: str) -> Columns:
    before, backslash, after = value.partition("\\")
    return {domain: before, name: after} if backslash else None


_HASH = re.compile(r"(?i:(\w+)=([0-9A-F]+))")


def _hashes(*columns_and_value: str) -> Columns:
    """Some hashes of an event, which stand in the order of the columns."""
    *columns, value = columns_and_value
    by_name = {computations.algorithm(column): column for column in columns}
    parts = [_HASH.fullmatch(part) for part in value.split(",")]
    found = {by_name.get(part[1].upper(), ""): part[2] for part in parts if part}
    if not all(parts) or "" in found:
        return None
    read = ",".join(f"{name}={found.get(column, '')}" for name, column in by_name.items())
    return found if value.upper() in read.upper() else None


def _dash_if_empty(column: str, value: str) -> Columns:
    return {column: "" if value == "-" else value} if value else None


def _pipe_name(column: str, value: str) -> Columns:
    if not value.startswith("\\"):
        return None
    held = {"PipeName": computations.PIPES + value}
    return {column: json.dumps(held, ensure_ascii=False)}


_SHORT_CONTROL_SET = r"HKLM\System\CurrentControlSet"
_LONG_CONTROL_SET = r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001"


def _registry_path(key_column: str, name_column: str, value: str) -> Columns:
    key, _, name = value.rpartition("\\")
    if not key or not name:
        key, name = value, ""
    long = key
    for short, hive in ((_SHORT_CONTROL_SET, _LONG_CONTROL_SET), *_short_hives()):
        if key.lower().startswith(short.lower()) and key[len(short) : len(short) + 1] in ("", "\\"):
            long = hive + key[len(short) :]
            break
    else:
        if any(key.lower().startswith(hive.lower()) for hive in computations.HIVES):
            return None
    return {key_column: long, name_column: name}


def _short_hives() -> Sequence[tuple[str, str]]:
    return [(short, hive) for hive, short in computations.HIVES.items()]


_DWORD = re.compile(r"DWORD \(0x([0-9a-f]{8})\)")
_QWORD = re.compile(r"QWORD \(0x([0-9a-f]{8})-0x([0-9a-f]{8})\)")


def _registry_data(kind: str, data: str, value: str) -> Columns:
    if dword := _DWORD.fullmatch(value):
        return {kind: "Dword", data: str(int(dword[1], 16))}
    if qword := _QWORD.fullmatch(value):
        number = int(qword[1] + qword[2], 16)
        return {kind: "Qword", data: str(number)}
    if value == "Binary Data":
        return {kind: "Binary", data: "0102"}
    return {kind: "String", data: value}


_COMPUTED: Mapping[str, Callable[..., Columns]] = {
    "account": _account,
    "dash-if-empty": _dash_if_empty,
    "hashes": _hashes,
    "pipe-name": _pipe_name,
    "registry-data": _registry_data,
    "registry-path": _registry_path,
    "separate-hashes": _hashes,
}
