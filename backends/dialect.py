"""What a dialect must say, and the walk that asks it.

A dialect is mainly a table from the leaves of the meaning to the text of its language. What its
language can't say it lowers to something it can, notes as an approximation, or refuses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, TypeAlias

from backends.layout import Doc, Join, Prefixed, Text
from transpile.ir.nodes import And, Field, Leaf, Node, Not, Or
from transpile.ir.search import Search
from transpile.query import Place, Reason, Refused
from transpile.values import dataclass


@dataclass
class Notes:
    """What a dialect has to say of a query beside its text.

    `columns` are those that the query adds to the events that it returns, `definitions` what
    stands before it.
    """

    approximations: list[Reason] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)

    def approximate(self, code: str, message: str, place: Place | None = None) -> None:
        """The text that is being written finds more or fewer events than the leaf means."""
        self.approximations.append(Reason(code, message, place))

    def collect(self, leaves: Sequence[Any], write: Callable[[Any], str]) -> tuple[str, ...]:
        """The texts of several leaves; one that is refused is noted and left out."""
        texts: list[str] = []
        for leaf in leaves:
            try:
                texts.append(write(leaf))
            except Refused as refused:
                self.refusals.append(refused.reason)
        return tuple(texts)


@dataclass(frozen=True, slots=True)
class Written:
    """A query's text, None where something was refused, every reason, and the columns it adds."""

    text: str | None
    approximations: tuple[Reason, ...] = ()
    refusals: tuple[Reason, ...] = ()
    columns: tuple[str, ...] = ()


Generate: TypeAlias = Callable[[Any, Notes], Doc]
"""from a leaf of one kind to its text; raises Refused where there is none"""


class Dialect(ABC):
    """One query language: its words, its table of leaves, and how a whole query is put together."""

    NAME: ClassVar[str]
    SUFFIX: ClassVar[str]
    """the ending of its files, without a dot"""
    AND: ClassVar[str] = "AND"
    OR: ClassVar[str] = "OR"
    NOT: ClassVar[str] = "NOT "
    CLOSE_NOT_IN_OR: ClassVar[bool] = False
    """a negation below a disjunction needs parentheses of its own"""
    GENERATE: ClassVar[Mapping[type[Leaf], Generate]]

    def write(self, search: Search) -> Written:
        """The query for a search, or why there is none."""
        notes = Notes()
        text = self.compose(search, notes)
        refusals, approximations = tuple(notes.refusals), tuple(notes.approximations)
        return Written(None if refusals else text, approximations, refusals, tuple(notes.columns))

    def field(self, field: Field) -> str:
        """What a field is called in a query, or how it is read where it has no name."""
        return field.name

    @abstractmethod
    def compose(self, search: Search, notes: Notes) -> str:
        """The whole query; what can't be said is in `notes.refusals` afterwards."""

    def generate(self, node: Node, notes: Notes) -> Doc:
        """The text of a condition. A refused leaf is noted and leaves a gap in the text."""
        if not isinstance(node, (And, Or, Not)):
            return self._leaf(node, notes)
        if isinstance(node, And):
            return Join(self.AND, tuple(self.generate(operand, notes) for operand in node.operands))
        if isinstance(node, Or):
            return self._alternatives(node.operands, notes)
        return self.negate(self.generate(node.operand, notes))

    def negate(self, doc: Doc) -> Doc:
        """The negation of a text; that of a negation is what stands behind its word."""
        if isinstance(doc, Prefixed) and doc.word == self.NOT:
            return doc.part
        return Prefixed(self.NOT, doc)

    def list_key(self, leaf: Node) -> Hashable | None:
        """What leaves must share to stand in one list of values; None for a leaf that can't.

        A leaf that is refused for itself, in whatever way, may raise Refused here, too.
        """
        return None

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        """Several leaves of one list key as one test."""
        raise NotImplementedError(f"{self.NAME} has list keys but no listing")

    def _leaf(self, leaf: Leaf, notes: Notes) -> Doc:
        try:
            generate = self.GENERATE.get(type(leaf))
            if generate is None:
                message = (
                    f"{self.NAME} has no words here for a test of the kind {type(leaf).__name__}"
                )
                raise Refused("unsaid-test", message, leaf.place)
            return generate(leaf, notes)
        except Refused as refused:
            notes.refusals.append(refused.reason)
            return Text("")

    def _alternatives(self, operands: Sequence[Node], notes: Notes) -> Doc:
        groups: dict[Hashable, list[Node]] = {}
        for position, operand in enumerate(operands):
            key = self._key(operand)
            groups.setdefault((position,) if key is None else (key, "list"), []).append(operand)
        docs = [
            self.generate(group[0], notes) if len(group) == 1 else self._list(group, notes)
            for group in groups.values()
        ]
        if self.CLOSE_NOT_IN_OR:
            docs = [
                Prefixed(doc.word, doc.part, closed=True) if isinstance(doc, Prefixed) else doc
                for doc in docs
            ]
        return docs[0] if len(docs) == 1 else Join(self.OR, tuple(docs))

    def _key(self, leaf: Node) -> Hashable | None:
        try:
            return self.list_key(leaf)
        except Refused:  # which the leaf tells by itself
            return None

    def _list(self, leaves: Sequence[Node], notes: Notes) -> Doc:
        try:
            return self.listing(leaves, notes)
        except Refused as refused:
            notes.refusals.append(refused.reason)
            return Text("")
