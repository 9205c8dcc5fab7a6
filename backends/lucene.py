"""Lucene queries as Elasticsearch's query_string reads them.

Syntax: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/query-dsl-query-string-query.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from backends.dialect import Dialect, Generate, Notes
from backends.elastic_fields import fit, unsayable
from backends.elastic_text import (
    TextMatch,
    check_case,
    check_states,
    has_case,
    literals,
    whole_pattern,
)
from backends.layout import Doc, Listing, Prefixed, Text, render
from transpile.ir.nodes import (
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Glob,
    IsNull,
    Keyword,
    Leaf,
    Node,
    NumberEquals,
    Regex,
    SameAs,
    TimePartCompare,
    Type,
)
from transpile.ir.search import Search
from transpile.query import Refused

_RESERVED = re.compile(r"""\A[+-]|\A(?=(?:AND|OR|NOT)\Z)|[=&|><!(){}\[\]^"~*?:\\/ \t\r\n\u3000]""")
"""the ideographic space is a space to Lucene, too, and its words are words in upper case only"""


def term(text: str) -> str:
    """Text as part of an unquoted term: nothing in it has a meaning of its own."""
    return _RESERVED.sub(r"\\\g<0>", text)


def phrase(text: str) -> str:
    """Text in double quotes, where a backslash and a quote are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(leaf: TextMatch) -> str:
    """A term where case can't matter, else a regular expression with both cases."""
    check_case(leaf)
    if isinstance(leaf, Regex):
        return f"/{whole_pattern(leaf)}/"
    folds = not leaf.cased and leaf.field.type is not Type.CASELESS
    if folds and has_case(literals(leaf)):
        return f"/{whole_pattern(leaf)}/"
    if isinstance(leaf, Equals):
        return phrase(leaf.value)
    check_states(leaf)
    return "".join([term(p) if isinstance(p, str) else p.value for p in leaf.parts])


def _name(leaf: Any) -> str:
    """A field's name.

    A `*` in it stands for any text, also behind a backslash, and `_exists_` for a test.
    """
    name: str = leaf.field.name
    if not name or "*" in name or name == "_exists_":
        raise Refused("field-name", f"Lucene can't name the field {name!r}", leaf.place)
    return _name_term(name)


_name_term = lru_cache(maxsize=1024)(term)  # the same few names over and over

_RANGES = {
    Comparison.GT: "{{{} TO *]",
    Comparison.GTE: "[{} TO *]",
    Comparison.LT: "[* TO {}}}",
    Comparison.LTE: "[* TO {}]",
}

_VALUES: dict[type[Leaf], Callable[[Any], str]] = {
    Equals: _text,
    Glob: _text,
    Regex: _text,
    NumberEquals: lambda leaf: phrase(str(leaf.number)) if leaf.number < 0 else str(leaf.number),
    BooleanEquals: lambda leaf: str(leaf.boolean).lower(),
    Cidr: lambda leaf: phrase(str(leaf.network)),
    Compare: lambda leaf: _RANGES[leaf.comparison].format(leaf.number),
}
"""what stands behind a field's colon"""


def _valued(leaf: Any, notes: Notes) -> Doc:
    return Text(f"{_name(leaf)}:{_VALUES[type(leaf)](leaf)}")


def _exists(leaf: Exists | IsNull, notes: Notes) -> Doc:
    return Text(f"_exists_:{_name(leaf)}")


def _null(leaf: IsNull, notes: Notes) -> Doc:
    return Prefixed(Dialect.NOT, _exists(leaf, notes))


class Lucene(Dialect):
    """Lucene for Kibana's search bar, saved searches and the query_string query."""

    NAME = "lucene"
    SUFFIX = "lucene"
    CLOSE_NOT_IN_OR = True
    """`a OR NOT b` is read as an `a` that must not be `b`"""
    GENERATE: ClassVar[dict[type[Leaf], Generate]] = {
        **dict.fromkeys(_VALUES, _valued),
        Exists: _exists,
        IsNull: _null,
        SameAs: unsayable,
        TimePartCompare: unsayable,
        Keyword: unsayable,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        condition = fit(search, notes, words=True)
        return render(self.generate(condition, notes))

    def list_key(self, leaf: Node) -> Hashable | None:
        listed = (Equals, Glob, Regex, NumberEquals, BooleanEquals, Cidr, Compare)
        return leaf.field if isinstance(leaf, listed) else None

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        values = notes.collect(leaves, lambda leaf: _VALUES[type(leaf)](leaf))
        return Listing(f"{_name(leaves[0])}:(", values, separator=" OR")
