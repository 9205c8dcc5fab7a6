"""Expressions of SPL's `where`, which is evaluated on every event that a search has found.

The manual's pages are named in `backends.spl`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

from backends.dialect import Dialect, Generate, Notes
from backends.layout import Doc, Join, Text, render
from backends.spl_text import ENTITIES, checked, decimal, nameable, quoted, subnets
from transpile.ir.nodes import (
    Anchor,
    And,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Leaf,
    Node,
    Not,
    NumberEquals,
    Or,
    Parts,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.simplify import all_of, any_of
from transpile.ir.weaken import push_negations
from transpile.query import Place, Refused


def _column(field: Field, place: Place | None) -> str:
    """WHERE: a field name in single quotes may hold other characters than letters and digits."""
    return f"'{checked(field, place)}'"


def _match(subject: str, pattern: str) -> Doc:
    """The pattern is found in the text; in a string of `where` a backslash is written twice.

    "The \\t in the path is interpreted as a tab. To avoid this you must escape the backslash"
    (Search Manual, Types of expressions), and a raw line break is written `\\x0a` in the pattern.
    """
    return Text(f"match({subject}, {quoted(pattern)})")


_SPECIAL = re.compile(r"[\\.^$|?*+()\[\]{}]")


def _literally(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    return re.sub(r"[\x00-\x1f\x7f]", _code_point, escaped)


def _code_point(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0][-1]):02x}"


class _Pattern(NamedTuple):
    """A pattern and the flags that must stand in front of it."""

    flags: str
    body: str

    def __str__(self) -> str:
        return f"(?{self.flags}){self.body}" if self.flags else self.body


def _anchored(parts: Parts, *, cased: bool) -> _Pattern:
    """The pattern of texts that fit the parts, without what `*` at an end makes needless."""
    inner = list(parts)
    start, end = "\\A", "\\z"
    if inner and inner[0] is Wildcard.ANY_RUN:
        start = ""
        del inner[0]
    if inner and inner[-1] is Wildcard.ANY_RUN:
        end = ""
        del inner[-1]
    wild = {Wildcard.ANY_RUN: ".*", Wildcard.ANY_ONE: "."}
    body = "".join(wild[p] if isinstance(p, Wildcard) else _literally(p) for p in inner)
    dotted = any(isinstance(part, Wildcard) for part in inner)
    return _Pattern(("" if cased else "i") + ("s" if dotted else ""), start + body + end)


TextLeaf: TypeAlias = Equals | Glob | NumberEquals | BooleanEquals


def pattern_of(leaf: TextLeaf) -> _Pattern:
    """The PCRE that is found in the texts that fit a leaf."""
    if isinstance(leaf, Glob):
        return _anchored(leaf.parts, cased=leaf.cased)
    if isinstance(leaf, Equals):
        return _anchored((leaf.value,), cased=leaf.cased)
    if isinstance(leaf, NumberEquals):
        return _anchored((decimal(leaf.number),), cased=True)
    return _anchored((str(leaf.boolean).lower(),), cased=False)


def _text_test(leaf: TextLeaf, notes: Notes) -> Doc:
    return _match(_column(leaf.field, leaf.place), str(pattern_of(leaf)))


_UNIT = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""an escape, a class or a character of a pattern"""
_NOT_PCRE = re.compile(r"\\[uUN]|\(\?[a-z]*[xauL]|\{,\d|\[\[:")
_INLINE_LINES = re.compile(r"\(\?[a-z]*m")


def _regex(leaf: Regex, notes: Notes) -> Doc:
    """EVAL, match: "if the regular expression finds a match against any substring".

    Refused is what PCRE reads in another way than the rule means it. Only `\\z` is the very end
    of a text in PCRE, which a `$` without `m` means in a rule.
    """
    units = _UNIT.findall(leaf.pattern)
    other = _NOT_PCRE.search("".join(unit for unit in units if unit != "\\\\"))
    if other:
        raise Refused("regex-construct", f"PCRE reads {other[0]!r} in its own way", leaf.place)
    by_lines = "m" in leaf.flags or _INLINE_LINES.search(leaf.pattern)
    ends = ("\\Z",) if by_lines else ("\\Z", "$")
    pattern = "".join(
        "\\z" if unit in ends else re.sub(r"\\?[\x00-\x1f\x7f]", _code_point, unit)
        for unit in units
    )
    flags = f"(?{leaf.flags})" if leaf.flags else ""
    return _match(_column(leaf.field, leaf.place), flags + pattern)


def _in_subnet(leaf: Cidr, notes: Notes) -> Doc:
    column = _column(leaf.field, leaf.place)
    tests = tuple(Text(f"cidrmatch({quoted(s)}, {column})") for s in subnets(leaf.network))
    return tests[0] if len(tests) == 1 else Join("OR", tests)


def _operator(comparison: Comparison) -> str:
    return "=" if comparison is Comparison.EQ else comparison.value


def _number_test(leaf: Compare, notes: Notes) -> Doc:
    """EVAL, tonumber: null for text that is no number, and null is not true."""
    column = _column(leaf.field, leaf.place)
    return Text(f"tonumber({column}){_operator(leaf.comparison)}{leaf.number}")


