"""Plans of Elastic targets, fitted to the fields that a user's indices really have.

Of a field and its multi-fields each test takes the one that answers it best: one in lower case
where case doesn't count, one that keeps the case where it does, and before all else one that
holds every value in every index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from transpile.ir.nodes import (
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Keyword,
    Node,
    NumberEquals,
    Regex,
    SameAs,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.simplify import map_leaves
from transpile.query import Reason, Refused
from transpile.schema.model import ClusterSchema, Folds, Shape
from transpile.targets.plan import LogSource, Plan
from transpile.targets.target import Target
from transpile.values import dataclass

DIALECTS = ("lucene", "eql", "dsl")
_SUFFIX = ".caseless"

_TYPES: Mapping[str, Type] = {
    **dict.fromkeys(("keyword", "constant_keyword", "flattened"), Type.KEYWORD),
    "wildcard": Type.WILDCARD,
    **dict.fromkeys(("text", "match_only_text", "annotated_text"), Type.TEXT),
    **dict.fromkeys(("byte", "short", "integer", "long", "unsigned_long"), Type.LONG),
    **dict.fromkeys(("half_float", "float", "double", "scaled_float"), Type.DOUBLE),
    "ip": Type.IP,
    "boolean": Type.BOOLEAN,
    **dict.fromkeys(("date", "date_nanos"), Type.DATE),
}
"""https://www.elastic.co/guide/en/elasticsearch/reference/8.17/mapping-types.html"""

_CASED = (Type.KEYWORD, Type.WILDCARD, Type.CASELESS)
_UNCASED = (Type.CASELESS, Type.KEYWORD, Type.WILDCARD)
_PATTERN = {True: (Type.WILDCARD, Type.KEYWORD, Type.CASELESS)}
_PATTERN[False] = (Type.CASELESS, Type.WILDCARD, Type.KEYWORD)
_NUMBERS = (Type.LONG, Type.DOUBLE, *_UNCASED)
_LONGEST_NUMBER = 64
"""characters that no number or address needs more of"""


Plans = Callable[[LogSource], Plan]


class Fitting:
    """Fits targets to the indices of one schema; languages of the same data share their plans."""

    def __init__(self, schema: ClusterSchema) -> None:
        self._schema = schema
        self._plans: dict[tuple[Plans, LogSource], Plan] = {}
        self._candidates = cache(self._candidates_of)
        self._near = cache(schema.near)

    def target(self, target: Target) -> Target:
        """The target for these indices; one that is not Elastic's stays as it is."""
        if target.dialect not in DIALECTS:
            return target
        return replace(target, plan=partial(self.plan, target.plan))

    def plan(self, made: Plans, logsource: LogSource) -> Plan:
        """The plan with its scope and its tests on the fields that there are.

        Raises Refused: the scope can't be asked of these fields.
        """
        if (made, logsource) not in self._plans:
            plan, reasons = made(logsource), dict[Reason, None]()

            def fit(leaf: AnyLeaf) -> Node:
                if isinstance(leaf, Keyword):
                    return leaf
                node, found = self.fit(leaf)
                reasons.update(dict.fromkeys(found))
                if isinstance(node, Equals) and node.field.type is Type.CASELESS:
                    # Documents hold the value as it is written, so that case decides nothing.
                    return replace(node, cased=False)
                return node

            scope = tuple(map_leaves(node, fit) for node in plan.scope)
            told = (*plan.approximations, *reasons)
            self._plans[made, logsource] = replace(
                plan, scope=scope, approximations=told, fit=self.fit
            )
        return self._plans[made, logsource]

    def fit(self, leaf: FieldLeaf) -> tuple[FieldLeaf, Sequence[Reason]]:
        """The test on the field that answers it best, and where its answers differ.

        Raises Refused: no field can answer it.
        """
        if isinstance(leaf, (SameAs, TimePartCompare)):
            return leaf, ()
        field, path = leaf.field, leaf.field.name
        candidates = self._candidates(path)
        if not candidates:
            return leaf, (self._absent(leaf, path),)
        best = min(candidates, key=partial(_unfitness, leaf))
        if best.why is not None:
            raise Refused(best.why.code, f"{_told(field)} {best.why.message}", leaf.place)
        if best.keyed and not _is_value(leaf):
            message = "is a key of a flattened field, in which only whole values can be found"
            raise Refused("field-type", f"{_told(field)} {message}", leaf.place)
        reasons = []
        if best.others:
            message = f"is {best.kind}, but not in {', '.join(best.others)}"
            effect = "there the query finds other events or fails"
            reasons.append(Reason("field-conflict", f"{best.name} {message}; {effect}", leaf.place))
        if _cuts(best, leaf):
            message = f"{best.name} lacks values of more than {best.longest} characters"
            reasons.append(Reason("long-values", f"{message} (ignore_above)", leaf.place))
        kind = Type.FLATTENED if best.keyed else best.type
        return replace(leaf, field=replace(field, name=best.name, type=kind)), reasons

    def _absent(self, leaf: FieldLeaf, path: str) -> Reason:
        # https://www.elastic.co/guide/en/elasticsearch/reference/8.17/eql-syntax.html tells of EQL.
        near = self._near(path)
        hint = f"; there is {', '.join(near)}" if near else ""
        effect = "a test on it finds nothing, and an EQL query fails"
        message = f"no index has the field {_told(leaf.field)}: {effect}{hint}"
        return Reason("absent-field", message, leaf.place)

    def _candidates_of(self, path: str) -> tuple[_Candidate, ...]:
        """The field and its multi-fields, the field itself first; a multi-field by its name only.

        A subfield in lower case that the target assumes is but a multi-field of the field that is
        meant.
        """
        schema = self._schema
        if schema.field(path.removesuffix(_SUFFIX)):
            path = path.removesuffix(_SUFFIX)
        owner, _, name = path.rpartition(".")
        owners = schema.fields.get(owner, ())
        if path not in schema.fields and any(name in shape.fields for shape in owners):
            return (_candidate(path, [shape.fields.get(name) for shape in owners], owners),)
        aliased = {shape.path for shape in schema.field(path)}
        if len(aliased) == 1:
            path = aliased.pop() or path
        shapes, named = schema.behind(path), schema.field(path)
        if not shapes:
            return ()
        multi = [
            _candidate(f"{path}.{name}", [shape.fields.get(name) for shape in named], named)
            for name in sorted({name for shape in named for name in shape.fields})
        ]
        return (_candidate(path, shapes, shapes, whole=path in schema.fields), *multi)


