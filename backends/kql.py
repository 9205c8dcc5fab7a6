"""KQL, as Microsoft Sentinel and Defender read it: https://learn.microsoft.com/kusto/query/

A query reads one table, or several whose rows are put together, and filters each in steps: first
by what narrows the table to the log source, then by whole terms, for which there is an index, then
by the rule's own conditions. A field that is no column of the table is read out of one by `extend`
first (`Field.source`) and is a string from then on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from backends import kql_regex
from backends.dialect import Dialect, Notes, Written
from backends.kql_call import call
from backends.kql_source import written
from backends.kql_terms import implied
from backends.kql_text import name, string
from backends.kql_where import GENERATE, pattern_subject, value_test
from backends.kql_xml import as_it_stands, is_plain
from backends.layout import WIDTH, Doc, Join, Listing, Prefixed, Text, render
from transpile.ir.nodes import (
    And,
    AnyLeaf,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    SameAs,
    Type,
    Wildcard,
)
from transpile.ir.search import Devices, Search
from transpile.ir.source import Element
from transpile.ir.walk import leaves
from transpile.query import Reason

MOST_TERMS = 60
"""operands of one connective without parentheses, and steps of one query: the language service
refuses deep chains of either (KS245)"""

LONGEST = 10_000
"""characters that the query of an analytics rule may have; one that is run by hand has no such
limit: https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview"""

LONG_LIST = 25
"""values of a list that is named by `let` before the query"""

_READ_AS = {
    Type.LONG: "tolong",
    Type.DOUBLE: "todouble",
    Type.BOOLEAN: "tobool",
    Type.DATE: "todatetime",
}


class Kql(Dialect):
    """KQL over tables."""

    NAME = "KQL"
    SUFFIX = "kql"
    AND = "and"
    OR = "or"
    NOT = "not"
    GENERATE = GENERATE

    def write(self, search: Search) -> Written:
        query = super().write(search)
        if query.text is None or len(query.text) <= LONGEST:
            return query
        return _Short().write(search)

    def field(self, field: Field) -> str:
        return field.name if field.source is None else written(field.source)

    def compose(self, search: Search, notes: Notes) -> str:
        parts = [self._steps(one, notes) for one in (search, *search.others)]
        steps = parts[0] if len(parts) == 1 else [_union(parts)]
        return "\n".join([*notes.definitions, *steps])

    def _steps(self, search: Search, notes: Notes) -> list[str]:
        """What is done to the rows of one table."""
        scope = [self._filter(one, notes) for one in _scope(search.scope)]
        filters = [self._filter(one, notes) for one in _conjuncts(search.condition)]
        read = {(f.name, f.source): f for one in (*scope, *filters) for f in one.reads}
        if len({alias for alias, _ in read}) < len(read):
            reason = Reason("field-collision", "two fields of the rule get one name in the query")
            notes.refusals.append(reason)
        told = [field.name for field in read.values() if field.name not in notes.columns]
        notes.columns += told
        fields = _as_they_stand(read.values(), (*search.scope, search.condition))
        table, terms = search.table, implied(search.condition)
        if search.parser is not None:
            table, terms = call(table, search.parser, terms)
        steps = [
            table,
            *(one.text for one in scope if not one.reads),
            *([_devices(search.devices)] if search.devices else []),
            *(_where(one.test()) for one in terms),
            *(one.text for one in filters if not one.reads),
            *([_extend(fields)] if fields else []),
            *(one.text for one in (*scope, *filters) if one.reads),
        ]
        if search.columns:
            used = [name(f.name) for leaf in leaves(search.condition) for f in _fields(leaf)]
            steps.append(_project([*map(name, search.columns), *used]))
        return steps

    def generate(self, node: Node, notes: Notes) -> Doc:
        return _balanced(super().generate(node, notes))

    def negate(self, doc: Doc) -> Doc:
        if isinstance(doc, Text):
            return Text(f"not({doc.text})")
        if isinstance(doc, Listing):
            return Listing(f"not({doc.opening}", doc.items, f"{doc.closing})", doc.separator)
        if isinstance(doc, Prefixed):
            doc = Prefixed(doc.word, doc.part, closed=True)
        return Prefixed(self.NOT, doc)

    def list_key(self, leaf: Node) -> Hashable | None:
        test = value_test(leaf)
        return test and (test.subject, test.list_operator)

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        tests = [test for leaf in leaves if (test := value_test(leaf))]
        subject, operator = tests[0].subject, tests[0].list_operator
        literals = tuple(dict.fromkeys(test.literal for test in tests))
        if len(literals) >= LONG_LIST:
            title = f"values{len(notes.definitions) + 1}"
            values = Listing(f"let {title} = dynamic([", literals, "]);")
            notes.definitions.append(render(values))
            return Text(f"{subject} {operator} ({title})")
        return Listing(f"{subject} {operator} (", literals)

    def _filter(self, condition: Node, notes: Notes) -> _Filter:
        return _Filter(_where(self.generate(condition, notes)), _read_first(condition))


class _Short(Kql):
    """The same for queries that get too long: one pattern for alternatives of one text."""

    def write(self, search: Search) -> Written:
        return super(Kql, self).write(search)

    def list_key(self, leaf: Node) -> Hashable | None:
        subject = pattern_subject(leaf)
        if subject is None or not isinstance(leaf, Glob):
            return super().list_key(leaf)
        return subject, "matches regex", leaf.cased

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        subject = pattern_subject(leaves[0])
        if subject is None:
            return super().listing(leaves, notes)
        pattern = kql_regex.glob(*(leaf.parts for leaf in leaves), cased=leaves[0].cased)
        return Text(f"{subject} matches regex {string(pattern)}")


class _Filter(NamedTuple):
    """A step of a query, and the fields that must be read out of others before it."""

    text: str
    reads: Sequence[Field]


def _union(parts: Sequence[Sequence[str]]) -> str:
    """The rows of several tables; `isfuzzy` passes over one that the workspace has not.

    https://learn.microsoft.com/kusto/query/union-operator
    """
    tables = [
        "\n".join(f"  {line}" for step in steps for line in step.split("\n")) for steps in parts
    ]
    return "union isfuzzy=true\n" + ",\n".join(f"(\n{steps}\n)" for steps in tables)


def _devices(devices: Devices) -> str:
    """The step that leaves out the rows of other machines, of which another table tells.

    A machine that has no row there stays: nothing says how often each gets one, so that to ask for
    those that are meant would miss events where the time that is searched is short.
    https://learn.microsoft.com/kusto/query/in-operator
    """
    key, column, values = name(devices.key), name(devices.column), list(map(string, devices.values))
    test = f"!~ {values[0]}" if len(values) == 1 else f"!in~ ({', '.join(values)})"
    return f"| where {key} !in (({devices.table} | where {column} {test} | distinct {key}))"


def _as_they_stand(fields: Iterable[Field], conditions: Iterable[Node]) -> list[Field]:
    """The fields, with the entities of XML left where no test can tell."""
    told = {
        field
        for condition in conditions
        for leaf in leaves(condition)
        if not is_plain(leaf)
        for field in _used(leaf)
    }
    return [one if one in told else replace(one, source=as_it_stands(one.source)) for one in fields]


def _where(test: Doc) -> str:
    return "| where " + render(test, indent=1)


def _scope(scope: Sequence[Node]) -> list[Node]:
    """The scope as one filter on columns, and one for each value that must be read out first."""
    plain: list[Node] = []
    rest: list[Node] = []
    for node in scope:
        (rest if _read_first(node) else plain).append(node)
    return [*([And(tuple(plain))] if plain else []), *rest]


def _project(columns: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(columns))
    line = f"| project {', '.join(distinct)}"
    return line if len(line) <= WIDTH else "| project\n    " + ",\n    ".join(distinct)


def _fields(leaf: AnyLeaf) -> tuple[Field, ...]:
    """The fields of a leaf that the query has as columns."""
    if isinstance(leaf, Keyword):
        return ()
    used = (leaf.field, leaf.other) if isinstance(leaf, SameAs) else (leaf.field,)
    return tuple(field for field in used if field.source is None or field in _used(leaf))


def _conjuncts(condition: Node) -> tuple[Node, ...]:
    if isinstance(condition, And) and len(condition.operands) <= MOST_TERMS:
        return condition.operands
    return (condition,)


def _balanced(doc: Doc) -> Doc:
    if not isinstance(doc, Join) or len(doc.parts) <= MOST_TERMS:
        return doc
    groups = [doc.parts[i : i + MOST_TERMS] for i in range(0, len(doc.parts), MOST_TERMS)]
    return _balanced(Join(doc.word, tuple(Join(doc.word, group) for group in groups)))


def _extend(fields: Sequence[Field]) -> str:
    columns = [f"{name(field.name)} = {_read(field)}" for field in fields]
    line = f"| extend {', '.join(columns)}"
    return line if len(line) <= WIDTH else "| extend\n    " + ",\n    ".join(columns)


def _read(field: Field) -> str:
    if field.source is None:
        return name(field.name)
    expression = written(field.source)
    if field.computed or isinstance(field.source, Element):
        return expression
    return f"{_READ_AS.get(field.type, 'tostring')}({expression})"


def _read_first(node: Node) -> list[Field]:
    """The fields whose value must be read out of another before the condition can be tested."""
    return [field for leaf in leaves(node) for field in _used(leaf) if field.source is not None]


def _used(leaf: AnyLeaf) -> tuple[Field, ...]:
    if isinstance(leaf, (Keyword, SameAs)):
        return () if isinstance(leaf, Keyword) else (leaf.field, leaf.other)
    present = isinstance(leaf, (IsNull, Exists)) or (
        isinstance(leaf, Glob) and leaf.parts == (Wildcard.ANY_RUN,)
    )
    return () if present and not leaf.field.computed else (leaf.field,)
