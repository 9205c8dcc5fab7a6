"""Text matches on Elasticsearch fields, as far as Lucene, EQL and the query DSL share them."""

from __future__ import annotations

from typing import TypeAlias

from backends import lucene_automaton, lucene_regex
from transpile.ir.nodes import Equals, Glob, Regex, Type
from transpile.ir.regex import parse, variants
from transpile.query import Refused

TextMatch: TypeAlias = Equals | Glob | Regex


def literals(leaf: Equals | Glob) -> str:
    """All the text of a leaf that stands for itself."""
    if isinstance(leaf, Equals):
        return leaf.value
    return "".join([part for part in leaf.parts if isinstance(part, str)])


def has_case(text: str) -> bool:
    """Whether the text can be written in another case."""
    if text.isascii():
        return text.upper() != text or text.lower() != text
    return any(len(variants(c)) > 1 for c in text)


def has_case_beyond_ascii(text: str) -> bool:
    """Whether letters have another case that what folds ASCII only doesn't know."""
    return not text.isascii() and has_case("".join(c for c in text if not c.isascii()))


def check_case(leaf: TextMatch) -> None:
    """A field that holds its text in lower case can't answer what depends on case.

    Raises:
        Refused: `cased-on-caseless`.
    """
    if leaf.field.type is not Type.CASELESS:
        return
    if isinstance(leaf, Regex):
        cased = "i" not in leaf.flags and has_case(leaf.pattern)
    else:
        cased = leaf.cased and has_case(literals(leaf))
    if cased:
        raise Refused(
            "cased-on-caseless",
            f"{leaf.field.name} holds its text in lower case; map a field that keeps the case",
            leaf.place,
        )


MAX_TEXT = 999
"""characters of a text in any case or with wildcards, from which Lucene makes an automaton:
MAX_RECURSION_LEVEL in org.apache.lucene.util.automaton.Operations"""


def check_states(leaf: Equals | Glob) -> None:
    """A match of text in any case, or with wildcards, is an automaton; none may be too large.

    Raises:
        Refused: `regex-too-long`, `regex-too-complex`.
    """
    if isinstance(leaf, Equals):
        length = len(leaf.value)
    else:
        length = sum([len(part) if isinstance(part, str) else 1 for part in leaf.parts])
    if length > MAX_TEXT:
        raise Refused(
            "regex-too-long",
            f"{leaf.field.name} needs a pattern of {length} characters; "
            f"Elasticsearch takes {MAX_TEXT} of them in any case or with wildcards",
            leaf.place,
        )
    if isinstance(leaf, Glob) and not lucene_automaton.fits_glob(
        leaf.parts, length, folded=not leaf.cased
    ):
        raise Refused(
            "regex-too-complex",
            "Elasticsearch gives up on a pattern with so many ? behind a *, or on so long a text "
            f"that repeats itself, in {leaf.field.name} (max_determinized_states)",
            leaf.place,
        )


def whole_pattern(leaf: TextMatch, *, folded: bool = True) -> str:
    """Lucene's regular expression for the whole values that a leaf means.

    With `folded`, each letter stands in both its cases where case does not count; without, the
    query must say by other means that it doesn't.

    Raises:
        Refused: what Lucene's expressions can't say, or one that is too long for a server.
    """
    if isinstance(leaf, Regex):
        pattern = _searched(leaf)
    else:
        check_states(leaf)
        parts = (leaf.value,) if isinstance(leaf, Equals) else leaf.parts
        pattern = lucene_regex.glob(parts, cased=leaf.cased or not folded)
    if len(pattern) > lucene_regex.MAX_LENGTH:
        raise Refused(
            "regex-too-long",
            f"{leaf.field.name} needs a regular expression of {len(pattern)} characters; "
            f"Elasticsearch takes {lucene_regex.MAX_LENGTH} (index.max_regex_length)",
            leaf.place,
        )
    return pattern


def _searched(leaf: Regex) -> str:
    try:
        pattern = parse(leaf.pattern, leaf.flags)
        for skipping in (False, True):
            if lucene_automaton.fits(pattern, skipping=skipping):
                return lucene_regex.search(pattern, skipping=skipping)
        raise Refused(
            "regex-too-complex",
            f"Elasticsearch gives up on {leaf.pattern!r} (max_determinized_states)",
        )
    except Refused as refused:
        reason = refused.reason
        raise Refused(reason.code, reason.message, leaf.place) from refused
