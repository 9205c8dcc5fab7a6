"""Conditions on analysed text, in the words that are kept of it."""

from __future__ import annotations

import pytest

from backends.dialect import Notes
from backends.elastic_words import by_words
from transpile.ir.nodes import (
    And,
    Equals,
    Exists,
    Field,
    Glob,
    Node,
    Not,
    Or,
    Regex,
    Type,
    Wildcard,
)

RUN = Wildcard.ANY_RUN
TEXT = Field("t", Type.TEXT)
WORDS = Field("t", Type.CASELESS)
OTHER = Equals(Field("k", Type.KEYWORD), "x")


def text(value: str) -> Glob:
    return Glob(TEXT, (RUN, value, RUN))


def word(value: str) -> Glob:
    return Glob(WORDS, (RUN, value, RUN))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (text("Invoke-Mimikatz"), And((word("invoke"), word("mimikatz")))),
        (text("System.Net.WebClient -e"), And((word("system"), word("net"), word("webclient")))),
        (text("New_Item(äbc)"), word("new_item")),
        (Equals(TEXT, "whoami"), word("whoami")),
        (Regex(TEXT, "Invoke-.*Shell"), And((word("invoke"), word("shell")))),
        (And((text("whoami"), OTHER)), And((word("whoami"), OTHER))),
        (Or((text("whoami"), OTHER)), Or((word("whoami"), OTHER))),
        (And((OTHER, Not(text("whoami")))), OTHER),
        (And((OTHER, text("-e "))), OTHER),
    ],
)
def test_what_words_say(condition: Node, said: Node) -> None:
    notes = Notes()
    assert by_words(condition, notes) == said
    assert {reason.code for reason in notes.approximations} == {"words-only"}


@pytest.mark.parametrize(
    "condition",
    [
        text("-e "),
        Or((text("whoami"), text("-e "))),
        Not(text("whoami")),
        Exists(TEXT),
        And((OTHER, Exists(TEXT))),
    ],
)
def test_what_words_cannot_say_stays(condition: Node) -> None:
    notes = Notes()
    assert by_words(condition, notes) is condition
    assert notes.approximations == []


def test_what_is_left_out_is_told() -> None:
    notes = Notes()
    by_words(And((text("whoami"), Not(text("admin")))), notes)
    asked, left_out = (reason.message for reason in notes.approximations)
    assert "its words are asked for" in asked
    assert "left out" in left_out
