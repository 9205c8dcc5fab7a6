"""How the rules of one log source stand in a target: made once, used for every rule of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from ipaddress import ip_address

from transpile.ir.globs import fits
from transpile.ir.nodes import (
    And,
    AnyLeaf,
    BooleanEquals,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    Type,
    Wildcard,
)
from transpile.ir.search import Devices, Parser, Search
from transpile.ir.simplify import all_of, any_of, implies, map_leaves
from transpile.load.logsource import LogSource as LogSource  # noqa: PLC0414
from transpile.query import Place, Reason, Refused
from transpile.targets.forms import Form
from transpile.values import dataclass

FieldMap = Callable[[str], tuple[Field, ...]]
"""from a Sigma field to the target's; several mean any of them; raises Refused for none"""


def _nothing(_sigma: str) -> None:
    return None


def _no_texts(_sigma: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Plan:
    """Where the events of a log source are in a target and what its fields are called there.

    `values` gives, for a field of the target, what it holds where Sigma's field holds the key
    (in lower case): `{"network.direction": {"true": "egress"}}`. `text` is the field that holds
    an event's whole text, for languages that can't search without a field; `texts` are further
    ones that it is spread over, `whole` tells that there is no text of an event elsewhere, and
    `textless` is why there is none. `native` gives a field that is named as the target names it its
    type. `approximations` are true of every rule of the log source. `refuse` raises Refused for
    what the target can't tell of a mapped leaf. `fit` gives a mapped leaf the field that answers
    it, with reasons why its answers differ, or raises Refused.
    `form` gives, for a field of Sigma's, the one in which its fields hold it, and `differs` why
    their answers differ from what is meant. `dropped` are values in whose place events have none;
    `absent` gives, for a field of Sigma's, the texts that stand where an event has no value.
    `columns` are those that an analyst wants to see, where a query shall return only these and what
    it asks of.
    `partial` is why only rules that ask for the scope themselves can be carried over, where the
    target keeps no other events of the log source. `parser` tells of the table that it is what a
    function returns. `devices` tells which machines' events they are, where another table knows.
    `besides` are plans of further tables that have events of the log source, too, and `macro` names
    a search of the user's installation in which these are looked for.
    """

    resolve: FieldMap
    scope: tuple[Node, ...] = ()
    table: str = ""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    text: Field | None = None
    approximations: tuple[Reason, ...] = ()
    native: Callable[[str], Field] = Field
    refuse: Callable[[FieldLeaf], None] | None = None
    fit: Callable[[FieldLeaf], tuple[FieldLeaf, Sequence[Reason]]] | None = None
    columns: tuple[str, ...] = ()
    partial: Reason | None = None
    parser: Parser | None = None
    form: Callable[[str], Form | None] = _nothing
    differs: Callable[[str], Reason | None] = _nothing
    dropped: frozenset[str] = frozenset()
    absent: Callable[[str], Sequence[str]] = _no_texts
    textless: Reason | None = None
    texts: tuple[Field, ...] = ()
    whole: bool = False
    devices: Devices | None = None
    besides: tuple[Plan, ...] = ()
    macro: str = ""
    summarised: bool = False

    def map(self, meaning: Node, mapped: frozenset[str] = frozenset()) -> Mapped:
        """A rule's meaning in the target's fields; every field that has none is a refusal.

        The fields in `mapped` have the target's names already, given by the user's own pipeline:
        they and their values stay as they are.
        """
        if self.besides:
            return _together([one.map(meaning, mapped) for one in self.parts])
        mapper = _Mapper(self, meaning, mapped)
        condition = map_leaves(meaning, mapper.leaf)
        # Of what the rule asks for itself the log source need not remind.
        scope = tuple(node for node in self.scope if not implies(condition, node))
        refusals = mapper.refusals
        if self.partial and not refusals and not all(_asks(condition, s) for s in self.scope):
            refusals.append(self.partial)
        return Mapped(
            Search(
                condition,
                scope,
                self.table,
                self.columns,
                self.parser,
                self.devices,
                macro=self.macro,
                summarised=self.summarised,
            ),
            {name: tuple(mapper.fitted.get(name, fs)) for name, fs in mapper.fields.items()},
            (*self.approximations, *mapper.approximations),
            tuple(refusals),
        )

    @property
    def parts(self) -> tuple[Plan, ...]:
        """The plan of each table that has events of the log source."""
        return (replace(self, besides=()), *self.besides) if self.besides else (self,)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A search in a target's fields, and what could not be carried over."""

    search: Search
    fields: Mapping[str, tuple[Field, ...]]
    approximations: tuple[Reason, ...] = ()
    refusals: tuple[Reason, ...] = ()


def _together(parts: Sequence[Mapped]) -> Mapped:
    """The searches of several tables as one; a table that can't be asked is told to be left out."""
    able = [one for one in parts if not one.refusals]
    fields: dict[str, tuple[Field, ...]] = {}
    for one in able or parts:
        for name, found in one.fields.items():
            fields[name] = tuple(dict.fromkeys((*fields.get(name, ()), *found)))
    if not able:
        refusals = dict.fromkeys(reason for one in parts for reason in one.refusals)
        return Mapped(parts[0].search, fields, (), tuple(refusals))
    left_out = [
        Reason("table-left-out", f"{one.search.table} is left out: {why.message}", why.place)
        for one in parts
        for why in one.refusals[:1]
    ]
    first, *others = (one.search for one in able)
    told = dict.fromkeys((*left_out, *(why for one in able for why in one.approximations)))
    return Mapped(replace(first, others=tuple(others)), fields, tuple(told))


class _Mapper:
    def __init__(self, plan: Plan, meaning: Node, mapped: frozenset[str]) -> None:
        self._plan = plan
        self._meaning = meaning
        self._mapped = mapped
        self.fields: dict[str, tuple[Field, ...]] = {}
        self._plain: dict[str, Field] = {}
        """fields that are one of the target's, with nothing else to be said or asked of a leaf"""
        self.fitted: dict[str, dict[Field, None]] = {}
        """fields that tests were put to in the place of those that a name stands for"""
        self.approximations: list[Reason] = []
        self.refusals: list[Reason] = []

    def leaf(self, leaf: AnyLeaf) -> Node:
        if isinstance(leaf, Keyword):
            if self._plan.text is None and self._plan.textless is None:
                return leaf
        else:
            plain = self._plain.get(leaf.field.name)
            dropped = self._plan.dropped and self._is_dropped(leaf)
            if plain is not None and not dropped and not isinstance(leaf, SameAs):
                return _moved(leaf, plain)
        try:
            return self._leaf(leaf)
        except Refused as refused:
            if refused.reason not in self.refusals:
                self.refusals.append(refused.reason)
            return leaf

    def _in_text(self, leaf: Keyword) -> Node:
        if (textless := self._plan.textless) is not None:
            raise Refused(textless.code, textless.message, leaf.place)
        texts = (self._plan.text or Field(""), *self._plan.texts)
        if not self._plan.whole:
            names = " and ".join(one.name for one in texts)
            message = f"keywords are looked for in {names} only, not in every field"
            self._differ(Reason("keyword-field", message))
        parts = (Wildcard.ANY_RUN, *leaf.parts, Wildcard.ANY_RUN)
        return any_of(
            self._fit(Glob(one, parts, leaf.cased, place=leaf.place), one.name) for one in texts
        )

    def _leaf(self, leaf: AnyLeaf) -> Node:
        if isinstance(leaf, Keyword):
            return self._in_text(leaf)
        name = leaf.field.name
        fields = self._fields(leaf.field, leaf.place)
        if name not in self._mapped:
            if (differs := self._plan.differs(name)) is not None:
                self._differ(replace(differs, place=leaf.place))
            if isinstance(leaf, Equals) and leaf.value in self._plan.dropped:
                return self._absent(leaf, fields)
            if isinstance(leaf, (IsNull, Exists)):
                self._tell_dropped(leaf)
            if (form := self._plan.form(name)) is not None:
                return self._formed(leaf, form)
            if texts := self._plan.absent(name):
                return self._beside_absent(leaf, fields, texts)
        return self._on_any(leaf, fields)

    def _on_any(self, leaf: FieldLeaf, fields: Sequence[Field]) -> Node:
        if isinstance(leaf, SameAs):
            others = self._fields(leaf.other, leaf.place)
            return any_of(replace(leaf, field=f, other=o) for f in fields for o in others)
        if len(fields) == 1:
            return self._on(leaf, fields[0])
        # Null is the one leaf that must hold of all the fields that may carry the value.
        join = all_of if isinstance(leaf, IsNull) else any_of
        able = [one for one in fields if _may_hold(one, leaf)]
        return join(map(partial(self._on, leaf), able or fields))

    def _beside_absent(
        self, leaf: FieldLeaf, fields: Sequence[Field], texts: Sequence[str]
    ) -> Node:
        """A test on fields that hold one of some texts where an event has no value."""
        place = leaf.place
        held = [text for text in texts if _may_pass(leaf, text)]
        if isinstance(leaf, IsNull):
            return all_of(
                any_of([replace(leaf, field=one), *(Equals(one, t, place=place) for t in texts)])
                for one in fields
            )
        if isinstance(leaf, Equals):
            if held and not _only_beside(self._meaning, leaf, IsNull(leaf.field)):
                told = f"{leaf.field.name} holds {held[0]!r} where an event has none"
                message = f"{told}: such events are found too"
                self._differ(Reason("ingested-otherwise", message, place))
            same = replace(leaf, value=held[0]) if held and not leaf.cased else leaf
            return self._on_any(same, fields)
        if isinstance(leaf, Exists) or _is_any(leaf):
            leaf, held = Exists(leaf.field, place=place), [*texts]
        return any_of(
            all_of([self._on_any(leaf, [one]), *(Not(Equals(one, t, place=place)) for t in held)])
            for one in fields
        )

    def _is_dropped(self, leaf: FieldLeaf) -> bool:
        """Whether what ingestion drops makes a difference to a test."""
        if isinstance(leaf, Equals):
            return leaf.value in self._plan.dropped
        return isinstance(leaf, (IsNull, Exists))

    def _tell_dropped(self, leaf: IsNull | Exists) -> None:
        """Say so where events without a value may have had one that ingestion drops."""
        values = sorted(
            value
            for value in self._plan.dropped
            if not value.startswith("{") or leaf.field.name.lower().endswith("guid")
            if not _only_beside(self._meaning, leaf, Equals(leaf.field, value))
        )
        if values:
            drops = f"{leaf.field.name}: ingestion drops {' and '.join(map(repr, values))}"
            message = f"{drops}: events with such a value count as without"
            self._differ(Reason("ingested-otherwise", message, leaf.place))

    def _absent(self, leaf: Equals, fields: Sequence[Field]) -> Node:
        """A test for a value that events don't keep: those without any are found."""
        name, value = leaf.field.name, leaf.value
        if not _only_beside(self._meaning, leaf, IsNull(leaf.field)):
            told = f"{name}: ingestion drops the value {value!r}: events without any are found"
            self._differ(Reason("ingested-otherwise", told, leaf.place))
        null = IsNull(leaf.field, place=leaf.place)
        absent = all_of(self._on(null, one) for one in fields)
        if self._plan.form(name) is not None:
            return absent
        kept = [self._on(leaf, one) for one in fields if _may_hold(one, leaf)]
        return any_of([*kept, absent])

    def _formed(self, leaf: FieldLeaf, form: Form) -> Node:
        """A test on a field that is kept in another form."""
        node, reasons = form.test(leaf)
        for reason in reasons:
            self._differ(reason)

        def fitted(one: AnyLeaf) -> Node:
            if isinstance(one, Keyword):
                return one
            if self._plan.fit is None:
                self.fitted.setdefault(leaf.field.name, {})[one.field] = None
            return self._fit(one, leaf.field.name)

        return map_leaves(node, fitted)

    def _differ(self, reason: Reason) -> None:
        told = (reason.code, reason.message)
        if told not in ((one.code, one.message) for one in self.approximations):
            self.approximations.append(reason)

    def _on(self, leaf: FieldLeaf, field: Field) -> Node:
        translation = self._plan.values.get(field.name)
        if (
            translation is None
            or leaf.field.name in self._mapped
            or isinstance(leaf, (IsNull, Exists))
        ):
            mapped = _moved(leaf, field)
            if self._plan.refuse is not None:
                self._plan.refuse(mapped)
            return self._fit(mapped, leaf.field.name)
        spelled = _spelling(leaf)
        if spelled is None or spelled not in translation:
            known = ", ".join(sorted(translation))
            raise Refused(
                "untranslated-value",
                f"{field.name} holds other values than {field.sigma_name}, known only for {known}",
                leaf.place,
            )
        return self._fit(Equals(field, translation[spelled], place=leaf.place), leaf.field.name)

    def _fit(self, leaf: FieldLeaf, name: str) -> Node:
        """The leaf on the field that the user's indices have for this name of a rule."""
        if self._plan.fit is None:
            return leaf
        fitted, reasons = self._plan.fit(leaf)
        self.fitted.setdefault(name, {})[fitted.field] = None
        for reason in reasons:
            self._differ(reason)
        return fitted

    def _fields(self, field: Field, place: Place | None) -> tuple[Field, ...]:
        name = field.name
        if name in self._mapped and name not in self.fields:
            self.fields[name] = (self._plan.native(name),)
        if name not in self.fields:
            try:
                fields = self.fields[name] = self._plan.resolve(name)
            except Refused as refused:
                raise Refused(refused.reason.code, refused.reason.message, place) from refused
            plan = self._plan
            more = plan.refuse or plan.fit or fields[0].name in plan.values
            special = plan.form(name) or plan.differs(name) or plan.absent(name)
            if len(fields) == 1 and not more and not special:
                self._plain[name] = fields[0]
        return self.fields[name]


def _asks(condition: Node, scope: Node) -> bool:
    """Whether each alternative of a condition asks for the scope."""
    if isinstance(condition, Or) and not implies(condition, scope):
        return all(_asks(operand, scope) for operand in condition.operands)
    if isinstance(condition, And):
        return any(_asks(operand, scope) for operand in condition.operands)
    return implies(condition, scope)


def _moved(leaf: FieldLeaf, field: Field) -> FieldLeaf:
    if isinstance(leaf, Equals):  # by far the most, and `replace` takes its time
        return Equals(field, leaf.value, leaf.cased, place=leaf.place)
    if isinstance(leaf, Glob):
        return Glob(field, leaf.parts, leaf.cased, place=leaf.place)
    return replace(leaf, field=field)


def _only_beside(meaning: Node, leaf: FieldLeaf, other: FieldLeaf) -> bool:
    """Whether a leaf stands only among alternatives of which the other one is one, too."""
    return all(other in alternatives for alternatives in _alternatives(meaning, leaf))


def _alternatives(meaning: Node, leaf: FieldLeaf) -> Iterator[Sequence[Node]]:
    """The alternatives among which a leaf stands, each time; none where it stands by itself."""
    if isinstance(meaning, Not):
        yield from _alternatives(meaning.operand, leaf)
    elif isinstance(meaning, (And, Or)):
        for one in meaning.operands:
            if isinstance(one, (And, Or, Not)):
                yield from _alternatives(one, leaf)
            elif type(one) is type(leaf) and one == leaf:
                yield meaning.operands if isinstance(meaning, Or) else ()
    elif meaning == leaf:
        yield ()


def _is_any(leaf: FieldLeaf) -> bool:
    """Whether any text passes."""
    return isinstance(leaf, Glob) and set(leaf.parts) == {Wildcard.ANY_RUN}


def _may_pass(leaf: FieldLeaf, text: str) -> bool:
    """Whether a text passes a test, as far as can be told."""
    if isinstance(leaf, Equals):
        return leaf.value == text if leaf.cased else leaf.value.lower() == text.lower()
    if isinstance(leaf, Glob):
        return fits(leaf.parts, text, cased=leaf.cased)
    if isinstance(leaf, Regex):
        return _may_match(leaf.pattern, text)
    return isinstance(leaf, SameAs)


def _may_match(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        return True


_OF_ADDRESSES = frozenset("0123456789abcdef.:")


def _may_hold(field: Field, leaf: FieldLeaf) -> bool:
    """Whether a field of this type may hold the value, where another field may hold it, too."""
    if field.type is Type.IP and isinstance(leaf, Equals):
        return _reads(ip_address, leaf.value)
    if field.type is Type.IP and isinstance(leaf, Glob):
        texts = [part for part in leaf.parts if isinstance(part, str)]
        return not set("".join(texts).lower()) - _OF_ADDRESSES
    return not (field.type is Type.LONG and isinstance(leaf, Equals)) or _reads(int, leaf.value)


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _spelling(leaf: FieldLeaf) -> str | None:
    if isinstance(leaf, BooleanEquals):
        return str(leaf.boolean).lower()
    if isinstance(leaf, Equals):
        return leaf.value.lower()
    if isinstance(leaf, NumberEquals):
        return str(leaf.number)
    return None
