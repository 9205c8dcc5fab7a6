"""Regular expressions as trees."""

from __future__ import annotations

import pytest

from transpile.ir.regex import (
    ANY,
    ANY_BUT_NEWLINE,
    DIGIT,
    SPACE,
    WORD,
    Assertion,
    Choice,
    Class,
    Literal,
    Pattern,
    Repeat,
    Sequence,
    negated,
    parse,
    variants,
)
from transpile.query import Refused


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        ("a", "", Literal("a")),
        ("a", "i", Literal("a", folded=True)),
        ("(?i)a", "", Literal("a", folded=True)),
        ("1", "i", Literal("1")),
        (".", "", ANY_BUT_NEWLINE),
        (".", "s", ANY),
        ("ab", "", Sequence((Literal("a"), Literal("b")))),
        ("(?:a(b))", "", Sequence((Literal("a"), Literal("b")))),
        ("a*", "", Repeat(Literal("a"), 0, None)),
        ("a+?", "", Repeat(Literal("a"), 1, None)),
        ("a{2,5}", "", Repeat(Literal("a"), 2, 5)),
        ("(aa|b)", "", Choice((Sequence((Literal("a"), Literal("a"))), Literal("b")))),
        (r"\d", "", Class(DIGIT)),
        (r"\w", "", Class(WORD)),
        (r"\s", "", Class(SPACE)),
        (r"\S", "", Class(negated(SPACE))),
        ("[a-c]", "", Class(((97, 99),))),
        ("[a-c]", "i", Class(((65, 67), (97, 99)))),
        ("[^a]", "", Class(((0, 96), (98, 0x10FFFF)))),
        ("^", "", Assertion.START),
        ("$", "m", Assertion.LINE_END),
        (r"\b", "", Assertion.BOUNDARY),
    ],
)
def test_parse(pattern: str, flags: str, expected: Pattern) -> None:
    assert parse(pattern, flags) == expected


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("a(?=b)", "regex-lookaround"),
        ("(?<!a)b", "regex-lookaround"),
        (r"(a)\1", "regex-backreference"),
        ("(a)(?(1)b|c)", "regex-backreference"),
        ("a(", "regex-syntax"),
    ],
)
def test_what_is_no_regular_language_is_refused(pattern: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(pattern)
    assert refused.value.reason.code == code


def test_variants() -> None:
    assert variants("a") == ("A", "a")
    assert variants("ä") == ("Ä", "ä")
    assert variants("7") == ("7",)
    assert variants("ß") == ("ß",)
