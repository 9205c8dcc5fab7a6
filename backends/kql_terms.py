"""What a condition implies of whole terms: Kusto has an index of them, which `contains` can't use.

A term is a run of letters and digits between other characters, and is indexed from three characters
on: https://learn.microsoft.com/kusto/query/datatypes-string-operators. In a dynamic column each
value inside is: https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from backends.kql_text import name, string
from backends.layout import Doc, Join, Listing, Text
from transpile.ir.nodes import And, Equals, Field, Glob, Node, Or, Parts, Regex, Type
from transpile.ir.walk import leaves
from transpile.ir.weaken import regex_as_glob

MOST_TERMS = 20
"""terms that one filter asks any of: more of them hardly leave out any data"""

MOST_FILTERS = 5
"""filters of one query"""

_SHORTEST = 3
_EVERYWHERE = re.compile(
    "com|dll|exe|files|https?|microsoft|program|software|system|system32|users|windows|www"
    "|true|false|null"
)
"""terms that most events have, so that looking for them leaves out nothing; of JSON's own words it
isn't told if they are terms"""

# A text may stand in its column as JSON or XML. What bounds a term there must not become a letter
# or a digit, as a newline does in `\n` and a quote in `\u0022`. Of `_` it isn't told if it bounds.
_BOUND = r"[ !#$%()*,\-./:;=?@\[\\\]^{|}~]"
_WORD = re.compile(f"(?<={_BOUND})[A-Za-z0-9]+(?={_BOUND})")


class _Term(NamedTuple):
    """A term, in lower case, and the column that has it."""

    column: str
    text: str


_Terms: TypeAlias = tuple[_Term, ...]
"""terms of which one at least is in every row that a condition takes; none if nothing is implied"""


def implied(condition: Node) -> list[Doc]:
    """Filters that let through all rows that the condition takes, in the rule's order."""
    conjuncts = condition.operands if isinstance(condition, And) else (condition,)
    found = [terms for one in conjuncts if not _is_indexed(one) and (terms := _terms(one))]
    kept = [terms for terms in found if not any(set(other) < set(terms) for other in found)]
    sure = dict.fromkeys(term for terms in kept if len(terms) == 1 for term in terms)
    lists = dict.fromkeys(terms for terms in kept if len(terms) > 1)
    filters = [*_tests(sure, "has_all"), *(_either(terms) for terms in lists)]
    return filters[:MOST_FILTERS]


def _is_indexed(condition: Node) -> bool:
    """Whether the condition compares whole columns only, which needs no help."""
    return all(isinstance(one, Equals) and not one.field.within for one in leaves(condition))


def _terms(node: Node) -> _Terms:
    if isinstance(node, And):
        return min(filter(None, map(_terms, node.operands)), key=_worth, default=())
    if isinstance(node, Or):
        each = list(map(_terms, node.operands))
        terms = tuple(dict.fromkeys(term for one in each for term in one))
        return terms if all(each) and len(terms) <= MOST_TERMS else ()
    if isinstance(node, Equals):
        return _longest(node.field, (node.value,))
    if isinstance(node, Regex):
        glob = regex_as_glob(node)
        return _longest(glob.field, glob.parts) if isinstance(glob, Glob) else ()
    return _longest(node.field, node.parts) if isinstance(node, Glob) else ()


def _worth(terms: _Terms) -> tuple[int, int]:
    """Few terms and long ones leave out the most."""
    return len(terms), -min(len(term.text) for term in terms)


def _longest(field: Field, parts: Parts) -> _Terms:
    """The longest term that every text has which fits the parts."""
    column = field.within or ("" if field.source or field.type is not Type.STRING else field.name)
    words = [word for word in _words(parts) if len(word) >= _SHORTEST] if column else []
    return (_Term(column, max(words, key=len)),) if words else ()


def _words(parts: Parts) -> Iterator[str]:
    last = len(parts) - 1
    for position, part in enumerate(parts):
        if isinstance(part, str) and part.isascii():
            ends = " " * (position == 0), " " * (position == last)
            for word in _WORD.findall(part.join(ends)):
                term = word.lower()
                if not (term.isdigit() or _EVERYWHERE.fullmatch(term)):
                    yield term


def _either(terms: _Terms) -> Doc:
    tests = tuple(_tests(terms, "has_any"))
    return tests[0] if len(tests) == 1 else Join("or", tests)


def _tests(terms: Iterable[_Term], operator: str) -> Iterator[Doc]:
    """A test for each column: `operator` for several terms of it, `has` for one."""
    columns: dict[str, list[str]] = {}
    for column, text in terms:
        columns.setdefault(column, []).append(string(text))
    for column, texts in columns.items():
        if len(texts) == 1:
            yield Text(f"{name(column)} has {texts[0]}")
        else:
            yield Listing(f"{name(column)} {operator} (", tuple(texts))
