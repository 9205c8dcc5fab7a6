"""What a leaf comes to on an Elasticsearch field of a certain type.

After fitting, text fields carry only `Equals`, `Glob` and `Regex`; numbers `NumberEquals` and
`Compare`; addresses `Cidr`; truth values `BooleanEquals`; every field `IsNull` and `Exists`.
Types: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/mapping-types.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from ipaddress import ip_address, ip_network
from typing import Any

from backends.dialect import Notes
from backends.layout import Doc
from transpile.ir.nodes import (
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Keyword,
    Node,
    NumberEquals,
    SameAs,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.simplify import all_of, map_leaves
from transpile.ir.textual import cidr_in_text, number_in_text
from transpile.query import Reason, Refused

NUMBERS = (Type.LONG, Type.DOUBLE)


def fit(search: Search, notes: Notes, *, words: bool) -> Node:
    """All that is searched for, each leaf as its field's type takes it; else it is refused.

    `words` tells that the language can ask for the words of analysed text.
    """
    condition, refusals = _fitted_search(search)
    if refusals and words:
        from backends.elastic_words import by_words  # noqa: PLC0415 (few rules need it)

        weaker = by_words(search.condition, notes)
        if weaker is not search.condition:
            condition, refusals = _fitted_search(replace(search, condition=weaker))
    notes.refusals += refusals
    return condition


@lru_cache(maxsize=1)  # EQL and Lucene ask for the same search, one after the other
def _fitted_search(search: Search) -> tuple[Node, Sequence[Reason]]:
    notes = Notes()
    whole = all_of([*search.scope, search.condition])
    return map_leaves(whole, partial(_leaf, notes=notes)), notes.refusals


def _leaf(leaf: AnyLeaf, notes: Notes) -> Node:
    if isinstance(leaf, (Keyword, IsNull, Exists, SameAs, TimePartCompare)):
        return leaf
    try:
        return _FITS.get(leaf.field.type, _on_text)(leaf)
    except Refused as refused:
        notes.refusals.append(refused.reason)
        return leaf


def unsayable(leaf: Any, notes: Notes) -> Doc:
    """The entry of a dialect's table for what no Elasticsearch query can ask."""
    if isinstance(leaf, SameAs):
        raise Refused(
            "field-comparison",
            f"{leaf.field.name} can't be compared with {leaf.other.name}: "
            "Elasticsearch compares a field with a value only",
            leaf.place,
        )
    if isinstance(leaf, TimePartCompare):
        raise Refused(
            "time-part",
            f"Elasticsearch can't ask for the {leaf.part.value} in {leaf.field.name}",
            leaf.place,
        )
    raise Refused("keyword-search", "the target names no field that holds an event's text")


def present(leaf: Exists | IsNull) -> str:
    """The field that a test of presence names.

    EQL and the query DSL both ask it by an exists query, where a `*` in a name, unlike in any other
    query, stands for any text.
    """
    name = leaf.field.name
    if "*" in name:
        raise Refused("field-name", f"an exists query can't name the field {name!r}", leaf.place)
    return name


def _on_text(leaf: FieldLeaf) -> Node:
    if isinstance(leaf, (Equals, Glob)):  # most of them
        return leaf
    if isinstance(leaf, Cidr):
        return cidr_in_text(leaf)
    if isinstance(leaf, Compare):
        return number_in_text(leaf)
    if isinstance(leaf, NumberEquals):
        return Equals(leaf.field, str(leaf.number), place=leaf.place)
    if isinstance(leaf, BooleanEquals):
        return Equals(leaf.field, str(leaf.boolean).lower(), place=leaf.place)
    return leaf


def _on_number(leaf: FieldLeaf) -> Node:
    if isinstance(leaf, (NumberEquals, Compare)):
        return leaf
    if isinstance(leaf, Equals):
        try:
            number = float(leaf.value)
        except ValueError:
            raise _mismatch(leaf, f"{leaf.value!r} is no number") from None
        exact = int(number) if number.is_integer() else number
        return NumberEquals(leaf.field, exact, place=leaf.place)
    raise _mismatch(leaf, "a pattern over its text can't be asked")


def _on_address(leaf: FieldLeaf) -> Node:
    if isinstance(leaf, Cidr):
        return leaf
    if isinstance(leaf, Equals):
        try:
            network = ip_network(ip_address(leaf.value))
        except ValueError:
            raise _mismatch(leaf, f"{leaf.value!r} is no address") from None
        return Cidr(leaf.field, network, place=leaf.place)
    if isinstance(leaf, Glob):
        return _octets(leaf)
    raise _mismatch(leaf, "a pattern over its text can't be asked")


def _octets(leaf: Glob) -> Node:
    """A prefix of whole octets, `192.168.*`, as the network that it is."""
    octets = str(leaf.parts[0]).split(".")
    whole = leaf.parts[1:] == (Wildcard.ANY_RUN,) and octets.pop() == "" and len(octets) < 4
    try:
        address = ".".join([*octets, *["0"] * (4 - len(octets))])
        network = ip_network(f"{address}/{8 * len(octets)}") if whole else None
    except ValueError:
        network = None
    if network is None:
        raise _mismatch(leaf, "only a prefix of whole octets can be asked, like 192.168.*")
    return Cidr(leaf.field, network, place=leaf.place)


def _on_boolean(leaf: FieldLeaf) -> Node:
    if isinstance(leaf, BooleanEquals):
        return leaf
    if isinstance(leaf, Equals) and leaf.value.lower() in ("true", "false"):
        return BooleanEquals(leaf.field, leaf.value.lower() == "true", place=leaf.place)
    raise _mismatch(leaf, "it is only true or false")


def _on_key(leaf: FieldLeaf) -> Node:
    text = _on_text(leaf)
    if isinstance(text, Equals) and (text.cased or text.value.upper() == text.value.lower()):
        return replace(text, cased=True)
    raise _mismatch(leaf, "of the keys of such a field only whole values can be found")


def _on_analysed(leaf: FieldLeaf) -> Node:
    raise _mismatch(
        leaf,
        "of analysed text only words can be found; "
        "map a wildcard subfield, or give the schema of indices that have one (--schema)",
    )


def _on_date(leaf: FieldLeaf) -> Node:
    raise _mismatch(leaf, "a rule gives no date to compare with")


_FITS: Mapping[Type, Callable[[FieldLeaf], Node]] = {
    Type.LONG: _on_number,
    Type.DOUBLE: _on_number,
    Type.IP: _on_address,
    Type.BOOLEAN: _on_boolean,
    Type.TEXT: _on_analysed,
    Type.FLATTENED: _on_key,
    Type.DATE: _on_date,
}


def _mismatch(leaf: FieldLeaf, why: str) -> Refused:
    field: Field = leaf.field
    return Refused(
        "field-type",
        f"{field.name} (for {field.sigma_name}) is of type {field.type.value}: {why}",
        leaf.place,
    )
