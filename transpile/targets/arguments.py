"""A command line as osquery writes it: a blank behind each argument, and some in quotes.

An argument with a blank or a quote in it stands in double quotes, with a backslash before each
quote and backslash: `appendQuotedString` in osquery/events/darwin/es_utils.cpp (osquery/osquery,
00cec196). The event's text has the arguments as they are, with a blank between them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from transpile.ir.nodes import Equals, FieldLeaf, Glob, Parts, Regex, Wildcard
from transpile.ir.simplify import any_of
from transpile.query import Reason, Refused
from transpile.targets.forms import Fields, Said

_SPELLED = {" ": '"? "?', '"': r'\\"', "\\": r"\\{1,2}"}
"""what a character of the text may be in the line"""
_OTHERWISE = re.compile(r'[ "\\]')


def arguments(fields: Fields, leaf: FieldLeaf) -> Said:
    """The test on the text as one on the line."""
    (line,) = fields
    if isinstance(leaf, Regex):
        told = f"{leaf.field.name}: arguments with blanks are in quotes, which the pattern may take"
        return replace(leaf, field=line), (Reason("kept-in-parts", told, leaf.place),)
    if not isinstance(leaf, (Equals, Glob)):
        message = f"{leaf.field.name} is a line of arguments: only a text can be asked for"
        raise Refused("kept-in-parts", message, leaf.place)
    parts = leaf.parts if isinstance(leaf, Glob) else (leaf.value,)
    spelled = any(_OTHERWISE.search(part) for part in parts if isinstance(part, str))
    if spelled or Wildcard.ANY_ONE in parts or parts == ("",):
        flags = "s" if leaf.cased else "is"
        return Regex(line, _pattern(parts), flags, place=leaf.place), ()
    if isinstance(leaf, Equals):
        return Equals(line, f"{leaf.value} ", leaf.cased, place=leaf.place), ()
    return any_of(Glob(line, p, leaf.cased, place=leaf.place) for p in _quoted(leaf.parts)), ()


def _quoted(parts: Parts) -> list[Parts]:
    """The parts of the line, where the argument at the start or at the end may be in quotes."""
    first, last = parts[0], parts[-1]
    starts = [""] if first is Wildcard.ANY_RUN else ["", '"']
    ends = [""] if last is Wildcard.ANY_RUN else [" ", '" ']
    found: list[Parts] = []
    for start, end in product(starts, ends):
        whole = list(parts)
        whole[0] = first if isinstance(first, Wildcard) else start + first
        whole[-1] = last if isinstance(last, Wildcard) else last + end
        found.append(tuple(whole))
    return found


def _pattern(parts: Parts) -> str:
    runs = {Wildcard.ANY_RUN: ".*", Wildcard.ANY_ONE: r'(?:"? "?|\\?[^ ])'}
    *_, last = parts
    body = "".join(runs[p] if isinstance(p, Wildcard) else _spelled(p) for p in parts)
    start, end = '^"?', '"? $'
    if parts[0] is Wildcard.ANY_RUN:
        start, body = "", body.removeprefix(".*")
    if last is Wildcard.ANY_RUN:
        # The blank behind the last argument is none of the text: something must follow.
        before = parts[-2] if len(parts) > 1 else ""
        ends_blank = isinstance(before, str) and before.endswith(" ")
        end, body = "." if ends_blank else "", body.removesuffix(".*")
    return f"{start}{body}{end}"


def _spelled(text: str) -> str:
    return "".join(_SPELLED.get(c) or re.sub(r"[][.^$*+?{}|()]", r"\\\g<0>", c) for c in text)


def arguments_held(fields: Fields, text: str) -> Mapping[str, object]:
    """The line, if no argument has a blank."""
    return {fields[0].name: line(text.split(" "))}


def line(words: Sequence[str]) -> str:
    """The line that osquery writes of arguments."""
    return "".join(f"{_quote(word)} " for word in words)


def _quote(word: str) -> str:
    if " " in word or '"' in word:
        return '"' + re.sub(r'["\\]', r"\\\g<0>", word) + '"'
    return word
