"""Filters by whole terms: which there are, and that no row which is meant fails them."""

from __future__ import annotations

import json
import re
from html import escape
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.kql import Kql
from backends.kql_terms import MOST_TERMS, implied
from backends.layout import render
from transpile.ir.nodes import (
    And,
    Cidr,
    Equals,
    Exists,
    Field,
    Glob,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.source import Column, Joined, Member

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
IMAGE = Field("Image", Type.STRING, source=Member("EventData", ("Image",)), within="EventData")
LINE = Field(
    "CommandLine", Type.STRING, source=Member("EventData", ("CommandLine",)), within="EventData"
)
COLUMN = Field("FolderPath", Type.STRING)
OTHER = Field("FileName", Type.STRING)
COMPUTED = Field("User", Type.STRING, source=Joined((Column("A"), Column("B"))))
BAG = Field("EventData", Type.DYNAMIC)


def inside(field: Field, text: str) -> Glob:
    return Glob(field, (RUN, text, RUN))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (inside(IMAGE, r"\certutil.exe"), ['EventData has "certutil"']),
        (inside(IMAGE, r"\CertUtil."), ['EventData has "certutil"']),
        (Glob(IMAGE, (RUN, "/wget")), ['EventData has "wget"']),
        (Glob(IMAGE, ("wget/", RUN)), ['EventData has "wget"']),
        (Equals(IMAGE, "wget"), ['EventData has "wget"']),
        (inside(COLUMN, " abc "), ['FolderPath has "abc"']),
        # the longest one
        (Equals(IMAGE, r"C:\Temp\loader.exe"), ['EventData has "loader"']),
        (Glob(IMAGE, (RUN, " abc ", RUN, " abcd ")), ['EventData has "abcd"']),
        # what may go on beyond the literal is no whole term
        (inside(IMAGE, "certutil"), []),
        (inside(IMAGE, r"\certutil"), []),
        (Glob(IMAGE, (RUN, "certutil")), []),
        (Glob(IMAGE, (RUN, ".cert", ONE, "util.")), []),
        (Glob(IMAGE, (RUN, "cert", RUN, "util", RUN)), []),
        # what bounds it may be written as letters: \n, \u0022, &lt;
        (inside(IMAGE, "\ncertutil "), []),
        (inside(IMAGE, '"certutil "'), []),
        (inside(IMAGE, "<certutil>"), []),
        (inside(IMAGE, "é certutil "), []),
        (inside(IMAGE, "_certutil "), []),
        # too short to be indexed, in every event, or perhaps a number
        (inside(IMAGE, " -e "), []),
        (inside(IMAGE, r"\Windows\System32 "), []),
        (inside(IMAGE, " 4444 "), []),
        (Equals(IMAGE, "true"), []),
        # whole columns are indexed, other tests have no term
        (Equals(COLUMN, "wget"), []),
        (Or((Equals(COLUMN, "a b c"), Equals(OTHER, "wget"))), []),
        (Equals(COMPUTED, "wget"), []),
        (inside(BAG, " wget "), []),
        (NumberEquals(IMAGE, 4688), []),
        (Exists(IMAGE), []),
        (Cidr(IMAGE, ip_network("10.0.0.0/8")), []),
        (Not(inside(IMAGE, " wget ")), []),
        (Regex(IMAGE, "(?i) wget\\s"), []),
        (Regex(IMAGE, " wget -"), ['EventData has "wget"']),
        # alternatives: all of them have a term
        (
            Or((inside(IMAGE, " curl "), inside(LINE, " wget "))),
            ['EventData has_any ("curl", "wget")'],
        ),
        (Or((inside(IMAGE, " curl "), inside(IMAGE, "wget"))), []),
        (
            Or((inside(COLUMN, " curl "), Equals(OTHER, "wget"), inside(COLUMN, " x1y "))),
            ['FolderPath has_any ("curl", "x1y") or FileName has "wget"'],
        ),
        # the same one in two fields is one
        (Or((inside(IMAGE, " wget "), Equals(LINE, "Wget"))), ['EventData has "wget"']),
        (Or(tuple(inside(IMAGE, f" a{n}b ") for n in range(MOST_TERMS + 1))), []),
        # conjuncts
        (
            And((inside(IMAGE, " curl "), inside(LINE, " wget "), inside(LINE, "x"))),
            ['EventData has_all ("curl", "wget")'],
        ),
        (
            And((inside(COLUMN, " curl "), inside(OTHER, " wget "))),
            ['FolderPath has "curl"', 'FileName has "wget"'],
        ),
        # the better of two below an alternative
        (
            Or((And((inside(IMAGE, " abc "), inside(IMAGE, " abcd "))), inside(IMAGE, " e1e "))),
            ['EventData has_any ("abcd", "e1e")'],
        ),
        # a list that another filter implies
        (
            And((inside(IMAGE, " abc "), Or((inside(LINE, " abc "), inside(LINE, " bcd "))))),
            ['EventData has "abc"'],
        ),
    ],
)
def test_implied_terms(condition: Node, expected: list[str]) -> None:
    assert [render(one.test()) for one in implied(condition)] == expected


def test_terms_come_after_the_scope_and_before_all_else() -> None:
    search = Search(
        And((Equals(COLUMN, "x"), inside(IMAGE, " wget "))),
        (Equals(Field("ActionType", Type.STRING), "ProcessCreated"),),
        "T",
    )
    assert Kql().write(search).text == "\n".join(
        [
            "T",
            '| where ActionType =~ "ProcessCreated"',
            '| where EventData has "wget"',
            '| where FolderPath =~ "x"',
            "| extend Image = tostring(EventData.Image)",
            '| where Image contains " wget "',
        ]
    )


TEXTS = st.text(st.sampled_from("abKs19 .\\/-_\"'<>&+`\n\té(),=:ß"), max_size=12)
GLOBS = st.tuples(st.booleans(), TEXTS.filter(bool), st.booleans())


def _columns_text(value: str) -> list[str]:
    """How a value may stand in its column: JSON by different writers, and XML."""
    plain = json.dumps(value, ensure_ascii=False)
    web = re.sub(r"""(?<!\\)['<>&+`]""", lambda found: f"\\u{ord(found[0]):04x}", plain)
    solidus = plain.replace("/", "\\/")
    data = f'<Data Name="Image">{escape(value, quote=False)}</Data>'
    return [f'{{"Image":{text}}}' for text in (plain, json.dumps(value), web, solidus)] + [data]


@given(GLOBS, TEXTS, TEXTS)
def test_a_row_that_is_meant_has_the_terms(
    glob: tuple[bool, str, bool], before: str, after: str
) -> None:
    starts, literal, ends = glob
    parts = (*([] if starts else [RUN]), literal, *([] if ends else [RUN]))
    value = ("" if starts else before) + literal + ("" if ends else after)
    leaf = Equals(IMAGE, literal) if starts and ends else Glob(IMAGE, parts)
    for term in [term.text for one in implied(leaf) for term in one.terms]:
        for text in _columns_text(value.swapcase()):
            for words in (r"[A-Za-z0-9]+", r"[A-Za-z0-9_]+", r"[^\W_]+"):
                assert term in [word.lower() for word in re.findall(words, text)]
