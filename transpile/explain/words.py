"""What a rule finds, in one sentence that is made from its meaning alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import NamedTuple

from transpile.ir.nodes import (
    Anchor,
    And,
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Parts,
    Regex,
    SameAs,
    TimePartCompare,
    Wildcard,
)

_MOST = 5
"""values of one list that the sentence names"""


class Verb(NamedTuple):
    """What is said of a field, and its opposite."""

    holds: str
    fails: str


_IS = Verb("is", "is not")
_CONTAINS = Verb("contains", "does not contain")
_STARTS = Verb("starts with", "does not start with")
_ENDS = Verb("ends with", "does not end with")
_LIKE = Verb("is like", "is not like")
_MATCHES = Verb("matches", "does not match")
_INSIDE = Verb("is in", "is not in")


class Claim(NamedTuple):
    """A leaf in words: whose verb takes which value."""

    subject: str
    verb: Verb
    value: str


def sentence(subject: str, meaning: Node) -> str:
    """What a rule over the events of `subject` finds."""
    return f"Finds {subject} where {_clause(meaning)}."


def _clause(node: Node) -> str:
    if isinstance(node, Not):
        return _negated(node.operand)
    if isinstance(node, Or):
        return _either(_told(node.operands, join_and=False))
    if isinstance(node, And):
        wanted = [one for one in node.operands if not isinstance(one, Not)]
        unwanted = [one.operand for one in node.operands if isinstance(one, Not)]
        if not wanted:
            return _all(_clause(one) for one in node.operands)
        told = _all(_told(wanted, join_and=True))
        if not unwanted:
            return told
        return f"{told}, unless {_either(_told(_alternatives(unwanted), join_and=False))}"
    claim = _claim(node)
    return f"{claim.subject} {claim.verb.holds} {claim.value}".rstrip()


def _negated(node: Node) -> str:
    if isinstance(node, (And, Or)):
        return f"it is not the case that {_clause(node)}"
    if isinstance(node, Not):
        return _clause(node.operand)
    claim = _claim(node)
    return f"{claim.subject} {claim.verb.fails} {claim.value}".rstrip()


def _alternatives(nodes: Iterable[Node]) -> list[Node]:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.operands if isinstance(node, Or) else [node])
    return flat


def _told(nodes: Iterable[Node], *, join_and: bool) -> list[str]:
    """Each operand in words; claims of one subject and verb are told together."""
    told: list[str] = []
    together: dict[tuple[str, Verb], tuple[int, list[str]]] = {}
    for node in nodes:
        if isinstance(node, Not):
            told.append(_negated(node.operand))
        elif isinstance(node, (And, Or)):
            told.append(_clause(node) if _is_one_list(node) else f"({_clause(node)})")
        else:
            claim = _claim(node)
            place, values = together.setdefault((claim.subject, claim.verb), (len(told), []))
            if not values:
                told.append("")
            values.append(claim.value)
            told[place] = f"{claim.subject} {claim.verb.holds} {_listed(values, join_and=join_and)}"
    return told


def _is_one_list(node: And | Or) -> bool:
    """Whether a compound node is told as one claim with a list of values."""
    leaves = [one for one in node.operands if not isinstance(one, (And, Or, Not))]
    if len(leaves) < len(node.operands):
        return False
    return len({(claim.subject, claim.verb) for claim in map(_claim, leaves)}) == 1


def _listed(values: list[str], *, join_and: bool) -> str:
    if len(values) == 1:
        return values[0]
    if len(values) == 2:
        return f"both {values[0]} and {values[1]}" if join_and else f"{values[0]} or {values[1]}"
    quantifier, word = ("all", "and") if join_and else ("any", "or")
    if len(values) > _MOST:
        return f"{quantifier} of {', '.join(values[:_MOST])} and {len(values) - _MOST} more"
    return f"{quantifier} of {', '.join(values[:-1])} {word} {values[-1]}"


def _all(parts: Iterable[str]) -> str:
    return _enumerated(list(parts), "and")


def _either(parts: list[str]) -> str:
    return _enumerated(parts, "or")


def _enumerated(parts: list[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    separator = "; " if any("(" in part or ", " in part for part in parts) else ", "
    before = separator if separator == "; " else " "
    return f"{separator.join(parts[:-1])}{before}{word} {parts[-1]}"


def _quoted(text: str) -> str:
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{text}"'


def _spelled(parts: Parts) -> str:
    return _quoted("".join(part if isinstance(part, str) else part.value for part in parts))


def _cased(verb: Verb, cased: bool) -> Verb:
    if not cased:
        return verb
    case = ", in this case of letters,"
    return Verb(verb.holds + case, verb.fails + case)


@singledispatch
def _claim(leaf: AnyLeaf) -> Claim:
    raise TypeError(f"no words for {type(leaf).__name__}")


@_claim.register(Equals)
def _(leaf: Equals) -> Claim:
    if leaf.value == "":
        return Claim(leaf.field.name, _IS, "empty")
    return Claim(leaf.field.name, _cased(_IS, leaf.cased), _quoted(leaf.value))


@_claim.register(Glob)
def _(leaf: Glob) -> Claim:
    verb, parts = _shape(leaf.parts)
    return Claim(leaf.field.name, _cased(verb, leaf.cased), _spelled(parts))


def _shape(parts: Parts) -> tuple[Verb, Parts]:
    first, last = parts[0] is Wildcard.ANY_RUN, parts[-1] is Wildcard.ANY_RUN
    inner = parts[first : len(parts) - last]
    if len(inner) != 1 or not isinstance(inner[0], str):
        return _LIKE, parts
    if first and last:
        return _CONTAINS, inner
    return (_ENDS if first else _STARTS), inner


@_claim.register(Regex)
def _(leaf: Regex) -> Claim:
    return Claim(leaf.field.name, _MATCHES, f"/{leaf.pattern}/{leaf.flags}")


@_claim.register(NumberEquals)
def _(leaf: NumberEquals) -> Claim:
    return Claim(leaf.field.name, _IS, str(leaf.number))


@_claim.register(BooleanEquals)
def _(leaf: BooleanEquals) -> Claim:
    return Claim(leaf.field.name, _IS, "true" if leaf.boolean else "false")


@_claim.register(Cidr)
def _(leaf: Cidr) -> Claim:
    return Claim(leaf.field.name, _INSIDE, str(leaf.network))


_COMPARED = {
    Comparison.LT: Verb("is less than", "is not less than"),
    Comparison.LTE: Verb("is at most", "is not at most"),
    Comparison.GT: Verb("is more than", "is not more than"),
    Comparison.GTE: Verb("is at least", "is not at least"),
    Comparison.EQ: _IS,
}


@_claim.register(Compare)
def _(leaf: Compare) -> Claim:
    return Claim(leaf.field.name, _COMPARED[leaf.comparison], str(leaf.number))


@_claim.register(TimePartCompare)
def _(leaf: TimePartCompare) -> Claim:
    subject = f"the {leaf.part.value} of {leaf.field.name}"
    return Claim(subject, _COMPARED[leaf.comparison], str(leaf.number))


@_claim.register(IsNull)
def _(leaf: IsNull) -> Claim:
    return Claim(leaf.field.name, _IS, "absent")


@_claim.register(Exists)
def _(leaf: Exists) -> Claim:
    return Claim(leaf.field.name, _IS, "present")


_ANCHORED = {
    Anchor.WHOLE: Verb("is the same as", "is not the same as"),
    Anchor.START: _STARTS,
    Anchor.END: _ENDS,
    Anchor.INSIDE: _CONTAINS,
}


@_claim.register(SameAs)
def _(leaf: SameAs) -> Claim:
    verb = _cased(_ANCHORED[leaf.anchor], leaf.cased)
    return Claim(leaf.field.name, verb, f"the value of {leaf.other.name}")


@_claim.register(Keyword)
def _(leaf: Keyword) -> Claim:
    return Claim("the event's text", _cased(_CONTAINS, leaf.cased), _spelled(leaf.parts))
