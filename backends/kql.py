"""KQL, as Microsoft Sentinel and Defender read it: https://learn.microsoft.com/kusto/query/

A query reads one table and filters it in steps. A field that is no column of the table is read out
of a dynamic value by `extend` first (`Field.source`) and is a string from then on.

Kusto's strings are never null, so every test of a string is true or false; a test of another type
can be null, and `not(null)` drops the row, so such tests are closed by `coalesce(…, false)`:
https://learn.microsoft.com/kusto/query/scalar-data-types/null-values. `==` and `in` need none:
they are false for null against a value.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Hashable, Sequence
from ipaddress import IPv4Network
from typing import Any, NamedTuple, TypeAlias

from backends import kql_regex
from backends.dialect import Dialect, Notes
from backends.kql_text import name, string
from backends.layout import WIDTH, Doc, Join, Listing, Prefixed, Text, render
from transpile.ir import regex
from transpile.ir.networks import unmapped
from transpile.ir.nodes import (
    Anchor,
    And,
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    NumberEquals,
    Parts,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.walk import leaves
from transpile.query import Place, Reason, Refused

MOST_TERMS = 60
"""operands of one connective without parentheses, and steps of one query: the language service
refuses deep chains of either (KS245)"""

LONG_LIST = 25
"""values of a list that is named by `let` before the query"""

_NUMBERS = (Type.LONG, Type.DOUBLE)
_TYPED = (*_NUMBERS, Type.BOOLEAN, Type.DATE, Type.DYNAMIC)
_READ_AS = {
    Type.LONG: "tolong",
    Type.DOUBLE: "todouble",
    Type.BOOLEAN: "tobool",
    Type.DATE: "todatetime",
}


def _text(field: Field, place: Place | None) -> str:
    """The field as a string; null becomes the empty one."""
    if _is_json(field):
        raise _no_text(field, place)
    column = name(field.name)
    return f"tostring({column})" if field.type in _TYPED and not field.source else column


def _is_json(field: Field) -> bool:
    return field.type is Type.DYNAMIC and not field.source


def _no_text(field: Field, place: Place | None) -> Refused:
    message = f"{field.name} holds a JSON value, which has members but no text to compare"
    return Refused("json-value", message, place)


# --- presence ---------------------------------------------------------------------------------


def _null(leaf: IsNull, notes: Notes) -> Doc:
    return Text(_presence(leaf.field, notes, leaf.place, absent=True))


def _exists(leaf: Exists, notes: Notes) -> Doc:
    return Text(_presence(leaf.field, notes, leaf.place))


def _presence(field: Field, notes: Notes, place: Place | None, *, absent: bool = False) -> str:
    if _is_nullable(field):
        return f"{'isnull' if absent else 'isnotnull'}({field.source or name(field.name)})"
    notes.approximate(
        "empty-or-missing",
        f"the column {field.name} holds the same where {field.sigma_name} is empty and where it "
        "is missing",
        place,
    )
    return f"{'isempty' if absent else 'isnotempty'}({name(field.name)})"


def _is_nullable(field: Field) -> bool:
    return not field.computed and (bool(field.source) or field.type in _TYPED)


def _empty(field: Field, notes: Notes, place: Place | None) -> Doc:
    if _is_nullable(field):
        present = Text(_presence(field, notes, place))
        return Join("and", (present, Text(f"isempty({_text(field, place)})")))
    return Text(_presence(field, notes, place, absent=True))


# --- equality and lists -----------------------------------------------------------------------


class _Test(NamedTuple):
    """A comparison with one literal, as it stands alone and in a list."""

    subject: str
    operator: str
    literal: str

    @property
    def list_operator(self) -> str:
        return "in~" if self.operator == "=~" else "in"


_Value: TypeAlias = Equals | NumberEquals | BooleanEquals


def _test(leaf: _Value) -> _Test:
    value, cased = _spelled(leaf)
    field = leaf.field
    if _is_native(field.type, leaf, value):
        return _Test(name(field.name), "==", value.lower())
    text = _text(field, leaf.place)
    if cased:
        return _Test(text, "==", string(value))
    if _beyond_ascii(value):
        return _Test(f"tolower({text})", "==", string(value.lower()))
    return _Test(text, "=~", string(value))


def _spelled(leaf: _Value) -> tuple[str, bool]:
    if isinstance(leaf, Equals):
        return leaf.value, leaf.cased
    if isinstance(leaf, BooleanEquals):
        return str(leaf.boolean).lower(), False
    whole = isinstance(leaf.number, float) and leaf.number.is_integer()
    return str(int(leaf.number) if whole else leaf.number), False


def _is_native(type_: Type, leaf: _Value, value: str) -> bool:
    """Whether the column takes the value as a literal of its own type."""
    if type_ is Type.BOOLEAN:
        return not isinstance(leaf, NumberEquals) and value.lower() in ("true", "false")
    if type_ not in _NUMBERS or isinstance(leaf, BooleanEquals):
        return False
    whole = re.fullmatch("0|-?[1-9][0-9]{0,17}", value) is not None
    return whole or (isinstance(leaf, NumberEquals) and isinstance(leaf.number, float))


def _beyond_ascii(text: str) -> bool:
    """Whether letters have a case that the caseless operators don't know: they fold ASCII only.

    https://learn.microsoft.com/kusto/query/datatypes-string-operators
    """
    return not text.isascii() and any(not c.isascii() and len(regex.variants(c)) > 1 for c in text)


def _is_empty(leaf: _Value) -> bool:
    return isinstance(leaf, Equals) and not leaf.value


def _value(leaf: _Value, notes: Notes) -> Doc:
    if _is_empty(leaf):
        return _empty(leaf.field, notes, leaf.place)
    return Text(" ".join(_test(leaf)))


# --- text -------------------------------------------------------------------------------------


def _glob(leaf: Glob, notes: Notes) -> Doc:
    if leaf.parts == (Wildcard.ANY_RUN,):
        return _exists(Exists(leaf.field, place=leaf.place), notes)
    if _is_json(leaf.field):
        return _in_json(leaf, notes)
    return Text(_fits(_text(leaf.field, leaf.place), leaf.parts, cased=leaf.cased))


def _in_json(leaf: Glob, notes: Notes) -> Doc:
    """Text that may occur anywhere in a JSON value is sought in what tostring() makes of it."""
    if any(isinstance(end, str) for end in (leaf.parts[0], leaf.parts[-1])):
        raise _no_text(leaf.field, leaf.place)
    notes.approximate(
        "json-text",
        f"sought in the JSON text of {leaf.field.name}, where the names of its members stand too",
        leaf.place,
    )
    parts = tuple(
        json.dumps(part, ensure_ascii=False)[1:-1] if isinstance(part, str) else part
        for part in leaf.parts
    )
    return Text(_fits(f"tostring({name(leaf.field.name)})", parts, cased=leaf.cased))


_SHAPES = {
    (True, False): "endswith",
    (False, True): "startswith",
    (True, True): "contains",
}


def _fits(subject: str, parts: Parts, *, cased: bool) -> str:
    literals = [part for part in parts if isinstance(part, str)]
    before, after = parts[0] is Wildcard.ANY_RUN, parts[-1] is Wildcard.ANY_RUN
    if len(literals) != 1 or len(parts) != 1 + before + after:
        return f"{subject} matches regex {string(kql_regex.glob(parts, cased=cased))}"
    (literal,) = literals
    if not cased and _beyond_ascii(literal):
        subject, literal, cased = f"tolower({subject})", literal.lower(), True
    operator = _SHAPES[before, after] + ("_cs" if cased else "")
    return f"{subject} {operator} {string(literal)}"


def _regex(leaf: Regex, notes: Notes) -> Doc:
    try:
        pattern = regex.parse(leaf.pattern, leaf.flags)
        text = kql_regex.search(pattern)
    except Refused as refused:
        raise Refused(refused.reason.code, refused.reason.message, leaf.place) from refused
    if kql_regex.uses_word_boundary(pattern):
        notes.approximate(
            "regex-word-boundary",
            r"\b and \B take letters outside ASCII as part of a word",
            leaf.place,
        )
    found = Text(f"{_text(leaf.field, leaf.place)} matches regex {string(text)}")
    if not kql_regex.finds_empty(pattern):
        return found
    # An absent field reads as the empty string.
    return Join("and", (Text(_presence(leaf.field, notes, leaf.place)), found))


_ANCHORS = {
    Anchor.WHOLE: ("=~", "=="),
    Anchor.START: ("startswith", "startswith_cs"),
    Anchor.END: ("endswith", "endswith_cs"),
    Anchor.INSIDE: ("contains", "contains_cs"),
}


def _same(leaf: SameAs, notes: Notes) -> Doc:
    fields = (leaf.field, leaf.other)
    present = [Text(_presence(field, notes, leaf.place)) for field in fields]
    this, other = (_text(field, leaf.place) for field in fields)
    test = Text(f"{this} {_ANCHORS[leaf.anchor][leaf.cased]} {other}")
    return Join("and", (*present, test))


def _keyword(leaf: Keyword, notes: Notes) -> Doc:
    raise Refused(
        "keyword-column", "no column of the table holds the text of the whole event", leaf.place
    )


# --- addresses, numbers, times ----------------------------------------------------------------


def _cidr(leaf: Cidr, notes: Notes) -> Doc:
    """`ipv6_is_match` reads both families and takes a mapped IPv4 address as the IPv4 one.

    https://learn.microsoft.com/kusto/query/ipv6-is-match-function; both functions are null for
    what is no address.
    """
    network = unmapped(leaf.network)
    function = "ipv6_is_match" if isinstance(network, IPv4Network) else "ipv6_is_in_range"
    return Text(_closed(f"{function}({_text(leaf.field, leaf.place)}, {string(str(network))})"))


def _closed(test: str) -> str:
    return f"coalesce({test}, false)"


def _compare(leaf: Compare, notes: Notes) -> Doc:
    field = leaf.field
    number = name(field.name) if field.type in _NUMBERS else f"todouble({_text(field, leaf.place)})"
    return Text(_closed(f"{number} {leaf.comparison.value} {_bound(leaf.number)}"))


def _bound(number: int | float) -> int | float:
    """A number that Kusto can hold, as a long or else a real."""
    if isinstance(number, int) and abs(number) < 2**63:
        return number
    return float(max(-sys.float_info.max, min(sys.float_info.max, number)))


def _time_part(leaf: TimePartCompare, notes: Notes) -> Doc:
    """https://learn.microsoft.com/kusto/query/datetime-part-function; weeks count as in ISO 8601:
    https://learn.microsoft.com/kusto/query/week-of-year-function
    """
    time = name(leaf.field.name)
    if leaf.field.type is not Type.DATE:
        time = f"todatetime({_text(leaf.field, leaf.place)})"
        notes.approximate(
            "time-zone",
            f"{leaf.field.sigma_name} is text: a time with an offset is taken in UTC, and a date "
            "without a time is midnight",
            leaf.place,
        )
    week = leaf.part is TimePart.WEEK
    part = f"week_of_year({time})" if week else f'datetime_part("{leaf.part.value}", {time})'
    return Text(_closed(f"{part} {leaf.comparison.value} {leaf.number}"))


# --- the dialect ------------------------------------------------------------------------------


class Kql(Dialect):
    """KQL over one table."""

    NAME = "KQL"
    AND = "and"
    OR = "or"
    NOT = "not"
    GENERATE = {  # noqa: RUF012
        Equals: _value,
        NumberEquals: _value,
        BooleanEquals: _value,
        Glob: _glob,
        Regex: _regex,
        Cidr: _cidr,
        Compare: _compare,
        TimePartCompare: _time_part,
        IsNull: _null,
        Exists: _exists,
        SameAs: _same,
        Keyword: _keyword,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        filters = [*_scope(search.scope), *_conjuncts(search.condition)]
        written = [(_extended(f), self._where(f, notes)) for f in filters]
        extended = {(f.name, f.source): f for fields, _ in written for f in fields}
        if len({alias for alias, _ in extended}) < len(extended):
            reason = Reason("field-collision", "two fields of the rule get one name in the query")
            notes.refusals.append(reason)
        notes.columns += [field.name for field in extended.values()]
        steps = [
            search.table,
            *(text for fields, text in written if not fields),
            *([_extend(list(extended.values()))] if extended else []),
            *(text for fields, text in written if fields),
        ]
        if search.columns:
            used = [name(f.name) for leaf in leaves(search.condition) for f in _fields(leaf)]
            steps.append(_project([*map(name, search.columns), *used]))
        return "\n".join([*notes.definitions, *steps])

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
        if not isinstance(leaf, _Value) or _is_empty(leaf) or _is_json(leaf.field):
            return None
        test = _test(leaf)
        return test.subject, test.list_operator

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        tests = [_test(leaf) for leaf in leaves]
        subject, operator = tests[0].subject, tests[0].list_operator
        literals = tuple(dict.fromkeys(test.literal for test in tests))
        if len(literals) >= LONG_LIST:
            title = f"values{len(notes.definitions) + 1}"
            values = Listing(f"let {title} = dynamic([", literals, "]);")
            notes.definitions.append(render(values))
            return Text(f"{subject} {operator} ({title})")
        return Listing(f"{subject} {operator} (", literals)

    def _where(self, condition: Node, notes: Notes) -> str:
        return "| where " + render(self.generate(condition, notes), indent=1)


def _scope(scope: Sequence[Node]) -> list[Node]:
    """The scope as one filter on columns, and one for each value that must be read out first."""
    plain = tuple(node for node in scope if not _extended(node))
    rest = [node for node in scope if _extended(node)]
    return [*([And(plain)] if plain else []), *rest]


def _project(columns: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(columns))
    line = f"| project {', '.join(distinct)}"
    return line if len(line) <= WIDTH else "| project\n    " + ",\n    ".join(distinct)


def _fields(leaf: AnyLeaf) -> tuple[Field, ...]:
    """The fields of a leaf that the query has as columns."""
    if isinstance(leaf, Keyword):
        return ()
    used = (leaf.field, leaf.other) if isinstance(leaf, SameAs) else (leaf.field,)
    return tuple(field for field in used if not field.source or field in _used(leaf))


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
    if field.computed:
        return field.source
    return f"{_READ_AS.get(field.type, 'tostring')}({field.source})"


def _extended(node: Node) -> list[Field]:
    """The fields whose value must be read out of another before the condition can be tested."""
    return [field for leaf in leaves(node) for field in _used(leaf) if field.source]


def _used(leaf: AnyLeaf) -> tuple[Field, ...]:
    if isinstance(leaf, Keyword):
        return ()
    present = isinstance(leaf, Glob) and leaf.parts == (Wildcard.ANY_RUN,)
    if (present or isinstance(leaf, (IsNull, Exists))) and not leaf.field.computed:
        return ()
    return (leaf.field, leaf.other) if isinstance(leaf, SameAs) else (leaf.field,)
