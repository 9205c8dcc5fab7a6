"""How an event stands in a row of a Kusto table: columns, and values inside of dynamic ones.

A field that a query reads out of a column is written into that column here, by what the table's
page says of it: `EventData` of WindowsEvent is an object with a text for each element of the
event (https://learn.microsoft.com/azure/azure-monitor/reference/tables/windowsevent), the columns
that hold JSON in a string hold its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from transpile.ir.nodes import Field, Type
from transpile.ir.source import Column, Element, Member
from transpile.targets.plan import Plan
from transpile.verify.devices import keys
from transpile.verify.kusto_columns import Part, written
from transpile.verify.rows import NoRow

_TEXTS_ONLY = frozenset({"WindowsEvent"})
"""tables whose dynamic column holds nothing but texts"""


def kusto_row(plan: Plan, cells: Mapping[Field, object]) -> dict[str, object]:
    """The row of the plan's table that holds these values, by the names of its columns.

    Raises:
        NoRow: no row can: two values for one column, or none that stands for a value.
    """
    row: dict[str, Any] = {}
    texts: set[str] = set()
    parts: dict[str, list[Part]] = {}
    for field, value in sorted(cells.items(), key=lambda cell: _depth(cell[0])):
        if field.computed or isinstance(field.source, Element):
            _put_all(row, parts, _written(field, value))
        elif field.source is None:
            _put(row, field.name, _column_value(field, value))
        else:
            column = _put_inside(row, field, _member(plan, value))
            if isinstance(field.source, Member) and field.source.is_text:
                texts.add(column)
    for column, pieces in parts.items():
        if column in row:  # the text of the whole event
            raise NoRow(f"two values for {column}")
        ordered = sorted(pieces, key=lambda part: part.position)
        _put(row, column, ordered[0].joined.join(part.text for part in ordered))
    if plan.devices is not None:
        row.setdefault(plan.devices.key, next(keys(plan.devices, meant=True)))
    for column in texts:
        row[column] = json.dumps(row[column], ensure_ascii=False)
    return row


def _depth(field: Field) -> int:
    """How deep inside a column a field is: an object is there before its members."""
    return len(field.source.steps) if isinstance(field.source, Member) else 0


def _put(row: dict[str, Any], column: str, value: object) -> None:
    if row.setdefault(column, value) != value:
        raise NoRow(f"two values for {column}")


def _written(field: Field, value: object) -> Mapping[str, object]:
    columns = written(field)
    if columns is None:
        raise NoRow(f"it is not known what stands for {field.sigma_name}")
    found = columns(_as_text(value))
    if found is None:
        raise NoRow(f"no row stands for this {field.sigma_name}")
    return found


def _put_all(
    row: dict[str, Any], parts: dict[str, list[Part]], found: Mapping[str, object]
) -> None:
    for column, value in found.items():
        if isinstance(value, Part):
            parts.setdefault(column, []).append(value)
        else:
            _put(row, column, value)


def _column_value(field: Field, value: object) -> object:
    if field.type is Type.DYNAMIC:
        return {"Data": value}
    if field.type is Type.DATE:
        try:
            when = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            raise NoRow(f"{field.name} can't hold {value!r}") from None
        return when.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    if field.type is Type.STRING:
        return _as_text(value)
    return value


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _member(plan: Plan, value: object) -> object:
    return _as_text(value) if plan.table in _TEXTS_ONLY else value


def _put_inside(row: dict[str, Any], field: Field, value: object) -> str:
    if isinstance(field.source, Column):
        # a column of a type without tests of its own, as a GUID
        column = field.source.name
        try:
            _put(row, column, str(UUID(str(value))))
        except ValueError:
            raise NoRow(f"{column} can't hold {value!r}") from None
        return column
    if not isinstance(field.source, Member):
        raise NoRow(f"{field.name} is no value inside a column")
    column, steps = field.source.column, field.source.steps
    inner = row.setdefault(column, {})
    for step in steps[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner
    if not isinstance(inner, dict):
        raise NoRow(f"{column} can't hold both a value and members of it")
    _put(inner, steps[-1], value)
    return column
