"""Smaller trees of the same meaning: flat, without doubles, without double negation."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transpile.ir.nodes import And, AnyLeaf, Node, Not, Or


def all_of(operands: Iterable[Node]) -> Node:
    """The conjunction of one or more operands; nested conjunctions become one."""
    return _join(And, operands)


def any_of(operands: Iterable[Node]) -> Node:
    """The disjunction of one or more operands; nested disjunctions become one."""
    return _join(Or, operands)


def negation(operand: Node) -> Node:
    """The negation; a double one cancels, which two-valued leaves allow."""
    return operand.operand if isinstance(operand, Not) else Not(operand)


def _join(kind: type[And] | type[Or], operands: Iterable[Node]) -> Node:
    flat: dict[Node, None] = {}
    for operand in operands:
        if isinstance(operand, kind):
            flat.update(dict.fromkeys(operand.operands))
        else:
            flat[operand] = None
    if not flat:
        raise ValueError(f"{kind.__name__} of nothing has no meaning")
    return next(iter(flat)) if len(flat) == 1 else kind(tuple(flat))


def map_leaves(node: Node, change: Callable[[AnyLeaf], Node]) -> Node:
    """The same tree with each leaf replaced by what it changes to."""
    if isinstance(node, And):
        return all_of([map_leaves(operand, change) for operand in node.operands])
    if isinstance(node, Or):
        return any_of([map_leaves(operand, change) for operand in node.operands])
    if isinstance(node, Not):
        return negation(map_leaves(node.operand, change))
    return change(node)
