"""The leaves of a tree."""

from __future__ import annotations

from transpile.ir.nodes import And, Exists, Field, IsNull, Keyword, Not, Or
from transpile.ir.walk import leaves


def test_leaves_in_order() -> None:
    a, b, c = Exists(Field("a")), IsNull(Field("b")), Keyword(("c",))
    assert list(leaves(Or((And((a, Not(b))), Not(Not(c)))))) == [a, b, c]
    assert list(leaves(a)) == [a]
