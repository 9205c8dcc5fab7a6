"""Forms of the parts of a URL, of which a field holds the whole.

A URL may lack its scheme: proxies write `www.example.com/a`, and `www.example.com:443` of a tunnel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from transpile.ir.nodes import (
    Equals,
    Exists,
    FieldLeaf,
    Glob,
    IsNull,
    Not,
    NumberEquals,
    Parts,
    Regex,
    Wildcard,
)
from transpile.ir.simplify import any_of
from transpile.query import Refused
from transpile.targets.forms import Fields, Said
from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What stands before and after a part, a character of it, and a URL that has one."""

    before: str
    letter: str
    after: str
    example: str

    def test(self, fields: Fields, leaf: FieldLeaf) -> Said:
        """The test on the part as a pattern of the URL."""
        if isinstance(leaf, (IsNull, Exists)):
            (found, _) = self.test(fields, Glob(leaf.field, (Wildcard.ANY_RUN,), place=leaf.place))
            return (Not(found) if isinstance(leaf, IsNull) else found), ()
        if isinstance(leaf, NumberEquals):
            leaf = Equals(leaf.field, str(leaf.number), place=leaf.place)
        if not isinstance(leaf, (Equals, Glob)):
            message = (
                f"{leaf.field.name} is a part of {fields[0].name}: only a text can be asked for"
            )
            raise Refused("kept-in-parts", message, leaf.place)
        parts = leaf.parts if isinstance(leaf, Glob) else (leaf.value,)
        pattern = f"{self.before}{self._body(parts)}{self.after}"
        flags = "" if leaf.cased else "i"
        return any_of(Regex(field, pattern, flags, place=leaf.place) for field in fields), ()

    def _body(self, parts: Parts) -> str:
        runs = {Wildcard.ANY_RUN: f"{self.letter}*", Wildcard.ANY_ONE: self.letter}
        return "".join(runs[p] if isinstance(p, Wildcard) else _literal(p) for p in parts)

    def held(self, fields: Fields, text: str) -> Mapping[str, object] | None:
        """A URL with such a part, if any has it."""
        if re.fullmatch(f"{self.letter}+", text) is None:
            return None
        return dict.fromkeys((field.name for field in fields), self.example.format(text))


def _literal(text: str) -> str:
    return re.sub(r"([][\\.^$*+?{}|()])", r"\\\1", text)


HOST = Part(r"^(?:\w+://)?(?:[^/?#@]*@)?", "[^/?#:@]", r"(?::\d+)?(?:[/?#]|$)", "http://{}/")
QUERY = Part(r"^[^?#]*\?", "[^#]", "(?:#|$)", "http://host/?{}")
ENDING = Part(r"^[^?#]*[^/?#]/[^/?#]*\.", "[^/?#.]", "(?:[?#]|$)", "http://host/file.{}")
