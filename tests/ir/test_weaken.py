"""A condition split into what a search says and what a filter tests after it."""

from __future__ import annotations

import pytest

from transpile.ir.nodes import (
    And,
    AnyLeaf,
    Equals,
    Exists,
    Field,
    Glob,
    Node,
    Not,
    Or,
    Regex,
    Wildcard,
)
from transpile.ir.weaken import merged, push_negations, regex_as_glob, split

F = Field("f")
RUN = Wildcard.ANY_RUN
A, B, C = (Equals(F, letter) for letter in "abc")
VAGUE, NOTHING = Regex(F, "vague"), Regex(F, "nothing")
WEAK = Exists(F)


def weaken(leaf: AnyLeaf) -> Node | None:
    """A search that says equality only, and of some leaves that there is a value."""
    if leaf == VAGUE:
        return WEAK
    return None if leaf == NOTHING else leaf


SPLIT: list[tuple[Node, Node | None, Node | None]] = [
    (A, A, None),
    (And((A, B)), And((A, B)), None),
    (VAGUE, WEAK, VAGUE),
    (NOTHING, None, NOTHING),
    (Not(VAGUE), None, Not(VAGUE)),
    (And((A, VAGUE)), And((A, WEAK)), VAGUE),
    (And((A, NOTHING)), A, NOTHING),
    (Or((A, VAGUE)), Or((A, WEAK)), Or((A, VAGUE))),
    (Or((A, NOTHING)), None, Or((A, NOTHING))),
    (Or((A, Not(VAGUE))), None, Or((A, Not(VAGUE)))),
    (Or((A, And((B, NOTHING)))), Or((A, B)), Or((A, And((B, NOTHING))))),
    (Not(Or((A, VAGUE))), Not(A), Not(VAGUE)),
    (Not(And((A, VAGUE))), None, Or((Not(A), Not(VAGUE)))),
    (Not(And((A, Not(VAGUE)))), Or((Not(A), WEAK)), Or((Not(A), VAGUE))),
    (Not(Or((A, B))), Not(Or((A, B))), None),
]


@pytest.mark.parametrize(("condition", "said", "rest"), SPLIT)
def test_split(condition: Node, said: Node | None, rest: Node | None) -> None:
    assert split(condition, weaken) == (said, rest)


def test_negations_are_pushed_to_the_leaves() -> None:
    node = Not(And((A, Or((B, Not(C))), Not(And((A, B))))))
    assert push_negations(node) == Or((Not(A), And((Not(B), C)), And((A, B))))


REGEXES: list[tuple[str, str, Node]] = [
    ("abc", "", Glob(F, (RUN, "abc", RUN))),
    ("^abc$", "i", Glob(F, (RUN, "abc", RUN))),
    (r"a\d+b", "", Glob(F, (RUN, "a", RUN, "b", RUN))),
    ("(?:ab){2,3}c", "", Glob(F, (RUN, "ab", RUN, "c", RUN))),
    ("x(?:ab)?y", "", Glob(F, (RUN, "x", RUN, "y", RUN))),
    ("(a|b)c", "", Glob(F, (RUN, "c", RUN))),
    ("é", "", Glob(F, (RUN, "é", RUN))),
    ("aé", "i", Glob(F, (RUN, "a", RUN))),
    ("a|b", "", Exists(F)),
    ("(?=a)b", "", Exists(F)),
]


@pytest.mark.parametrize(("pattern", "flags", "expected"), REGEXES)
def test_a_regex_needs_its_literals(pattern: str, flags: str, expected: Node) -> None:
    assert regex_as_glob(Regex(F, pattern, flags)) == expected


def test_merged() -> None:
    assert merged((RUN, "", RUN, "a", "b", RUN, RUN)) == (RUN, "ab", RUN)
