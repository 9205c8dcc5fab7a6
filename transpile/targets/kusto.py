"""Log sources in Kusto tables, as data files tell them.

A field of a log source is a column of its table, a value inside a column that holds JSON, or is
computed from a column: taken out of its text, or told by its values. A query may use only the
columns that a schema lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from difflib import get_close_matches
from functools import cached_property, partial
from typing import Any

from transpile.ir.nodes import Equals, Field, FieldLeaf, Node, NumberEquals, Type
from transpile.ir.simplify import any_of
from transpile.ir.source import Case, Cases, Column, Expression, Extract, Literal, Member, Source
from transpile.query import Reason, Refused
from transpile.targets import parsers
from transpile.targets.plan import Part, Plan, Written
from transpile.targets.tables import table
from transpile.values import dataclass

Schema = Mapping[str, Mapping[str, str]]

TYPES = {
    "string": Type.STRING,
    "int": Type.LONG,
    "long": Type.LONG,
    "real": Type.DOUBLE,
    "bool": Type.BOOLEAN,
    "datetime": Type.DATE,
    "dynamic": Type.DYNAMIC,
}
"""the types that have tests of their own; values of any other are read as text"""


def schema(*files: str) -> dict[str, dict[str, str]]:
    """The tables of data files: their columns, with their Kusto types."""
    return {
        title: {column: kind for kind, columns in kinds.items() for column in columns}
        for file in files
        for title, kinds in table(file).items()
    }


@dataclass(frozen=True)
class Table:
    """A table, or a function of the workspace that returns one."""

    name: str
    columns: Mapping[str, str]

    def column(self, column: str, sigma: str) -> Field:
        """A column under which a field of the rule is found."""
        kind = self.columns[column]
        if kind not in TYPES:
            return Field(f"{column}_text", Type.STRING, sigma, Column(column))
        return Field(column, TYPES[kind], "" if column == sigma else sigma)

    def path(self, path: Iterable[str], sigma: str, alias: str = "") -> Field:
        """A value inside a column that holds JSON, under a name that is no column's."""
        column, *steps = path
        alias = self.alias(alias or "_".join((column, *steps)), column)
        source = Member(column, tuple(steps), is_text=self.columns[column] != "dynamic")
        return Field(alias, Type.STRING, "" if alias == sigma else sigma, source, within=column)

    def alias(self, wanted: str, column: str) -> str:
        """The name itself, unless the table has a column of that name, but for case."""
        return f"{column}_{wanted}" if self.has(wanted) else wanted

    def has(self, name: str) -> bool:
        """Whether a column has this name, in whatever case."""
        return name.lower() in self._caseless

    @cached_property
    def _caseless(self) -> frozenset[str]:
        return frozenset(map(str.lower, self.columns))

    def native(self, name: str) -> Field:
        """A field that has the table's name already: a column, or a path into one."""
        (found,) = resolve(self, Reading(), name)
        return found

    def scope(self, column: str, values: Iterable[str | int]) -> Node:
        """What narrows the table to rows with any of the values."""
        target = self.column(column, column)
        return any_of(
            NumberEquals(target, value) if isinstance(value, int) else Equals(target, value)
            for value in values
        )

    def no_column(self, sigma: str, known: Iterable[str]) -> Refused:
        """That nothing of the table holds the field, with the names nearest to it."""
        near = nearest(sigma, known)
        hint = f"; near it: {', '.join(near)}" if near else ""
        return Refused("unmapped-field", f"{self.name} has no column for the field {sigma}{hint}")


_NAME = re.compile(r"[A-Za-z0-9_.\- ]+")


def is_name(text: str) -> bool:
    """Whether a column can have this name, quoted or not; names like `__x` are the language's.

    https://learn.microsoft.com/kusto/query/schema-entities/entity-names
    """
    return _NAME.fullmatch(text) is not None and not text.startswith("__")


def nearest(sigma: str, known: Iterable[str]) -> list[str]:
    """The names that are most like a field's, the nearest first."""
    return get_close_matches(sigma, list(known), n=3, cutoff=0.6)


@dataclass(frozen=True)
class Computed:
    """A text that a query computes, and what columns hold for it."""

    source: Source
    written: Written | None = None


