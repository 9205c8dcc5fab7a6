"""What a tree consists of."""

from __future__ import annotations

from collections.abc import Iterator

from transpile.ir.nodes import And, AnyLeaf, Node, Not, Or


def leaves(node: Node) -> Iterator[AnyLeaf]:
    """Every leaf of the tree, in the order of the rule."""
    if isinstance(node, Not):
        yield from leaves(node.operand)
    elif isinstance(node, (And, Or)):
        for operand in node.operands:
            yield from leaves(operand)
    else:
        yield node
