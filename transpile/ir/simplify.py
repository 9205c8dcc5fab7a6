"""Smaller trees of the same meaning: flat, without doubles, without double negation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import is_

from transpile.ir.nodes import And, AnyLeaf, Equals, Node, Not, NumberEquals, Or


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
    operands = tuple(operands)
    if len(operands) == 1:
        return operands[0]
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
    if not isinstance(node, (And, Or, Not)):
        return change(node)
    if isinstance(node, (And, Or)):
        operands = [map_leaves(operand, change) for operand in node.operands]
        if all(map(is_, operands, node.operands)):
            return node
        return all_of(operands) if isinstance(node, And) else any_of(operands)
    operand = map_leaves(node.operand, change)
    return node if operand is node.operand else negation(operand)


def implies(condition: Node, values: Node) -> bool:
    """Whether a condition asks for nothing but what `values` allows: one field's values in a list.

    Only a conjunct that lists some of the same values of the same field counts, in any case.
    """
    allowed = {_value(value) for value in _alternatives(values)}
    conjuncts = condition.operands if isinstance(condition, And) else (condition,)
    return None not in allowed and any(
        all(_value(value) in allowed for value in _alternatives(conjunct)) for conjunct in conjuncts
    )


def _alternatives(node: Node) -> tuple[Node, ...]:
    return node.operands if isinstance(node, Or) else (node,)


def _value(node: Node) -> tuple[str, str] | None:
    """The one value that a node asks for, with its field."""
    if isinstance(node, Equals):
        return node.field.name, node.value.lower()
    if isinstance(node, NumberEquals):
        return node.field.name, str(node.number)
    return None
