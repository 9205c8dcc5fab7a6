"""How KQL reads a field from each kind of source, by what an engine computes."""

from __future__ import annotations

from typing import get_args

import pytest

from backends.kql_source import written
from backends.kql_text import string
from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Element,
    Expression,
    Extract,
    FromHexadecimal,
    Hexadecimal,
    Joined,
    Literal,
    Member,
    ReplacePattern,
    Source,
    UnlessEmpty,
)
from transpile.verify.engines.kusto import KustoEngine

SCHEMA = {"T": {"Text": "string", "Other": "string", "Number": "long", "Bag": "dynamic"}}
A, B = Column("Text"), Column("Other")
ROW = {"Text": "a-b-a", "Other": "x y", "Number": 2882400018, "Bag": {"In": {"K 1": "v"}}}
KINDS = Cases(
    (
        Case("Text", Literal("one"), ("A-B-A", "other")),
        Case("Number", Literal("two"), (7,)),
        Case("Other", Joined((Literal("<"), B)), ending="Y"),
    ),
    Literal("rest"),
)
COMPUTED: list[tuple[Source, dict[str, object], str]] = [
    (A, {}, "a-b-a"),
    (Member("Bag", ("In", "K 1")), {}, "v"),
    (Member("Other", ("K",), is_text=True), {"Other": '{"K": "w"}'}, "w"),
    (Literal('say "\\'), {}, 'say "\\'),
    (Extract("^a-(.)", A), {}, "b"),
    (Extract("^(z)", A), {}, ""),
    (Extract("^(.)", Member("Bag", ("In", "K 1"))), {}, "v"),
    (Element("Text", "b"), {"Text": '<Data Name="a">x</Data><Data Name="b">y&lt;</Data>'}, "y<"),
    (Element("Text", "b"), {"Text": "<UserData><E><b>&amp;lt;</b></E></UserData>"}, "&lt;"),
    (Element("Text", "b", is_data=True), {"Text": "<b>x</b>"}, ""),
    (Element("Text", "b", encoded=True), {"Text": "<b>&amp;</b>"}, "&amp;"),
    (Element("Text", "a b"), {"Text": '<Data Name="a b">x</Data>'}, "x"),
    (Element("Text", "b"), {"Text": '<Data Name="ab">x</Data><ab>y</ab><b />'}, ""),
    (Element("Text", ""), {"Text": '<Data>x</Data><Data Name="b">y</Data><Data>z</Data>'}, "x\nz"),
    (ReplacePattern(A, "(?i)([A])-", r"\1+"), {}, "a+b-a"),
    (ReplacePattern(ReplacePattern(A, "^a", "x"), "a$", "y"), {}, "x-b-y"),
    (FromHexadecimal(A), {"Text": "6120622FC3A4"}, "a b/\u00e4"),
    (FromHexadecimal(Extract("=(.*)", A)), {"Text": "x"}, ""),
    (Joined((A, Literal("|"), B)), {}, "a-b-a|x y"),
    (Joined((ReplacePattern(A, "a", ""), B)), {}, "-b-x y"),
    (Joined(()), {}, ""),
    (UnlessEmpty("Other", B, Literal("-")), {}, "x y"),
    (UnlessEmpty("Other", B, Literal("-")), {"Other": ""}, "-"),
    (Hexadecimal("Number", 8), {}, "abcdef12"),
    (Hexadecimal("Number", 16), {}, "00000000abcdef12"),
    (KINDS, {}, "one"),
    (KINDS, {"Text": "OTHER"}, "one"),
    (KINDS, {"Text": "", "Number": 7}, "two"),
    (KINDS, {"Text": ""}, "<x y"),
    (KINDS, {"Text": "", "Other": "yx"}, "rest"),
    (Expression("toupper(Text)"), {}, "A-B-A"),
]


@pytest.mark.parametrize(("source", "row", "expected"), COMPUTED)
def test_what_is_computed(source: Source, row: dict[str, object], expected: str) -> None:
    value = written(source)
    text = f"tostring({value})" if isinstance(source, Member) else value
    query = f"T\n| extend X = {text}\n| where X == {string(expected)}"
    assert KustoEngine(SCHEMA).find(query, "T", [ROW | row]) == {0}


def test_every_kind_of_source_is_among_them() -> None:
    assert {type(source) for source, _, _ in COMPUTED} == set(get_args(Source))
