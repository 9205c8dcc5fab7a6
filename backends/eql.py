"""Elastic's Event Query Language: event queries, as Elasticsearch reads them.

Syntax: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/eql-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

from backends.dialect import Dialect, Generate, Notes
from backends.elastic_fields import fit, present, unsayable
from backends.elastic_text import (
    TextMatch,
    check_case,
    check_states,
    has_case_beyond_ascii,
    literals,
    whole_pattern,
)
from backends.layout import Doc, Listing, Text, render
from transpile.ir.nodes import (
    BooleanEquals,
    Cidr,
    Compare,
    Equals,
    Exists,
    Field,
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
    Wildcard,
)
from transpile.ir.search import Search
from transpile.query import Place, Refused

_IDENTIFIER = re.compile(r"@?[A-Za-z_]\w*(?:\.@?[A-Za-z_]\w*)*", re.ASCII)
_WORDS = frozenset(
    (
        *("and", "any", "by", "false", "in", "join", "like", "maxspan", "not", "null", "of", "or"),
        *("regex", "sample", "sequence", "true", "until", "where", "with"),
    )
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def name(field: Field, place: Place | None = None) -> str:
    """A field's name; in backticks where it is no plain identifier.

    Raises:
        Refused: it is empty, or holds a backtick or a control character, which no name should; or
            it is a key of a flattened field.
    """
    text = field.name
    if field.type is Type.FLATTENED:
        # It looks up fields by the field capabilities, which have no keys.
        raise Refused("field-type", f"EQL knows no keys of flattened fields, like {text}", place)
    if _is_plain(text):
        return text
    if not text or "`" in text or not text.isprintable():
        raise Refused("field-name", f"EQL can't name the field {text!r}", place)
    return f"`{text}`"


@lru_cache(maxsize=1024)  # the same few names over and over
def _is_plain(name: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(name)) and not _WORDS.intersection(name.split("."))


def string(text: str) -> str:
    """A string in double quotes; control characters by their code point."""
    if text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    else:
        escaped = _ESCAPED.sub(_escape, text)
    return f'"{escaped}"'


_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')


def _escape(found: re.Match[str]) -> str:
    c = found[0]
    return _ESCAPES[c] if c in _ESCAPES else f"\\u{{{ord(c):02x}}}"


def raw(text: str) -> str:
    """A string in three double quotes, where a backslash is a backslash, if it can be one."""
    plain = "\n" not in text and "\r" not in text and not text.endswith('"')
    return f'"""{text}"""' if plain else string(text)


@lru_cache(maxsize=1024)  # a leaf is looked at for the list that it may stand in, too
def _test(leaf: TextMatch) -> tuple[str, str]:
    """The operator and the operand for a match of text."""
    check_case(leaf)
    if isinstance(leaf, Regex):
        return "regex", raw(whole_pattern(leaf))
    text = literals(leaf)
    wild = "*" in text or "?" in text
    if leaf.cased:
        return _cased_test(leaf, wild=wild)
    if has_case_beyond_ascii(text):
        # `:` and `in~` fold ASCII letters only.
        if leaf.field.type is not Type.CASELESS:
            return "regex", raw(whole_pattern(leaf))
        leaf = _lower(leaf)
    check_states(leaf)
    if wild:
        if isinstance(leaf, Equals):
            return "in~", string(leaf.value)
        return "regex~", raw(whole_pattern(leaf, folded=False))
    if isinstance(leaf, Equals):
        return ":" if text else "==", string(leaf.value)
    return ":", _wild(leaf)


def _lower(leaf: Equals | Glob) -> Equals | Glob:
    if isinstance(leaf, Equals):
        return replace(leaf, value=leaf.value.lower())
    return replace(
        leaf, parts=tuple(p if isinstance(p, Wildcard) else p.lower() for p in leaf.parts)
    )


def _cased_test(leaf: Equals | Glob, *, wild: bool) -> tuple[str, str]:
    if isinstance(leaf, Equals):
        return "==", string(leaf.value)
    check_states(leaf)
    return ("regex", raw(whole_pattern(leaf))) if wild else ("like", _wild(leaf))


_SIGNS = {sign: sign.value for sign in Wildcard}


def _wild(leaf: Glob) -> str:
    return string("".join([p if isinstance(p, str) else _SIGNS[p] for p in leaf.parts]))


_LISTS = {"==": "in", ":": ":", "in~": "in~", "like": "like"}
"""operators that take a list, as they stand before it; of `regex` and its list Elasticsearch makes
one expression, which is soon too much for it"""


def _match(leaf: TextMatch, notes: Notes) -> Doc:
    operator, operand = _test(leaf)
    if operator == "in~":
        operand = f"({operand})"
    return Text(f"{name(leaf.field, leaf.place)} {operator} {operand}")


def _number(leaf: NumberEquals, notes: Notes) -> Doc:
    return Text(f"{name(leaf.field, leaf.place)} == {leaf.number}")


def _boolean(leaf: BooleanEquals, notes: Notes) -> Doc:
    return Text(f"{name(leaf.field, leaf.place)} == {str(leaf.boolean).lower()}")


def _compare(leaf: Compare, notes: Notes) -> Doc:
    return Text(f"{name(leaf.field, leaf.place)} {leaf.comparison.value} {leaf.number}")


def _cidr(leaf: Cidr, notes: Notes) -> Doc:
    return Text(f"cidrMatch({name(leaf.field, leaf.place)}, {string(str(leaf.network))})")


def _null(leaf: IsNull, notes: Notes) -> Doc:
    return Text(f"?{_present(leaf)} == null")


def _exists(leaf: Exists, notes: Notes) -> Doc:
    return Text(f"?{_present(leaf)} != null")


def _present(leaf: Exists | IsNull) -> str:
    present(leaf)
    return name(leaf.field, leaf.place)


class Eql(Dialect):
    """EQL event queries for Kibana's detection rules, timelines and the EQL search API."""

    NAME = "eql"
    SUFFIX = "eql"
    AND = "and"
    OR = "or"
    NOT = "not "
    GENERATE: ClassVar[dict[type[Leaf], Generate]] = {
        Equals: _match,
        Glob: _match,
        Regex: _match,
        NumberEquals: _number,
        BooleanEquals: _boolean,
        Cidr: _cidr,
        Compare: _compare,
        IsNull: _null,
        Exists: _exists,
        SameAs: unsayable,
        TimePartCompare: unsayable,
        Keyword: unsayable,
    }

    def compose(self, search: Search, notes: Notes) -> str:
        condition = fit(search, notes, words=False)
        return "any where " + render(self.generate(condition, notes))

    def list_key(self, leaf: Node) -> Hashable | None:
        if isinstance(leaf, (NumberEquals, Cidr)):
            return type(leaf), leaf.field
        if isinstance(leaf, (Equals, Glob, Regex)):
            operator, _ = _test(leaf)
            return (operator, leaf.field) if operator in _LISTS else None
        return None

    def listing(self, leaves: Sequence[Any], notes: Notes) -> Doc:
        first = leaves[0]
        field = name(first.field, first.place)
        if isinstance(first, Cidr):
            networks = [string(str(leaf.network)) for leaf in leaves]
            return Listing("cidrMatch(", (field, *networks))
        if isinstance(first, NumberEquals):
            return Listing(f"{field} in (", tuple(str(leaf.number) for leaf in leaves))
        tests = [_test(leaf) for leaf in leaves]
        operator = _LISTS[tests[0][0]]
        return Listing(f"{field} {operator} (", tuple(operand for _, operand in tests))
