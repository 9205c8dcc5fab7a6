"""The meaning of a rule as frozen nodes, free of any query language.

Boolean nodes join leaves; a leaf says what must hold of one field. The meaning is two-valued:
a leaf on an absent field is false (only `IsNull` is true there) and `Not` of it is true.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from transpile.ir.source import Column, Element, Member, Source
from transpile.query import Place
from transpile.values import dataclass


class Type(Enum):
    """What a target's field holds, as far as it changes how a query must be written."""

    __hash__ = object.__hash__  # that of enums is slower, and nodes are hashed often

    UNKNOWN = "unknown"
    STRING = "string"
    """text without an index of its own rules: SPL fields, KQL string columns"""
    KEYWORD = "keyword"
    """Elasticsearch keyword: exact and case-sensitive"""
    CASELESS = "caseless"
    """Elasticsearch keyword with a lowercase normalizer"""
    WILDCARD = "wildcard"
    """Elasticsearch wildcard: exact, case-sensitive, cheap to search inside"""
    TEXT = "text"
    """Elasticsearch text: analysed, only whole tokens can be found"""
    FLATTENED = "flattened"
    """a key of an Elasticsearch flattened field: only whole values can be found"""
    IP = "ip"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    DYNAMIC = "dynamic"
    """KQL dynamic: a JSON value whose members have no declared type"""


class Wildcard(Enum):
    """What a glob holds between its literal runs."""

    __hash__ = object.__hash__  # that of enums is slower, and nodes are hashed often

    ANY_RUN = "*"
    ANY_ONE = "?"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: under its Sigma name until a target maps it, then as the target calls it."""

    name: str
    type: Type = Type.UNKNOWN
    sigma: str = ""
    """the name that the rule uses, where the target's differs"""
    source: Source | None = None
    """where it is read from, where that is not a column of this name"""
    within: str = ""
    """the column in which the source's text stands as JSON or XML has it, between characters that
    are neither letters nor digits"""

    @property
    def sigma_name(self) -> str:
        return self.sigma or self.name

    @property
    def computed(self) -> bool:
        """Whether it is a text that is computed from columns, and never absent."""
        return self.source is not None and not isinstance(self.source, (Column, Member, Element))

    def __hash__(self) -> int:
        return hash(self.name)


Parts: TypeAlias = tuple[str | Wildcard, ...]
Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Node, ...]

    def __hash__(self) -> int:  # of all operands it would take long, and they nest
        return hash((And, len(self.operands), self.operands[0]))


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Node, ...]

    def __hash__(self) -> int:
        return hash((Or, len(self.operands), self.operands[0]))


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What all leaves have: where the rule says it (not part of their equality)."""

    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Equals(Leaf):
    """The field's text is this one; `''` means present and empty."""

    field: Field
    value: str
    cased: bool = False

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class Glob(Leaf):
    """The field's whole text fits the parts; there is at least one wildcard among them."""

    field: Field
    parts: Parts
    cased: bool = False

    def __hash__(self) -> int:
        return hash(self.parts)


@dataclass(frozen=True, slots=True)
class Regex(Leaf):
    """The pattern is found somewhere in the field's text; flags are a subset of `ims`, sorted."""

    field: Field
    pattern: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class NumberEquals(Leaf):
    """The field is this number, or text that spells it."""

    field: Field
    number: int | float


@dataclass(frozen=True, slots=True)
class BooleanEquals(Leaf):
    """The field is this truth value, or text that spells it."""

    field: Field
    boolean: bool


@dataclass(frozen=True, slots=True)
class Cidr(Leaf):
    """The field is an IP address inside the network."""

    field: Field
    network: Network


class Comparison(Enum):
    """How a number is compared; the values are the operators as most languages write them."""

    EQ = "=="

    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="


@dataclass(frozen=True, slots=True)
class Compare(Leaf):
    """The field is a number on this side of the bound; text that is no number is not.

    The comparison is never EQ: that is `NumberEquals`.
    """

    field: Field
    comparison: Comparison
    number: int | float


class TimePart(Enum):
    """The part of a timestamp that a rule asks for; WEEK is the ISO week."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class TimePartCompare(Leaf):
    """That part of the timestamp in the field compares so with the number."""

    field: Field
    part: TimePart
    comparison: Comparison
    number: int


@dataclass(frozen=True, slots=True)
class IsNull(Leaf):
    """The field is absent or null."""

    field: Field


@dataclass(frozen=True, slots=True)
class Exists(Leaf):
    """The field is present, empty or not."""

    field: Field


class Anchor(Enum):
    """Where in a field's text the text of another field must stand."""

    WHOLE = "equals"
    START = "startswith"
    END = "endswith"
    INSIDE = "contains"


@dataclass(frozen=True, slots=True)
class SameAs(Leaf):
    """Both fields are present and the text of the other stands in the first one at the anchor."""

    field: Field
    other: Field
    anchor: Anchor = Anchor.WHOLE
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Keyword(Leaf):
    """The parts occur somewhere in the event's text, whatever the field."""

    parts: Parts
    cased: bool = False


FieldLeaf: TypeAlias = (
    Equals
    | Glob
    | Regex
    | NumberEquals
    | BooleanEquals
    | Cidr
    | Compare
    | TimePartCompare
    | IsNull
    | Exists
    | SameAs
)
AnyLeaf: TypeAlias = FieldLeaf | Keyword
Node: TypeAlias = And | Or | Not | AnyLeaf

LEAVES: tuple[type[Leaf], ...] = (
    Equals,
    Glob,
    Regex,
    NumberEquals,
    BooleanEquals,
    Cidr,
    Compare,
    TimePartCompare,
    IsNull,
    Exists,
    SameAs,
    Keyword,
)
"""every leaf there is; each dialect must say something of each"""
