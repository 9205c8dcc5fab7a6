"""Simplification keeps the meaning and makes the tree smaller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transpile.ir.nodes import And, Equals, Field, Node, Not, NumberEquals, Or
from transpile.ir.simplify import all_of, any_of, implies, map_leaves, negation
from transpile.ir.walk import leaves

A, B, C = (Equals(Field(name), "x") for name in "ABC")


def test_flat_distinct_and_single() -> None:
    assert all_of([A, And((B, C))]) == And((A, B, C))
    assert any_of([A, Or((B, A))]) == Or((A, B))
    assert all_of([A, A]) == A
    assert all_of([Or((A, B)), C]) == And((Or((A, B)), C))
    assert negation(negation(A)) == A


def test_nothing_has_no_meaning() -> None:
    with pytest.raises(ValueError, match="And of nothing"):
        all_of([])


def test_what_a_condition_asks_for_already() -> None:
    f, g = Field("f"), Field("g")
    one, two, three = (Equals(f, value) for value in ("One", "two", "three"))
    scope = Or((one, two))
    assert implies(Equals(f, "one"), scope)
    assert implies(And((A, Or((two, one)))), scope)
    assert implies(NumberEquals(f, 3), Equals(f, "3"))
    assert not implies(three, scope)
    assert not implies(Or((one, three)), scope)
    assert not implies(Or((one, A)), scope)
    assert not implies(Not(one), scope)
    assert not implies(Equals(g, "one"), scope)
    assert not implies(one, Not(three))


def holds(node: Node, true: set[str]) -> bool:
    if isinstance(node, And):
        return all(holds(operand, true) for operand in node.operands)
    if isinstance(node, Or):
        return any(holds(operand, true) for operand in node.operands)
    if isinstance(node, Not):
        return not holds(node.operand, true)
    assert isinstance(node, Equals)
    return node.field.name in true


TREES = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=12,
)


@given(TREES)
def test_rebuilding_keeps_the_meaning(tree: Node) -> None:
    rebuilt = map_leaves(tree, lambda leaf: leaf)
    for true in ({"A"}, {"B", "C"}, {"A", "B", "C"}, set[str]()):
        assert holds(rebuilt, true) == holds(tree, true)
    assert set(leaves(rebuilt)) == set(leaves(tree))
