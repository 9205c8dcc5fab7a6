"""A condition in two: what an index can answer, and what must be tested event by event.

A language that has a fast but coarse search and a slow but exact filter gets both: every conjunct
that the search says exactly stays in the search alone, and every other one goes to the filter,
with a weaker copy in the search that holds wherever the conjunct does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from transpile.ir.nodes import And, AnyLeaf, Exists, Glob, Node, Not, Or, Parts, Regex, Wildcard
from transpile.ir.regex import Assertion, Literal, Pattern, Repeat, Sequence, parse
from transpile.ir.simplify import all_of, any_of, negation
from transpile.query import Refused

Weaken: TypeAlias = Callable[[AnyLeaf], Node | None]
"""what the search can say that a leaf implies: itself where that is all of it, None for nothing"""


def split(condition: Node, weaken: Weaken) -> tuple[Node | None, Node | None]:
    """What a search can say of a condition, and what a filter must test after it.

    Both together are the condition. In the filter's part negations stand on leaves only. None
    is nothing to say, or nothing left to test.
    """
    weaken = _remembered(weaken)
    said: list[Node] = []
    rest: list[Node] = []
    for conjunct in _conjuncts(condition):
        if _is_whole(conjunct, weaken):
            said.append(conjunct)
            continue
        for part in _conjuncts(push_negations(conjunct)):
            if not _is_whole(part, weaken):
                rest.append(part)
            weaker = _weakened(part, weaken)
            if weaker is not None:
                said.append(weaker)
    return (all_of(said) if said else None, all_of(rest) if rest else None)


def _remembered(weaken: Weaken) -> Weaken:
    """The same, asked once for each leaf; leaves live as long as their condition."""
    known: dict[int, tuple[AnyLeaf, Node | None]] = {}

    def ask(leaf: AnyLeaf) -> Node | None:
        if id(leaf) not in known:
            known[id(leaf)] = leaf, weaken(leaf)
        return known[id(leaf)][1]

    return ask


def push_negations(node: Node, *, negated: bool = False) -> Node:
    """The same condition, with negations on leaves only."""
    if isinstance(node, Not):
        return push_negations(node.operand, negated=not negated)
    if isinstance(node, (And, Or)):
        join = all_of if isinstance(node, And) is not negated else any_of
        return join(push_negations(operand, negated=negated) for operand in node.operands)
    return negation(node) if negated else node


def _conjuncts(node: Node) -> tuple[Node, ...]:
    return node.operands if isinstance(node, And) else (node,)


def _is_whole(node: Node, weaken: Weaken) -> bool:
    if isinstance(node, (And, Or)):
        return all(_is_whole(operand, weaken) for operand in node.operands)
    if isinstance(node, Not):
        return _is_whole(node.operand, weaken)
    weaker = weaken(node)
    return weaker is node or weaker == node


def _weakened(node: Node, weaken: Weaken) -> Node | None:
    """What holds wherever the node does; its negations stand on leaves."""
    if isinstance(node, And):
        weaker = [_weakened(operand, weaken) for operand in node.operands]
        kept = [part for part in weaker if part is not None]
        return all_of(kept) if kept else None
    if isinstance(node, Or):
        weaker = [_weakened(operand, weaken) for operand in node.operands]
        kept = [part for part in weaker if part is not None]
        return any_of(kept) if len(kept) == len(weaker) else None
    if isinstance(node, Not):
        return node if _is_whole(node.operand, weaken) else None
    return weaken(node)


def regex_as_glob(leaf: Regex) -> Glob | Exists:
    """A glob without case that every text fits in which the pattern is found."""
    try:
        parts = merged((_RUN, *_required(parse(leaf.pattern, leaf.flags)), _RUN))
    except Refused:
        parts = (_RUN,)
    if parts == (_RUN,):
        return Exists(leaf.field, place=leaf.place)
    return Glob(leaf.field, parts, place=leaf.place)


_RUN = Wildcard.ANY_RUN


def merged(parts: Parts) -> Parts:
    """The same parts without empty texts, neighbouring texts as one, and a run only once."""
    result: list[str | Wildcard] = []
    for part in parts:
        last = result[-1] if result else None
        if isinstance(part, str) and isinstance(last, str):
            result[-1] = last + part
        elif part != "" and (part is not _RUN or last is not _RUN):
            result.append(part)
    return tuple(result)


def _required(pattern: Pattern) -> Parts:
    """What every match of a pattern holds, in this order."""
    if isinstance(pattern, Literal):
        sure = pattern.character.isascii() or not pattern.folded
        return (pattern.character if sure else _RUN,)
    if isinstance(pattern, Sequence):
        return tuple(part for item in pattern.items for part in _required(item))
    if isinstance(pattern, Assertion):
        return ()
    if isinstance(pattern, Repeat) and pattern.least > 0:
        return (_RUN, *_required(pattern.item), _RUN)
    return (_RUN,)