_DAY = r"\A[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_PLACES = {
    TimePart.YEAR: (1, 4),
    TimePart.MONTH: (6, 2),
    TimePart.DAY: (9, 2),
    TimePart.HOUR: (12, 2),
    TimePart.MINUTE: (15, 2),
}
"""where each part stands in a time as ISO 8601 writes it, from 1, and its length"""


def _time_test(leaf: TimePartCompare, notes: Notes) -> Doc:
    """The field holds ISO 8601; the part is read as it is written, in no other time zone."""
    column = _column(leaf.field, leaf.place)
    if leaf.part is TimePart.WEEK:
        # EVAL, date and time format variables: %V is the ISO week.
        day = f'strptime(substr({column}, 1, 10), "%Y-%m-%d")'
        guard, part = _DAY, f'strftime({day}, "%V")'
    else:
        clock = r"[T ][0-9]{2}:[0-9]{2}"
        timed = leaf.part in (TimePart.HOUR, TimePart.MINUTE)
        guard = _DAY + clock if timed else _DAY
        start, length = _PLACES[leaf.part]
        part = f"substr({column}, {start}, {length})"
    test = Text(f"tonumber({part}){_operator(leaf.comparison)}{leaf.number}")
    return Join("AND", (_match(column, guard), test))


def _same(leaf: SameAs, notes: Notes) -> Doc:
    """`like` would read wildcards in the other field, so only whole, first and last are told."""
    mine, other = (_column(f, leaf.place) for f in (leaf.field, leaf.other))
    left, right = (mine, other) if leaf.cased else (f"lower({mine})", f"lower({other})")
    if leaf.anchor is Anchor.WHOLE:
        return Text(f"{left}={right}")
    if leaf.anchor is Anchor.INSIDE:
        raise Refused(
            "fieldref-contains",
            "where has no function for the text of one field in another's",
            leaf.place,
        )
    start = "1" if leaf.anchor is Anchor.START else f"1+len({mine})-len({other})"
    part = Text(f"substr({left}, {start}, len({other}))={right}")
    fits = Text(f"len({mine})>=len({other})")
    return Join("AND", (fits, Join("OR", (Text(f'{other}=""'), part))))


def _raw_test(leaf: Keyword, notes: Notes) -> Doc:
    pattern = _anchored((Wildcard.ANY_RUN, *leaf.parts, Wildcard.ANY_RUN), cased=leaf.cased)
    entities = re.sub("[&<>]", lambda found: f"(?:{found[0]}|{ENTITIES[found[0]]})", str(pattern))
    return _match("_raw", entities)


def _null_test(leaf: IsNull, notes: Notes) -> Doc:
    return Text(f"isnull({_column(leaf.field, leaf.place)})")


def _not_null_test(leaf: Exists, notes: Notes) -> Doc:
    return Text(f"isnotnull({_column(leaf.field, leaf.place)})")


class Where(Dialect):
    """The expression of `where`. AND binds closer than OR, unlike in a search (BOOLEAN)."""

    NAME = "where"
    GENERATE: ClassVar[dict[type[Leaf], Generate]] = {
        Equals: _text_test,
        Glob: _text_test,
        NumberEquals: _text_test,
        BooleanEquals: _text_test,
        Regex: _regex,
        Cidr: _in_subnet,
        Compare: _number_test,
        TimePartCompare: _time_test,
        IsNull: _null_test,
        Exists: _not_null_test,
        SameAs: _same,
        Keyword: _raw_test,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        whole = all_of([*search.scope, search.condition])
        return render(self.generate(push_negations(whole), notes))

    def generate(self, node: Node, notes: Notes) -> Doc:
        """WHERE keeps only what is true, and the negation of null is null: so null comes first."""
        if isinstance(node, And):
            node = all_of(self._together(node.operands))
        test = super().generate(node, notes)
        if not isinstance(node, Not):
            return test
        leaf = node.operand.operands[0] if isinstance(node.operand, Or) else node.operand
        if isinstance(leaf, (IsNull, Exists, Keyword)):
            return test
        if isinstance(leaf, (And, Or, Not)):
            raise TypeError("a negation in where stands on leaves")
        columns = [leaf.field, leaf.other] if isinstance(leaf, SameAs) else [leaf.field]
        names = [f"'{field.name}'" for field in columns]
        if isinstance(leaf, Compare):
            names = [f"tonumber({name})" for name in names]
        return Join(self.OR, (*(Text(f"isnull({name})") for name in names), test))

    def _together(self, operands: Sequence[Node]) -> list[Node]:
        """The same conjuncts, negations that can be one match() as one."""
        groups: dict[Hashable, list[Node]] = {}
        for position, operand in enumerate(operands):
            key = self.list_key(operand.operand) if isinstance(operand, Not) else None
            groups.setdefault(key or position, []).append(operand)
        return [
            group[0]
            if len(group) == 1
            else Not(any_of(operand.operand for operand in group if isinstance(operand, Not)))
            for group in groups.values()
        ]

    def list_key(self, leaf: Node) -> Hashable | None:
        if not isinstance(leaf, (Equals, Glob, NumberEquals, BooleanEquals)):
            return None
        return (leaf.field, pattern_of(leaf).flags) if nameable(leaf.field) else None

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        patterns = [pattern_of(leaf) for leaf in leaves]
        either = "|".join(pattern.body for pattern in patterns)
        pattern = _Pattern(patterns[0].flags, f"(?:{either})")
        return _match(_column(leaves[0].field, leaves[0].place), str(pattern))
