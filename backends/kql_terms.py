"""What a condition implies of whole terms: Kusto has an index of them, which `contains` can't use.

A term is a run of letters and digits between other characters, and is indexed from three characters
on: https://learn.microsoft.com/kusto/query/datatypes-string-operators. In a dynamic column each
value inside is: https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from backends.kql_text import name, string
from backends.layout import Doc, Join, Listing, Text
from transpile.ir.nodes import And, Equals, Field, Glob, Node, Or, Parts, Regex, Type
from transpile.ir.walk import leaves
from transpile.ir.weaken import regex_as_glob

MOST_TERMS = 20
"""terms that one filter asks any of: more of them hardly leave out any data"""

MOST_FILTERS = 5
"""filters of one query"""

_EVERYWHERE = frozenset(
    ("com", "dll", "exe", "files", "http", "https", "microsoft", "program", "software", "system")
) | {"system32", "users", "windows", "www", "true", "false", "null"}
"""terms that most events have, so that looking for them leaves out nothing; of JSON's own words it
isn't told if they are terms"""

# A text may stand in its column as JSON or XML. What bounds a term there must not become a letter
# or a digit, as a newline does in `\n` and a quote in `\u0022`. Of `_` it isn't told if it bounds.
_BOUND = r"[ !#$%()*,\-./:;=?@\[\\\]^{|}~]"
_WORD = re.compile(f"(?<={_BOUND})[A-Za-z0-9]{{3,}}(?={_BOUND})")


class Term(NamedTuple):
    """A term, in lower case, and the column that has it."""

    column: str
    text: str


class Filter(NamedTuple):
    """Rows with any of the terms (`has_any`), or with all of them in one column (`has_all`)."""

    operator: Literal["has_any", "has_all"]
    terms: tuple[Term, ...]

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The terms by their columns."""
        columns: dict[str, tuple[str, ...]] = {}
        for column, text in self.terms:
            columns[column] = (*columns.get(column, ()), text)
        return columns

    def test(self) -> Doc:
        """The filter as a condition."""
        tests = [_test(column, self.operator, terms) for column, terms in self.columns().items()]
        return tests[0] if len(tests) == 1 else Join("or", tuple(tests))


_Terms: TypeAlias = tuple[Term, ...]
"""terms of which one at least is in every row that a condition takes; none if nothing is implied"""


def implied(condition: Node) -> list[Filter]:
    """Filters that let through all rows that the condition takes, in the rule's order."""
    conjuncts = condition.operands if isinstance(condition, And) else (condition,)
    found = [terms for one in conjuncts if not _is_indexed(one) and (terms := _terms(one))]
    kept = [terms for terms in found if not any(set(other) < set(terms) for other in found)]
    sure: dict[str, dict[Term, None]] = {}
    for terms in kept:
        if len(terms) == 1:
            sure.setdefault(terms[0].column, {})[terms[0]] = None
    filters = [Filter("has_all", tuple(terms)) for terms in sure.values()]
    filters += [Filter("has_any", terms) for terms in dict.fromkeys(kept) if len(terms) > 1]
    return filters[:MOST_FILTERS]


def _is_indexed(condition: Node) -> bool:
    """Whether the condition compares whole columns only, which needs no help."""
    return all(isinstance(one, Equals) and not one.field.within for one in leaves(condition))


def _terms(node: Node) -> _Terms:
    if isinstance(node, And):
        return min(filter(None, map(_terms, node.operands)), key=_worth, default=())
    if isinstance(node, Or):
        return _terms_of_any(node.operands)
    if isinstance(node, Equals):
        return _longest(node.field, (node.value,))
    if isinstance(node, Regex):
        glob = regex_as_glob(node)
        return _longest(glob.field, glob.parts) if isinstance(glob, Glob) else ()
    return _longest(node.field, node.parts) if isinstance(node, Glob) else ()


def _terms_of_any(alternatives: Iterable[Node]) -> _Terms:
    found: dict[Term, None] = {}
    for one in alternatives:
        terms = _terms(one)
        found.update(dict.fromkeys(terms))
        if not terms or len(found) > MOST_TERMS:
            return ()
    return tuple(found)


def _worth(terms: _Terms) -> tuple[int, int]:
    """Few terms and long ones leave out the most."""
    return len(terms), -min(len(term.text) for term in terms)


def _longest(field: Field, parts: Parts) -> _Terms:
    """The longest term that every text has which fits the parts."""
    column = field.within or (
        "" if field.source is not None or field.type is not Type.STRING else field.name
    )
    if not column:
        return ()
    longest, last = "", len(parts) - 1
    for position, part in enumerate(parts):
        if isinstance(part, str) and part.isascii():
            # The ends of the value bound a term, too.
            text = f"{'' if position else ' '}{part}{'' if position < last else ' '}"
            for word in _WORD.findall(text):
                if len(word) > len(longest) and not _is_everywhere(word):
                    longest = word
    return (Term(column, longest.lower()),) if longest else ()


def _is_everywhere(word: str) -> bool:
    """Whether most events have the word, or may have it as a number."""
    return word.isdigit() or word.lower() in _EVERYWHERE


def _test(column: str, operator: str, terms: Sequence[str]) -> Doc:
    literals = tuple(map(string, terms))
    if len(literals) == 1:
        return Text(f"{name(column)} has {literals[0]}")
    return Listing(f"{name(column)} {operator} (", literals)
