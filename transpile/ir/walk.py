"""What a tree consists of."""

from __future__ import annotations

from collections.abc import Iterator

from transpile.ir.nodes import And, AnyLeaf, Node, Not, Or


def leaves(node: Node) -> Iterator[AnyLeaf]:
    """Every leaf of the tree, in the order of the rule."""
    rest = [node]
    while rest:
        one = rest.pop()
        if isinstance(one, (And, Or)):
            rest += reversed(one.operands)
        elif isinstance(one, Not):
            rest.append(one.operand)
        else:
            yield one
