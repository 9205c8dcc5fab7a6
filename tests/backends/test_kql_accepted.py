"""Whatever the KQL dialect writes, Microsoft's language service takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from backends.kql import MOST_TERMS, Kql
from transpile.ir.nodes import (
    LEAVES,
    Anchor,
    And,
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.source import Member
from transpile.verify.engines.kql_language import KqlLanguage, Schema

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
SCHEMA = {
    "T": {
        "Text": "string",
        "Whole": "int",
        "Real": "real",
        "Flag": "bool",
        "Time": "datetime",
        "Bag": "dynamic",
    }
}
FIELDS = (
    Field("Text", Type.STRING),
    Field("Member", Type.STRING, source=Member("Bag", ("Member",))),
    Field("where", Type.STRING, source=Member("Bag", ("where",))),
    Field("a 'b' \\c", Type.STRING, source=Member("Bag", ("a 'b' \"\\c",))),
    Field("Whole", Type.LONG),
    Field("Real", Type.DOUBLE),
    Field("Flag", Type.BOOLEAN),
    Field("Time", Type.DATE),
    Field("Bag", Type.DYNAMIC),
)
HOSTILE = "\"\\'`\n\r\t\x00\u202e\U000e0001😀ä) | take 1 //"


def leaves(field: Field) -> Iterator[AnyLeaf]:
    yield from of_text(field)
    yield from of_values(field)
    yield IsNull(field)
    yield Exists(field)


def of_text(field: Field) -> Iterator[AnyLeaf]:
    for cased in (False, True):
        for value in ("", "a", "4", "-4", "04", "4.5", "9" * 30, "true", "ÄÖ", HOSTILE):
            yield Equals(field, value, cased)
        for parts in (
            (RUN,),
            (ONE,),
            (RUN, HOSTILE, RUN),
            (HOSTILE, RUN),
            (RUN, "ÄÖ"),
            ("a", ONE, HOSTILE),
            (RUN, "[&&--~~]{}()^$|+.#", RUN, "b"),
        ):
            yield Glob(field, parts, cased)
        for anchor in Anchor:
            yield SameAs(field, FIELDS[0], anchor, cased)
            yield SameAs(FIELDS[1], field, anchor, cased)
    for pattern in (r"^(?:a|b*)\d{2,}[^\\\[&~-]\b(?i:x)$", "", "a|", r"\x00[\n-\r]\v", "x{0,1000}"):
        for flags in ("", "i", "ims"):
            yield Regex(field, pattern, flags)


def of_values(field: Field) -> Iterator[AnyLeaf]:
    for number in (0, -1, 4688, 2**70, 4.5, -4.5, 1e300):
        yield NumberEquals(field, number)
        for comparison in (Comparison.LT, Comparison.GTE):
            yield Compare(field, comparison, number)
    yield BooleanEquals(field, True)
    for network in ("10.0.0.0/8", "1.2.3.4/32", "0.0.0.0/0", "fe80::/10", "::ffff:1.0.0.0/104"):
        yield Cidr(field, ip_network(network))
    for part in TimePart:
        yield TimePartCompare(field, part, Comparison.EQ, 3)


ALL = [leaf for field in FIELDS for leaf in leaves(field)]


@pytest.fixture(scope="module")
def service(kql_language: Callable[[Schema], KqlLanguage]) -> KqlLanguage:
    return kql_language(SCHEMA)


def text(node: Node) -> str | None:
    return Kql().write(Search(node, table="T")).text


def test_all_leaves_are_tried() -> None:
    assert {type(leaf) for leaf in ALL} | {Keyword} == set(LEAVES)


@pytest.mark.parametrize("kind", [kind for kind in LEAVES if kind is not Keyword])
def test_leaves(service: KqlLanguage, kind: type) -> None:
    said = [leaf for leaf in ALL if isinstance(leaf, kind) and text(leaf) is not None]
    assert said
    for start in range(0, len(said), MOST_TERMS):
        query = text(And(tuple(said[start : start + MOST_TERMS])))
        assert query is not None
        assert service.errors(query) == [], query


def test_lists(service: KqlLanguage) -> None:
    values = [leaf for leaf in ALL if isinstance(leaf, (Equals, NumberEquals, BooleanEquals))]
    for field in FIELDS[:-1]:
        query = text(Not(Or(tuple(leaf for leaf in values if leaf.field == field))))
        assert query is not None
        assert service.errors(query) == [], query


@pytest.mark.parametrize("count", [61, 500, 4000])
@pytest.mark.parametrize("join", [And, Or])
def test_long_chains(service: KqlLanguage, join: type[And | Or], count: int) -> None:
    node = join(tuple(Not(Glob(FIELDS[1], (RUN, f"{n}", RUN))) for n in range(count)))
    query = text(node)
    assert query is not None
    assert service.errors(query) == []
