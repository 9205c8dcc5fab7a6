"""Log sources in Kusto tables, as data files tell them.

A field of a log source is a column of its table, a value inside a column that holds JSON, or is
computed from a column: taken out of its text, or told by its values. A query may use only the
columns that a schema lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from functools import cached_property, partial

from transpile.ir.nodes import Equals, Field, FieldLeaf, Node, NumberEquals, Type
from transpile.ir.search import Devices
from transpile.ir.simplify import any_of
from transpile.ir.source import Case, Cases, Column, Expression, Extract, Literal, Member, Source
from transpile.query import Reason, Refused
from transpile.targets import parsers
from transpile.targets.compiled import decoded
from transpile.targets.folder import Stated, read
from transpile.targets.folder import folder as data
from transpile.targets.lacking import refuse_lacking
from transpile.targets.model import DevicesEntry, FieldEntry, LogSourceEntry
from transpile.targets.plan import LogSource, Plan
from transpile.targets.target import Target
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
        for title, kinds in decoded(file, dict[str, dict[str, list[str]]]).items()
    }


def targets(
    folder: str,
    plan: Callable[[str, LogSource], Plan],
    tables: Callable[[], Schema],
    product: str = "",
) -> Mapping[str, Target]:
    """The targets of a folder by name; `plan` takes the name and the log source."""
    return {
        one.name: Target(
            one.name,
            one.title,
            one.dialect,
            one.about,
            partial(plan, one.name),
            product=product,
            tables=tables,
            stated=partial(_stated, folder),
        )
        for one in data(folder).target.target
    }


def _stated(folder: str, source: LogSource) -> list[Stated]:
    """What the files of a folder say of a log source, or else that of Windows' channels."""
    said = list(read(f"{folder}/logsources").stated(source))
    return said or list(read("shared/windows").stated(source))


def log_source(folder: str, source: LogSource, missing: str) -> LogSourceEntry:
    """What a folder says of a log source; `missing` is what is not known where it says nothing.

    Raises:
        Refused: it says nothing of it.
    """
    entry = read(f"{folder}/logsources").find(source)
    if entry is None:
        raise Refused(
            "no-table",
            f"{missing} is known for {source}; a pipeline can rename its log source to one that is",
        )
    return entry


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

    def spelled(self, name: str) -> str:
        """The name as the table's column has it, if only its case is another.

        Names of columns count with their case, so that a name of a rule's can mean no other one:
        https://learn.microsoft.com/kusto/query/schema-entities/entity-names
        """
        return name if name in self.columns else self._caseless.get(name.lower(), name)

    @cached_property
    def _caseless(self) -> Mapping[str, str]:
        return {name.lower(): name for name in self.columns}

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
        near = nearest(sigma, [name for name in known if name != sigma])
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
class Reading:
    """What the fields of a log source are in its table, beside the columns themselves.

    `columns` gives fields the names that any of which may hold them, of columns or paths into them;
    `unmapped` tells why a field has none. The columns that `members` names hold JSON in a string.
    `each` computes any field; one that is nothing else is what `others` names, with `{name}` for
    the field's own.
    """

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, Source] = field(default_factory=dict)
    unmapped: Mapping[str, str] = field(default_factory=dict)
    lists: Iterable[str] = ()
    each: Callable[[str], Source | None] | None = None
    others: str = ""


def resolve(table: Table, reading: Reading, sigma: str) -> tuple[Field, ...]:
    """A field of a log source in its table; raises Refused where it is in none of its columns."""
    if sigma in reading.unmapped:
        raise Refused("unmapped-field", reading.unmapped[sigma])
    computed = reading.computed.get(sigma)
    if computed is None and reading.each is not None and sigma not in reading.columns:
        computed = reading.each(sigma)
    if computed is not None:
        alias = f"{sigma}_text" if table.has(sigma) else sigma
        return (Field(alias, Type.STRING, sigma, computed),)
    names = reading.columns.get(sigma, (sigma,))
    return tuple(_named(table, reading, sigma, name) for name in names)


def _named(table: Table, reading: Reading, sigma: str, name: str) -> Field:
    """The field of this name: a column, or a path into one that holds an object."""
    first = name.partition(".")[0]
    if reading.others and first not in table.columns and first not in reading.members:
        name = reading.others.replace("{name}", name)
    spelled = (sigma.lower(), name.lower())
    if any(p.startswith(f"{path.lower()}.") for path in reading.lists for p in spelled):
        raise Refused("list-member", f"{sigma} is in each item of a list, where no path leads")
    first, *steps = name.split(".")
    if first not in reading.members:
        first = table.spelled(first)
    if first in table.columns and not steps:
        return table.column(first, sigma)
    first = reading.members.get(first, first)
    if table.columns.get(first) == "dynamic" or first in reading.members.values():
        return table.path((first, *steps), sigma)
    raise table.no_column(sigma, {**reading.columns, **reading.computed, **table.columns})


