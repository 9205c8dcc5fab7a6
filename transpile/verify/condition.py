"""Conditions of a rule (Sigma 2.1, Condition): a parser by recursive descent.

From least to most binding: ``or``, ``and``, ``not``, ``1 of``/``any of``/``all of``, parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from transpile.verify.tree import Node, NoMeaning, Not, all_of, any_of

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_QUANTIFIERS = {"1": any_of, "any": any_of, "all": all_of}
_RESERVED = frozenset(("and", "or", "not", "of", ")", ""))


def parse_condition(text: str, selections: Mapping[str, Node]) -> Node:
    """The node that *text* makes of the named *selections*.

    Raises :class:`NoMeaning` for a syntax error, an unknown selection, or a pattern that no
    selection matches.
    """
    parser = _Parser(_TOKEN.findall(text), selections)
    try:
        node = parser.disjunction()
        parser.end()
    except NoMeaning as error:
        raise NoMeaning(f"condition {text!r}: {error}") from error
    return node


class _Parser:
    def __init__(self, tokens: list[str], selections: Mapping[str, Node]) -> None:
        self._tokens = tokens
        self._selections = selections
        self._position = 0

    def disjunction(self) -> Node:
        operands = [self._conjunction()]
        while self._take("or"):
            operands.append(self._conjunction())
        return any_of(operands)

    def end(self) -> None:
        if self._peek():
            raise NoMeaning(f"{self._peek()!r} is not expected here")

    def _conjunction(self) -> Node:
        operands = [self._negation()]
        while self._take("and"):
            operands.append(self._negation())
        return all_of(operands)

    def _negation(self) -> Node:
        return Not(self._negation()) if self._take("not") else self._operand()

    def _operand(self) -> Node:
        if self._take("("):
            node = self.disjunction()
            if not self._take(")"):
                raise NoMeaning("a parenthesis is not closed")
            return node
        word = self._next()
        if word in _QUANTIFIERS and self._take("of"):
            return _QUANTIFIERS[word](self._matching(self._next()))
        if word in _RESERVED:
            raise NoMeaning(f"{word!r} is not expected here" if word else "it ends too early")
        if word not in self._selections:
            raise NoMeaning(f"no selection is named {word!r}")
        return self._selections[word]

    def _matching(self, pattern: str) -> list[Node]:
        """The selections of a pattern; those named ``_…`` only when the pattern starts so too."""
        wanted = "*" if pattern == "them" else pattern
        matcher = re.compile(".*".join(map(re.escape, wanted.split("*"))))
        found = [
            node
            for name, node in self._selections.items()
            if matcher.fullmatch(name) and (wanted.startswith("_") or not name.startswith("_"))
        ]
        if not found:
            raise NoMeaning(f"no selection matches {pattern!r}")
        return found

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        word = self._peek()
        self._position += 1
        return word

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._position += 1
        return True
