"""What KQL tests of one field, leaf by leaf: https://learn.microsoft.com/kusto/query/

Kusto's strings are never null, so every test of a string is true or false; a test of another type
can be null, and `not(null)` drops the row, so such tests are closed by `coalesce(…, false)`:
https://learn.microsoft.com/kusto/query/scalar-data-types/null-values. `==` and `in` need none:
they are false for null against a value.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import NamedTuple, TypeAlias

from backends import kql_regex, kql_xml
from backends.dialect import Generate, Notes
from backends.kql_source import written
from backends.kql_text import name, string
from backends.layout import Doc, Join, Text
from transpile.ir import regex
from transpile.ir.networks import unmapped
from transpile.ir.nodes import (
    Anchor,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Leaf,
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
from transpile.ir.source import Element
from transpile.query import Place, Refused

_NUMBERS = (Type.LONG, Type.DOUBLE)
_TYPED = (*_NUMBERS, Type.BOOLEAN, Type.DATE, Type.DYNAMIC)


def _text(field: Field, place: Place | None) -> str:
    """The field as a string; null becomes the empty one."""
    if _is_json(field):
        raise _no_text(field, place)
    column = name(field.name)
    return f"tostring({column})" if field.type in _TYPED and field.source is None else column


def _is_json(field: Field) -> bool:
    return field.type is Type.DYNAMIC and field.source is None


def _no_text(field: Field, place: Place | None) -> Refused:
    message = f"{field.name} holds a JSON value, which has members but no text to compare"
    return Refused("json-value", message, place)


# --- presence ---------------------------------------------------------------------------------


def _null(leaf: IsNull, notes: Notes) -> Doc:
    return Text(_presence(leaf.field, notes, leaf.place, absent=True))


def _exists(leaf: Exists, notes: Notes) -> Doc:
    return Text(_presence(leaf.field, notes, leaf.place))


def _presence(field: Field, notes: Notes, place: Place | None, *, absent: bool = False) -> str:
    if isinstance(field.source, Element):
        test = kql_xml.presence(field.source)
        return f"not({test})" if absent else test
    if _is_nullable(field):
        value = name(field.name) if field.source is None else written(field.source)
        return f"{'isnull' if absent else 'isnotnull'}({value})"
    notes.approximate(
        "empty-or-missing",
        f"the column {field.name} holds the same where {field.sigma_name} is empty and where it "
        "is missing",
        place,
    )
    return f"{'isempty' if absent else 'isnotempty'}({name(field.name)})"


def _is_nullable(field: Field) -> bool:
    return not field.computed and (field.source is not None or field.type in _TYPED)


def _empty(field: Field, notes: Notes, place: Place | None) -> Doc:
    if _is_nullable(field):
        present = Text(_presence(field, notes, place))
        return Join("and", (present, Text(f"isempty({_text(field, place)})")))
    return Text(_presence(field, notes, place, absent=True))


# --- equality and lists -----------------------------------------------------------------------


class ValueTest(NamedTuple):
    """A comparison with one literal, as it stands alone and in a list."""

    subject: str
    operator: str
    literal: str

    @property
    def list_operator(self) -> str:
        return "in~" if self.operator == "=~" else "in"


Value: TypeAlias = Equals | NumberEquals | BooleanEquals


def _test(leaf: Value) -> ValueTest:
    value, cased = _spelled(leaf)
    field = leaf.field
    if _is_native(field.type, leaf, value):
        return ValueTest(name(field.name), "==", value.lower())
    text = _text(field, leaf.place)
    if cased:
        return ValueTest(text, "==", string(value))
    if _beyond_ascii(value):
        return ValueTest(f"tolower({text})", "==", string(value.lower()))
    return ValueTest(text, "=~", string(value))


def value_test(leaf: Node) -> ValueTest | None:
    """The test of a leaf that may stand in a list of values, None for any other."""
    if not isinstance(leaf, (Equals, NumberEquals, BooleanEquals)):
        return None
    if _is_empty(leaf) or _is_json(leaf.field):
        return None
    return _test(leaf)


def _spelled(leaf: Value) -> tuple[str, bool]:
    if isinstance(leaf, Equals):
        return leaf.value, leaf.cased
    if isinstance(leaf, BooleanEquals):
        return str(leaf.boolean).lower(), False
    whole = isinstance(leaf.number, float) and leaf.number.is_integer()
    return str(int(leaf.number) if whole else leaf.number), False


def _is_native(type_: Type, leaf: Value, value: str) -> bool:
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


def _is_empty(leaf: Value) -> bool:
    return isinstance(leaf, Equals) and not leaf.value


def _value(leaf: Value, notes: Notes) -> Doc:
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


def pattern_subject(leaf: Node) -> str | None:
    """The text that a pattern can be sought in instead of the leaf's own test, if one can."""
    if not isinstance(leaf, Glob) or leaf.parts == (Wildcard.ANY_RUN,) or _is_json(leaf.field):
        return None
    return _text(leaf.field, leaf.place)


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


# --- all of them ------------------------------------------------------------------------------

GENERATE: Mapping[type[Leaf], Generate] = {
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
