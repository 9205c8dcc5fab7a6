"""Where a field's value is read from, where that is not a column: free of any query language.

A member stands inside a column that holds an object, an element in one that holds XML. Everything
else is a text that is computed from columns: it is never absent, and empty where there is nothing
to compute it from.
"""

from __future__ import annotations

from typing import TypeAlias

from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is: the base of a computation, or a value whose type has no tests."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A value inside a column that holds an object, or the text of one (`is_text`)."""

    column: str
    steps: tuple[str, ...]
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """The text of a Windows event's datum of this name, in a column that holds their XML.

    It is `<Data Name="…">`, or else an element of the name, as below UserData; `is_data` tells that
    it can be nothing but the former. Where there is no name, it is the texts of all data without
    one, a line for each. `encoded` is a text as it stands in the XML, with its entities.
    """

    column: str
    name: str
    is_data: bool = False
    encoded: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """The same text in every row."""

    text: str


@dataclass(frozen=True, slots=True)
class Extract:
    """What the one group of a pattern finds in a text; empty where it finds nothing."""

    pattern: str
    of: Source


@dataclass(frozen=True, slots=True)
class ReplacePattern:
    r"""A text with everything that a pattern finds replaced; `\1` is the pattern's first group."""

    of: Source
    pattern: str
    new: str


@dataclass(frozen=True, slots=True)
class FromHexadecimal:
    """The text that a text's hexadecimal digits stand for, two for each byte of its UTF-8."""

    of: Source


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts, one after the other."""

    parts: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class UnlessEmpty:
    """One text where a column is not empty, and another where it is."""

    column: str
    then: Source
    empty: Source


@dataclass(frozen=True, slots=True)
class Hexadecimal:
    """The digits of a column's whole number, as many as are said and in lower case."""

    column: str
    digits: int


@dataclass(frozen=True, slots=True)
class Case:
    """A text for rows in which a column has one of some values, or ends with a text.

    Letters count without their case.
    """

    column: str
    then: Source
    values: tuple[str | int, ...] = ()
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Cases:
    """The text of the first case that a row is, or another one."""

    cases: tuple[Case, ...]
    otherwise: Source


@dataclass(frozen=True, slots=True)
class Expression:
    """The user's own words in the language of the target."""

    text: str


Source: TypeAlias = (
    Column
    | Member
    | Element
    | Literal
    | Extract
    | ReplacePattern
    | FromHexadecimal
    | Joined
    | UnlessEmpty
    | Hexadecimal
    | Cases
    | Expression
)