# --- what data files say of a log source ------------------------------------------------------


def plan(tables: Schema, entry: LogSourceEntry) -> Plan:
    """The plan that an entry `[[logsource]]` of a data file describes."""
    target = Table(entry.table, tables[entry.table])
    texts = [target.column(name, name) for name in entry.keyword_fields]
    limited = {
        sigma: of
        for sigma, of in entry.fields.items()
        if not isinstance(of, str) and (of.lacking or of.closed)
    }
    return Plan(
        partial(resolve, target, reading_of(entry)),
        tuple(target.scope(column, values) for column, values in entry.scope.items()),
        target.name,
        text=texts[0] if texts else None,
        texts=tuple(texts[1:]),
        whole=entry.whole,
        devices=_devices(entry.devices),
        approximations=(
            *(Reason(code, message) for code, message in entry.approximate.items()),
            *_told_of_devices(entry.devices),
        ),
        native=target.native,
        values={
            name: {text.lower(): held for text, held in of.items()}
            for name, of in entry.values.items()
        },
        refuse=partial(_refuse, limited) if limited else None,
        partial=Reason("part-of-log", entry.partial) if entry.partial else None,
        parser=parsers.parser(target.name, entry.scope),
    )


def _devices(entry: DevicesEntry | None) -> Devices | None:
    if entry is None:
        return None
    return Devices(entry.key, entry.table, entry.column, tuple(entry.values))


def _told_of_devices(entry: DevicesEntry | None) -> Iterator[Reason]:
    if entry is not None:
        without = f"machines that have no row in {entry.table} in the time that is searched"
        yield Reason("other-platforms", f"{without} are taken for {' or '.join(entry.values)}")


def own_table(tables: Schema, name: str) -> Plan:
    """A table as the log source of rules that are written in its own columns.

    A path into a column of text reads the JSON that it holds.
    """
    target = Table(name, tables[name])
    texts = {column: column for column, kind in target.columns.items() if kind == "string"}
    return Plan(partial(resolve, target, Reading(members=texts)), table=name, native=target.native)


def reading_of(entry: LogSourceEntry) -> Reading:
    """How the fields of an entry are read."""
    columns: dict[str, Sequence[str]] = {}
    computed: dict[str, Source] = {}
    unmapped: dict[str, str] = {}
    for sigma, of in entry.fields.items():
        if isinstance(of, str):
            columns[sigma] = (of,)
        elif of.name or of.any:
            columns[sigma] = (of.name,) if of.name else of.any
        elif of.unmapped:
            unmapped[sigma] = of.unmapped
        else:
            computed[sigma] = _computed(of)
    others = entry.others
    return Reading(
        columns,
        entry.members,
        computed,
        unmapped,
        entry.lists,
        None if isinstance(others, str) else partial(_each, others),
        others if others and isinstance(others, str) else _inside(entry.inside),
    )


def _inside(column: str) -> str:
    return f"{column}.{{name}}" if column else ""


def _computed(of: FieldEntry) -> Source:
    if of.constant is not None:
        return Literal(of.constant)
    if of.pattern:
        return Extract(of.pattern, Column(of.column))
    if of.computed:
        from transpile.targets import computations  # noqa: PLC0415 (not for the default targets)

        return computations.computed(of.computed, of.columns)
    if of.expression:
        return Expression(of.expression)
    cases = (Case(of.column, Literal(text), tuple(values)) for text, values in of.cases.items())
    return Cases(tuple(cases), Literal(of.otherwise))


def _each(others: FieldEntry, sigma: str) -> Source | None:
    if not is_name(sigma) or not re.fullmatch(others.names or ".*", sigma):
        return None
    if others.computed:
        from transpile.targets import computations  # noqa: PLC0415 (not for the default targets)

        return computations.of_each(others.computed, sigma, others.columns)
    # of what a name may have, only a dot means something in a pattern
    name = sigma.replace(".", r"\.")
    return Extract(others.pattern.replace("{name}", name), Column(others.column))


# --- values that a field never has ------------------------------------------------------------


def _refuse(limited: Mapping[str, FieldEntry], leaf: FieldLeaf) -> None:
    """Raise Refused where a rule asks for a text that its field never holds."""
    of = limited.get(leaf.field.sigma_name)
    if of is None or not leaf.field.computed:
        return
    text = refuse_lacking(of, leaf)
    if of.closed and not any(text in one.lower() for one in (*of.cases, of.otherwise)):
        raise Refused("untranslated-value", of.closed, leaf.place)