@dataclass(frozen=True)
class Reading:
    """What the fields of a log source are in its table, beside the columns themselves.

    The columns that `members` names hold JSON in a string. `each` computes any field, and a field
    that is nothing else is a member of the column `inside`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    lists: Iterable[str] = ()
    each: Callable[[str], Computed | None] | None = None
    inside: str = ""


def resolve(table: Table, reading: Reading, sigma: str) -> tuple[Field, ...]:
    """A field of a log source in its table; raises Refused where it is in none of its columns."""
    computed = reading.computed.get(sigma) or (reading.each(sigma) if reading.each else None)
    if computed is not None:
        alias = f"{sigma}_text" if table.has(sigma) else sigma
        return (Field(alias, Type.STRING, sigma, computed.source),)
    whole = reading.columns.get(sigma, sigma)
    if reading.inside and whole.partition(".")[0] not in table.columns:
        whole = f"{reading.inside}.{whole}"
    if any(p.startswith(f"{path}.") for path in reading.lists for p in (sigma, whole)):
        raise Refused("list-member", f"{sigma} is in each item of a list, where no path leads")
    first, *steps = whole.split(".")
    if first in table.columns and not steps:
        return (table.column(first, sigma),)
    first = reading.members.get(first, first)
    if table.columns.get(first) == "dynamic" or first in reading.members.values():
        return (table.path((first, *steps), sigma),)
    raise table.no_column(sigma, {**reading.columns, **reading.computed, **table.columns})


# --- what data files say of a log source ------------------------------------------------------


def plan(
    tables: Schema,
    entry: Mapping[str, Any],
    known: Mapping[str, Computed] | None = None,
    refuse: Callable[[FieldLeaf], None] | None = None,
) -> Plan:
    """The plan that an entry `[[logsource]]` of a data file describes.

    `known` are the readings that an entry may name, `refuse` raises Refused for what no column
    can tell of a leaf.
    """
    target = Table(entry["table"], tables[entry["table"]])
    reading = reading_of(entry, known or {})
    keywords = entry.get("keywords")
    cases = entry.get("cases", {})
    written = {sigma: c.written for sigma, c in reading.computed.items() if c.written is not None}
    return Plan(
        partial(resolve, target, reading),
        tuple(target.scope(column, values) for column, values in entry.get("scope", {}).items()),
        target.name,
        text=target.column(keywords, keywords) if keywords else None,
        approximations=tuple(Reason(c, m) for c, m in entry.get("approximate", {}).items()),
        native=target.native,
        values=entry.get("values", {}),
        always=frozenset(
            (
                *entry.get("always", ()),
                *entry.get("constants", {}),
                *(s for s, c in cases.items() if "otherwise" in c),
            )
        ),
        written=_EachWritten(written, reading.each) if reading.each else written,
        refuse=refuse,
        partial=Reason("part-of-log", entry["partial"]) if "partial" in entry else None,
        parser=parsers.parser(target.name, entry.get("scope", {})),
    )


def own_table(tables: Schema, name: str) -> Plan:
    """A table as the log source of rules that are written in its own columns.

    A path into a column of text reads the JSON that it holds.
    """
    texts = {column: column for column, kind in tables[name].items() if kind == "string"}
    return plan(tables, {"table": name, "members": texts})


def reading_of(entry: Mapping[str, Any], known: Mapping[str, Computed]) -> Reading:
    """How the fields of an entry are read."""
    each = entry.get("each")
    return Reading(
        entry.get("columns", {}),
        entry.get("members", {}),
        {
            **{sigma: known[name] for sigma, name in entry.get("computed", {}).items()},
            **{
                sigma: Computed(Expression(text))
                for sigma, text in entry.get("expressions", {}).items()
            },
            **{sigma: _constant(text) for sigma, text in entry.get("constants", {}).items()},
            **{sigma: _case(case) for sigma, case in entry.get("cases", {}).items()},
            **{
                sigma: _extract(position, sigma, extract)
                for position, (sigma, extract) in enumerate(entry.get("extracts", {}).items())
            },
        },
        entry.get("lists", ()),
        partial(_each, each) if each else None,
        entry.get("inside", ""),
    )


class _EachWritten(dict[str, Written]):
    """What columns hold for fields that are computed on demand."""

    def __init__(
        self, known: Mapping[str, Written], each: Callable[[str], Computed | None]
    ) -> None:
        super().__init__(known)
        self._computed = each

    def __missing__(self, sigma: str) -> Written:
        computed = self._computed(sigma)
        if computed is None or computed.written is None:
            raise KeyError(sigma)
        return computed.written

    def __contains__(self, sigma: object) -> bool:
        return super().__contains__(sigma) or (
            isinstance(sigma, str) and self._computed(sigma) is not None
        )


def json_text(value: object) -> str:
    """JSON as a column of text holds it."""
    return json.dumps(value, ensure_ascii=False)


def _constant(text: str) -> Computed:
    """What every event has, so that none has another value."""
    return Computed(Literal(text), lambda value: {} if value.lower() == text.lower() else None)


def _case(case: Mapping[str, Any]) -> Computed:
    """A value that stands for some values of a column, and another for all the rest."""
    column, otherwise = case["column"], case.get("otherwise", "")
    cases = [
        Case(column, Literal(sigma), tuple(values)) for sigma, values in case["values"].items()
    ]
    known = {sigma.lower(): {column: values[0]} for sigma, values in case["values"].items()}
    if "example" in case:
        known[otherwise.lower()] = {column: case["example"]}
    return Computed(Cases(tuple(cases), Literal(otherwise)), lambda value: known.get(value.lower()))


def _extract(position: int, sigma: str, extract: Mapping[str, str]) -> Computed:
    """What the one group of a pattern finds in a column's text."""
    column = extract["column"]
    holds = re.compile(extract.get("holds", ".*"), re.DOTALL)
    template, joined = extract.get("written", "{}"), extract.get("joined", " ")

    def written(value: str) -> Mapping[str, object] | None:
        if not holds.fullmatch(value):
            return None
        return {column: Part(template.replace("{}", value), position, joined)}

    return Computed(Extract(extract["pattern"], Column(column)), written)


def _each(each: Mapping[str, str], sigma: str) -> Computed | None:
    if not is_name(sigma) or not re.fullmatch(each["names"], sigma):
        return None
    own = {key: text.replace("{name}", sigma) for key, text in each.items()}
    return _extract(0, sigma, own)
