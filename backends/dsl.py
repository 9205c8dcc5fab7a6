"""Elasticsearch's Query DSL: the body of a search request, as compact JSON.

Syntax: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/query-dsl.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

from backends.dialect import Dialect, Generate, Notes
from backends.elastic_fields import fit, present, unsayable
from backends.elastic_text import (
    TextMatch,
    check_case,
    check_states,
    has_case,
    has_case_beyond_ascii,
    literals,
    whole_pattern,
)
from backends.layout import Doc, Join, Text
from transpile.ir.nodes import (
    And,
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
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search

_RANGES = {
    Comparison.GT: "gt",
    Comparison.GTE: "gte",
    Comparison.LT: "lt",
    Comparison.LTE: "lte",
}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def wildcard(leaf: Glob) -> str:
    """The pattern of a wildcard query, where a backslash makes the next character plain."""
    return "".join(p.value if isinstance(p, Wildcard) else _plain(p) for p in leaf.parts)


def _plain(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\*?" else c for c in text)


def _bool(**occurrences: Sequence[Doc]) -> Text:
    clauses = ",".join(
        f'"{name}":[{",".join(_text_of(doc) for doc in docs)}]'
        for name, docs in occurrences.items()
        if docs
    )
    return Text(f'{{"bool":{{{clauses}}}}}')


def _text_of(doc: Doc) -> str:
    if not isinstance(doc, Text):
        raise TypeError(f"{type(doc).__name__} is no clause")
    return doc.text


def _clause(kind: str, leaf: Any, operand: object) -> Text:
    return Text(_json({kind: {leaf.field.name: operand}}))


def _match(leaf: TextMatch, notes: Notes) -> Doc:
    """A term, prefix or wildcard; a regular expression where letters beyond ASCII must fold.

    `case_insensitive` folds the letters of ASCII only. A field in lower case has a normalizer,
    which a query of these kinds goes through as well.
    """
    check_case(leaf)
    if isinstance(leaf, Regex):
        return _clause("regexp", leaf, {"value": whole_pattern(leaf)})
    text = literals(leaf)
    folds = not leaf.cased and leaf.field.type is not Type.CASELESS
    if folds and has_case_beyond_ascii(text):
        return _clause("regexp", leaf, {"value": whole_pattern(leaf)})
    if isinstance(leaf, Glob) or (folds and has_case(text)):
        check_states(leaf)
    insensitive = {"case_insensitive": True} if folds and has_case(text) else {}
    if isinstance(leaf, Equals):
        return _clause("term", leaf, {"value": leaf.value, **insensitive})
    if leaf.parts[1:] == (Wildcard.ANY_RUN,) and isinstance(leaf.parts[0], str):
        return _clause("prefix", leaf, {"value": leaf.parts[0], **insensitive})
    return _clause("wildcard", leaf, {"value": wildcard(leaf), **insensitive})


_VALUES: dict[type[Leaf], Callable[[Any], object]] = {
    NumberEquals: lambda leaf: leaf.number,
    BooleanEquals: lambda leaf: leaf.boolean,
    Cidr: lambda leaf: str(leaf.network),
}
"""leaves that are the term query of one value"""


def _term(leaf: Any, notes: Notes) -> Doc:
    return _clause("term", leaf, {"value": _VALUES[type(leaf)](leaf)})


def _compare(leaf: Compare, notes: Notes) -> Doc:
    return _clause("range", leaf, {_RANGES[leaf.comparison]: leaf.number})


def _exists(leaf: Exists | IsNull, notes: Notes) -> Doc:
    return Text(_json({"exists": {"field": present(leaf)}}))


def _null(leaf: IsNull, notes: Notes) -> Doc:
    return _bool(must_not=[_exists(leaf, notes)])


class Dsl(Dialect):
    """Query DSL for the search API, Kibana's filters and whatever else sends a search request."""

    NAME = "dsl"
    SUFFIX = "json"
    GENERATE: ClassVar[dict[type[Leaf], Generate]] = {
        Equals: _match,
        Glob: _match,
        Regex: _match,
        NumberEquals: _term,
        BooleanEquals: _term,
        Cidr: _term,
        Compare: _compare,
        IsNull: _null,
        Exists: _exists,
        SameAs: unsayable,
        TimePartCompare: unsayable,
        Keyword: unsayable,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        condition = fit(search, notes, words=True)
        return f'{{"query":{_text_of(self.generate(condition, notes))}}}'

    def generate(self, node: Node, notes: Notes) -> Doc:
        if isinstance(node, And):
            held = [one for one in node.operands if not isinstance(one, Not)]
            broken = [one.operand for one in node.operands if isinstance(one, Not)]
            return _bool(
                filter=[self.generate(one, notes) for one in held],
                must_not=[doc for one in broken for doc in self._any(one, notes)],
            )
        if isinstance(node, Not):
            return _bool(must_not=self._any(node.operand, notes))
        if isinstance(node, Or):
            docs = self._any(node, notes)
            return docs[0] if len(docs) == 1 else _bool(should=docs)
        return super().generate(node, notes)

    def list_key(self, leaf: Node) -> Hashable | None:
        """A field whose terms, none of them in any case, stand in one terms query."""
        if isinstance(leaf, (NumberEquals, BooleanEquals, Cidr)):
            return leaf.field
        if isinstance(leaf, Equals):
            caseless = leaf.field.type is Type.CASELESS
            verbatim = not leaf.cased if caseless else leaf.cased
            return leaf.field if verbatim or not has_case(leaf.value) else None
        return None

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        values = [
            leaf.value if isinstance(leaf, Equals) else _VALUES[type(leaf)](leaf) for leaf in leaves
        ]
        return Text(_json({"terms": {leaves[0].field.name: values}}))

    def _any(self, node: Node, notes: Notes) -> Sequence[Doc]:
        """The clauses of which any holds where the node does."""
        if not isinstance(node, Or):
            return (self.generate(node, notes),)
        doc = self._alternatives(node.operands, notes)
        return doc.parts if isinstance(doc, Join) else (doc,)
