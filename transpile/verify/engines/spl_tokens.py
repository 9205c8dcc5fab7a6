"""The words of SPL, and a cursor over them for the parsers."""

from __future__ import annotations

import re
from typing import NamedTuple

from transpile.verify.engines.errors import EngineError

_TOKENS = re.compile(
    r"""(?P<space>[ \n]+)
      | (?P<string>"(?:[^"\\\x00-\x1f\x7f]|\\["\\])*")
      | (?P<column>'[^'\\"*`|\x00-\x1f\x7f]+')
      | (?P<macro>`[A-Za-z0-9_-]+`)
      | (?P<operator>!=|<=|>=|==|[=<>])
      | (?P<mark>[(),|+])
      | (?P<minus>-(?=[a-z(']))
      | (?P<word>[^\s()"'`=<>!,|+\[\]\\$]+)""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A piece of a query: what kind it is, and its text as it is written."""

    kind: str
    text: str

    @property
    def content(self) -> str:
        """What a string or a column in quotes says.

        `\\\\` is a backslash and `\\"` a quote; no other escape is documented for both search and
        eval (Search Manual, Backslashes), so none is read.
        """
        inner = self.text[1:-1] if self.kind in ("string", "column") else self.text
        return re.sub(r'\\(["\\])', r"\1", inner) if self.kind == "string" else inner


END = Token("end", "")


def tokens(text: str) -> list[Token]:
    """The pieces of a query without the space between them."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise EngineError(f"unexpected {text[position : position + 20]!r} at {position}")
        position = match.end()
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token("mark" if kind == "minus" else kind, match[0]))
    return found


class Cursor:
    """A place in the pieces of a query."""

    def __init__(self, found: list[Token]) -> None:
        self._found = found
        self._position = 0

    def peek(self, ahead: int = 0) -> Token:
        """The piece there, or one further on, without taking it."""
        position = self._position + ahead
        return self._found[position] if position < len(self._found) else END

    def next(self) -> Token:
        """The piece there, taken."""
        token = self.peek()
        self._position += 1
        return token

    def take(self, *texts: str) -> bool:
        """Take the piece there if it is one of these words or marks."""
        token = self.peek()
        if token.kind in ("string", "column") or token.text not in texts:
            return False
        self._position += 1
        return True

    def expect(self, *texts: str) -> None:
        """Take these pieces, one after the other."""
        for text in texts:
            if not self.take(text):
                raise EngineError(f"expected {text!r}, not {self.peek().text!r}")

    def expect_kind(self, *kinds: str) -> Token:
        """Take a piece of one of these kinds."""
        token = self.next()
        if token.kind not in kinds:
            raise EngineError(f"expected a {' or '.join(kinds)}, not {token.text!r}")
        return token
