"""Search terms of SPL, with the meaning that the manual gives them.

Search Reference 9.4, search: https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/search
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.spl_tokens import Cursor, Token

Event: TypeAlias = Mapping[str, object]
Test: TypeAlias = Callable[[Event], bool]

_TIME_MODIFIER = re.compile(
    r"_?(index_)?(earliest|latest)|timeformat|(start|end)(time|timeu|\w+ago)|searchtimespan\w+"
    r"|saved(search|splunk)|eventtypetag|hosttag"
)
_RESERVED = ("AND", "OR", "NOT", "IN", "XOR", "by", "where", "from")


def text_of(value: object) -> str:
    """A field's value as Splunk holds it, which is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def values_of(value: object) -> Sequence[object]:
    """The values of a field: none, one, or those of a multivalued field, of which any may match.

    Search Manual, Evaluate and manipulate fields with multiple values:
    https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/
    """
    return value if isinstance(value, list) else [] if value is None else [value]


def one_value(value: object) -> object:
    """The value of a field where the manual leaves open what is made of several."""
    if isinstance(value, list):
        raise EngineError("the manual doesn't say what is made of several values here")
    return value


def parse_terms(cursor: Cursor, *, subnets: bool = True) -> Test:
    """Terms joined by AND, written or not; `subnets` is whether `10.0.0.0/8` is a range.

    Search Manual, Boolean expressions: parentheses first, then NOT, then OR, then AND.
    """
    return _Terms(cursor, subnets).conjunction()


class _Terms:
    def __init__(self, cursor: Cursor, subnets: bool) -> None:
        self._cursor = cursor
        self._subnets = subnets

    def conjunction(self) -> Test:
        operands = [self._disjunction()]
        while not self._at_end():
            self._cursor.take("AND")
            operands.append(self._disjunction())
        return lambda event: all(operand(event) for operand in operands)

    def _at_end(self) -> bool:
        token = self._cursor.peek()
        return token.kind == "end" or (
            token.kind in ("mark", "word") and token.text in (")", "|", "by")
        )

    def _disjunction(self) -> Test:
        operands = [self._negation()]
        while self._cursor.take("OR"):
            operands.append(self._negation())
        return lambda event: any(operand(event) for operand in operands)

    def _negation(self) -> Test:
        """ "NOT only applies to the term immediately following"; events without the field count."""
        if self._cursor.take("NOT"):
            operand = self._negation()
            return lambda event: not operand(event)
        if self._cursor.take("("):
            inner = self.conjunction()
            self._cursor.expect(")")
            return inner
        return self._term()

    def _term(self) -> Test:
        first = self._cursor.expect_kind("word", "string", "macro")
        if first.kind == "macro":  # of the installation, where every row is that is asked of
            return lambda event: True
        following = self._cursor.peek()
        if following.kind == "operator":
            return self._comparison(_field(first), self._cursor.next().text)
        if self._cursor.take("IN"):
            return self._listed(_field(first))
        if first.text == "*":
            return lambda event: True
        return _phrase(first)

    def _listed(self, name: str) -> Test:
        """`f IN (a, b)` is `f=a OR f=b`."""
        self._cursor.expect("(")
        tests = [self._equals(name)]
        while self._cursor.take(","):
            tests.append(self._equals(name))
        self._cursor.expect(")")
        return lambda event: any(test(event) for test in tests)

    def _equals(self, name: str) -> Test:
        value = _value(self._cursor.next())
        test = self._value_test(value)

        def check(event: Event) -> bool:
            return any(test(text_of(found)) for found in values_of(event.get(name)))

        return check

    def _comparison(self, name: str, sign: str) -> Test:
        if sign == "=":
            return self._equals(name)
        if sign == "!=":
            equals = self._equals(name)
            # "every event that has a value in the field, where that value does not match".
            return lambda event: event.get(name) is not None and not equals(event)
        return _ordered(name, sign, _value(self._cursor.next()))

    def _value_test(self, value: str) -> Callable[[str], bool]:
        """Case-insensitive; `*` is any run of characters; an address range is looked into."""
        if "/" in value and "*" not in value:
            try:
                network = ip_network(value, strict=False)
            except ValueError:
                pass
            else:
                if not self._subnets:
                    raise EngineError("tstats may not filter by a subnet correctly")
                return lambda text: _is_address_in(text, network)
        return like_wildcards(value)


def _is_address_in(text: str, network: object) -> bool:
    try:
        return ip_address(text) in network  # type: ignore[operator]
    except ValueError:
        return False


def like_wildcards(value: str) -> Callable[[str], bool]:
    """Whether the whole text fits a value with `*`, whatever its case.

    "Wildcard characters in the middle of a word or string might cause inconsistent results" (Search
    Manual, Wildcards), so none is taken there.
    """
    if "*" in value[1:-1]:
        raise EngineError(f"a wildcard in the middle of {value!r} may find too little")
    pattern = re.compile(".*".join(map(re.escape, _lower(value).split("*"))), re.DOTALL)
    return lambda text: pattern.fullmatch(_lower(text)) is not None


def _lower(text: str) -> str:
    """Each character in lower case, if that is one character."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _field(token: Token) -> str:
    name = token.content
    if token.kind == "word" and (name in _RESERVED or not re.fullmatch(r"[\w.]+", name, re.ASCII)):
        raise EngineError(f"{name!r} is no field name without quotes")
    if _TIME_MODIFIER.fullmatch(name):
        raise EngineError(f"{name!r} is a modifier of the search, no field")
    if not name or re.search(r"""[*'"\\|`]""", name):
        raise EngineError(f"{name!r} can't be a field name")
    return name


def _value(token: Token) -> str:
    if token.kind == "string":
        return token.content
    if token.kind == "word" and re.fullmatch(r"\*|-?[0-9]+(\.[0-9]+)?", token.text):
        return token.text
    raise EngineError(f"{token.text!r} should stand in quotes")


_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _ordered(name: str, sign: str, value: str) -> Test:
    """ "numerically compare two numbers and lexicographically compare other values"."""
    if sign not in _ORDER:
        raise EngineError(f"search has no operator {sign}")
    compare = _ORDER[sign]

    def check(event: Event) -> bool:
        found = event.get(name)
        if found is None:
            return False
        text = text_of(one_value(found))
        try:
            return bool(compare(float(text), float(value)))
        except ValueError:
            return bool(compare(text, value))

    return check


def _phrase(token: Token) -> Test:
    """A quoted phrase is sought in `_raw`; between `*`, where no word boundary can matter."""
    phrase = token.content
    if token.kind != "string" or not (len(phrase) > 2 and phrase[0] == "*" == phrase[-1]):
        raise EngineError(f"{token.text} depends on how the event is segmented into words")
    fits = like_wildcards(phrase)
    return lambda event: "_raw" in event and fits(text_of(event["_raw"]))
