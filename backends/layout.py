"""How a query is laid out: a small tree of text that breaks into lines where it is too long."""

from __future__ import annotations

from typing import TypeAlias

from transpile.values import dataclass

WIDTH = 100
INDENT = "  "


@dataclass(frozen=True, slots=True)
class Text:
    """A piece that is never broken."""

    text: str


@dataclass(frozen=True, slots=True)
class Join:
    """Operands of one connective; in parentheses wherever it is not the whole query."""

    word: str
    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A word before its operand: `NOT x`. `closed` puts the whole into parentheses."""

    word: str
    part: Doc
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Items between an opening and a closing: `f IN (a, b)`."""

    opening: str
    items: tuple[str, ...]
    closing: str = ")"
    separator: str = ","


Doc: TypeAlias = Text | Join | Prefixed | Listing


def render(doc: Doc, indent: int = 0) -> str:
    """The text of a query; broken into lines only where one would pass the width.

    `indent` counts the steps that the first line already stands in.
    """
    return _lines(doc, indent, top=True)


def _lines(doc: Doc, depth: int, *, top: bool) -> str:
    if isinstance(doc, Text):
        return doc.text
    flat = _flat(doc, top=top)
    if len(flat) + depth * len(INDENT) <= WIDTH:
        return flat
    outer, inner = "\n" + INDENT * depth, "\n" + INDENT * (depth + 1)
    if isinstance(doc, Prefixed):
        opening, closing = ("(", ")") if doc.closed else ("", "")
        return f"{opening}{doc.word}{_lines(doc.part, depth, top=False)}{closing}"
    if isinstance(doc, Listing):
        items = f"{doc.separator}{inner}".join(doc.items)
        return f"{doc.opening}{inner}{items}{outer}{doc.closing}"
    if top:
        return f"{outer}{doc.word} ".join(_lines(part, depth, top=False) for part in doc.parts)
    parts = f"{inner}{doc.word} ".join(_lines(part, depth + 1, top=False) for part in doc.parts)
    return f"({inner}{parts}{outer})"


def _flat(doc: Doc, *, top: bool) -> str:
    if isinstance(doc, Text):
        return doc.text
    if isinstance(doc, Prefixed):
        text = doc.word + _flat(doc.part, top=False)
        return f"({text})" if doc.closed else text
    if isinstance(doc, Listing):
        return f"{doc.opening}{f'{doc.separator} '.join(doc.items)}{doc.closing}"
    text = f" {doc.word} ".join([_flat(part, top=False) for part in doc.parts])
    return text if top else f"({text})"
