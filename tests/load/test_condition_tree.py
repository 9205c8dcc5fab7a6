"""Conditions as trees: whatever is read without pySigma, pySigma reads the same."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sigma.exceptions import SigmaConditionError

from transpile.load.condition_tree import (
    Joined,
    Named,
    Negated,
    Selected,
    _Plain,
    _pysigma,
    parse,
    selected,
)

WORDS = (
    *("not", "and", "or", "of", "1", "any", "all", "them", "(", ")", " ", " ", "\n", "\t"),
    *("a", "selection", "filter_main_*", "notepad", "android", "original", "sel-1", "_x", "2", "*"),
    *("NOT", "1of", "all_x", "x|y", ".", "ä"),
)
PROPER = st.recursive(
    st.sampled_from(["a", "selection", "1 of b_*", "all of them", "any of x", "_f-1", "or1"]),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        inner.map("not({})".format),
        st.tuples(inner, st.sampled_from([" and ", " or ", "\n  and "]), inner).map("".join),
    ),
    max_leaves=8,
)


@given(st.one_of(PROPER, st.lists(st.sampled_from(WORDS), max_size=10).map("".join)))
@example("notepad and a")
@example("not not a")
@example("a and b or c and not d")
@example("a and (b or c)")
@example("1 of of")
@example("all of sel-*")
@example("a and notb")
@settings(max_examples=600, deadline=None)
def test_what_is_read_here_pysigma_reads_the_same(text: str) -> None:
    plain = _Plain(text).read()
    if plain is not None:
        assert plain == _pysigma(text)


@given(PROPER)
@settings(max_examples=200, deadline=None)
def test_proper_conditions_need_no_pysigma(text: str) -> None:
    assert _Plain(text).read() is not None


@pytest.mark.parametrize("text", ["a andb", "notepad", "1 of", "a b", "(a", "", "not" * 5000])
def test_doubtful_ones_do(text: str) -> None:
    assert _Plain(text).read() is None


def test_a_tree() -> None:
    assert parse("a and not (1 of b_* or all of them)") == Joined(
        (
            Named("a"),
            Negated(Joined((Selected("b_*", False), Selected("them", True)), every=False)),
        ),
        every=True,
    )


def test_pysigma_says_what_is_wrong() -> None:
    with pytest.raises(SigmaConditionError, match="char 2"):
        parse("a b")


def test_selection_hides_underscores() -> None:
    names = ["_a", "a", "ab", "b"]
    assert selected("them", names) == ["a", "ab", "b"]
    assert selected("a*", names) == ["a", "ab"]
    assert selected("_*", names) == ["_a"]


def test_sound_rules_load_no_parser_of_conditions() -> None:
    code = (
        "import sys\n"
        "from transpile.load.rules import load\n"
        "from transpile.ir.lower import lower\n"
        "for rule in load(['golden/contains-all/rule.yml', 'golden/wuauclt-network-connection']):\n"
        "    lower(rule.detections)\n"
        "sys.exit('pyparsing' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