@dataclass(frozen=True)
class _Candidate:
    """A field that tests can be put to; `why` tells of one that answers none.

    `others` are the indices where it is something else, `longest` is its longest value, and
    `keyed` marks a key of a flattened field.
    """

    name: str
    type: Type = Type.UNKNOWN
    kind: str = ""
    others: tuple[str, ...] = ()
    longest: int | None = None
    keyed: bool = False
    why: Reason | None = None


def _candidate(
    name: str, views: Sequence[Shape | None], owners: Sequence[Shape], *, whole: bool = False
) -> _Candidate:
    """A field as the indices of its owner's shapes have it, each in a view, or don't."""
    usable: dict[Type, list[Shape]] = {}
    why: Reason | None = None
    types: list[Type | None] = []
    for view, owner in zip(views, owners, strict=True):
        found = None if view is None else _usable(view, owner, whole=whole)
        if isinstance(found, Reason):
            why = why or found
        types.append(found if isinstance(found, Type) else None)
        if view is not None and isinstance(found, Type):
            usable.setdefault(found, []).append(view)
    if not usable:
        return _Candidate(name, why=why)
    best = max(usable, key=lambda kind: sum(max(1, len(view.sources)) for view in usable[kind]))
    others = {s for t, o in zip(types, owners, strict=True) if t is not best for s in o.sources}
    lengths = [view.ignore_above for view in usable[best] if view.ignore_above is not None]
    kinds = dict.fromkeys(view.type for view in usable[best])
    return _Candidate(
        name,
        best,
        " or ".join(kinds),
        tuple(sorted(others)),
        min(lengths, default=None),
        "flattened" in kinds,
    )


def _usable(view: Shape, owner: Shape, *, whole: bool) -> Type | Reason:
    """The type of a field in some indices, or why no test can be put to it there."""
    if owner.nested or view.type == "nested":
        inside = owner.nested or "it"
        message = f"is nested (in {inside}), and only nested queries find what it holds"
        return Reason("nested-field", message)
    if not view.searchable:
        return Reason("unsearchable-field", "is not indexed, and no query finds what it holds")
    if view.type not in _TYPES or (whole and view.type == "flattened"):
        return Reason("field-type", f"is of type {view.type}, which no test of a rule fits")
    if view.folds is Folds.OTHER:
        message = f"has the normalizer {view.normalizer}, which changes more than case"
        return Reason("normalized-field", message)
    if view.folds is Folds.CASE:
        return Type.CASELESS
    return _TYPES[view.type]


def _unfitness(leaf: FieldLeaf, one: _Candidate) -> tuple[bool, bool, bool, bool, int]:
    """How badly a field answers a test: the first difference decides."""
    preferred = _preferred(leaf)
    place = preferred.index(one.type) if one.type in preferred else len(preferred)
    analysed = one.type is Type.TEXT and not isinstance(leaf, (IsNull, Exists))
    return one.why is not None, analysed, bool(one.others), _cuts(one, leaf), place


def _preferred(leaf: FieldLeaf) -> Sequence[Type]:
    if isinstance(leaf, Equals):
        return _CASED if leaf.cased else _UNCASED
    if isinstance(leaf, Glob):
        return _PATTERN[leaf.cased]
    if isinstance(leaf, Regex):
        return _PATTERN["i" not in leaf.flags]
    if isinstance(leaf, (NumberEquals, Compare)):
        return _NUMBERS
    if isinstance(leaf, BooleanEquals):
        return (Type.BOOLEAN, *_UNCASED)
    return (Type.IP, *_UNCASED) if isinstance(leaf, Cidr) else ()


def _cuts(one: _Candidate, leaf: FieldLeaf) -> bool:
    """Whether the field lacks values that the test is about."""
    if one.longest is None:
        return False
    if isinstance(leaf, (NumberEquals, Compare, BooleanEquals, Cidr)):
        return one.longest < _LONGEST_NUMBER
    if isinstance(leaf, Equals):
        return _length(leaf.value) > one.longest
    if isinstance(leaf, Glob) and Wildcard.ANY_RUN not in leaf.parts:
        return sum(_length(p) if isinstance(p, str) else 2 for p in leaf.parts) > one.longest
    return True


def _length(text: str) -> int:
    """Characters as Java counts them."""
    return len(text.encode("utf-16-le")) // 2


def _is_value(leaf: FieldLeaf) -> bool:
    """Whether a test asks for one value just as it is written."""
    if isinstance(leaf, Equals):
        return leaf.cased or leaf.value.upper() == leaf.value.lower()
    return isinstance(leaf, (NumberEquals, BooleanEquals, IsNull, Exists))


def _told(field: Field) -> str:
    return f"{field.name} (for {field.sigma})" if field.sigma else field.name
