"""Expressions of SPL's `where`, with the meaning that the manual gives them.

Search Reference 9.4, Evaluation functions:
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/evaluation-functions
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.spl_search import Event, one_value, text_of
from transpile.verify.engines.spl_tokens import Cursor

Value: TypeAlias = str | float | bool | None
"""text, a number, a truth value, or null"""
Expression: TypeAlias = Callable[[Event], Value]


def parse_expression(cursor: Cursor) -> Expression:
    """A whole expression; of the connectives NOT binds closest, then AND, then OR."""
    operands = [_conjunction(cursor)]
    while cursor.take("OR"):
        operands.append(_conjunction(cursor))
    return operands[0] if len(operands) == 1 else _joined(operands, decisive=True)


def _conjunction(cursor: Cursor) -> Expression:
    operands = [_negation(cursor)]
    while cursor.take("AND"):
        operands.append(_negation(cursor))
    return operands[0] if len(operands) == 1 else _joined(operands, decisive=False)


def _joined(operands: list[Expression], *, decisive: bool) -> Expression:
    """The first operand that decides, decides; else null is stronger than the other value."""

    def evaluate(event: Event) -> Value:
        unknown = False
        for operand in operands:
            value = _truth(operand(event))
            if value is decisive:
                return decisive
            unknown = unknown or value is None
        return None if unknown else not decisive

    return evaluate


def _truth(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise EngineError(f"{value!r} is no truth value")


def _negation(cursor: Cursor) -> Expression:
    if not cursor.take("NOT"):
        return _comparison(cursor)
    operand = _negation(cursor)

    def evaluate(event: Event) -> Value:
        value = _truth(operand(event))
        return None if value is None else not value

    return evaluate


_SIGNS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}


def _comparison(cursor: Cursor) -> Expression:
    left = _sum(cursor)
    if cursor.peek().kind != "operator":
        return left
    compare = _SIGNS[cursor.next().text]
    right = _sum(cursor)

    def evaluate(event: Event) -> Value:
        first, second = left(event), right(event)
        if first is None or second is None:
            return None
        if isinstance(first, str) is not isinstance(second, str):
            raise EngineError(f"{first!r} and {second!r} are not of one kind")
        return compare(first, second)

    return evaluate


def _sum(cursor: Cursor) -> Expression:
    result = _operand(cursor)
    while cursor.peek().text in ("+", "-") and cursor.peek().kind == "mark":
        sign = 1 if cursor.next().text == "+" else -1
        result = _added(result, _operand(cursor), sign)
    return result


def _added(left: Expression, right: Expression, sign: int) -> Expression:
    def evaluate(event: Event) -> Value:
        first, second = left(event), right(event)
        if first is None or second is None:
            return None
        if isinstance(first, str) or isinstance(second, str):
            raise EngineError("only numbers are added")
        return first + sign * second

    return evaluate


def _operand(cursor: Cursor) -> Expression:
    if cursor.take("("):
        inner = parse_expression(cursor)
        cursor.expect(")")
        return inner
    token = cursor.expect_kind("column", "string", "word")
    if token.kind == "string":
        constant = token.content
        return lambda event: constant
    if token.kind == "column" or token.text == "_raw":
        name = token.content
        return lambda event: None if event.get(name) is None else text_of(one_value(event[name]))
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", token.text):
        number = float(token.text)
        return lambda event: number
    return _call(cursor, token.text)


def _call(cursor: Cursor, name: str) -> Expression:
    if name not in _FUNCTIONS:
        raise EngineError(f"where has no function or field {name!r} without quotes")
    cursor.expect("(")
    arguments = [parse_expression(cursor)]
    while cursor.take(","):
        arguments.append(parse_expression(cursor))
    cursor.expect(")")
    count, function = _FUNCTIONS[name]
    if len(arguments) != count:
        raise EngineError(f"{name} takes {count} arguments")
    if name in ("isnull", "isnotnull"):
        return lambda event: (arguments[0](event) is None) is (name == "isnull")

    def evaluate(event: Event) -> Value:
        values = [argument(event) for argument in arguments]
        return None if None in values else function(*values)

    return evaluate


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise EngineError(f"{value!r} is no text")
    return value


def _match(subject: Value, pattern: Value) -> Value:
    return pcre(_text(pattern)).search(_text(subject)) is not None


def pcre(pattern: str) -> re.Pattern[str]:
    """A PCRE as Python reads it. `\\w`, `\\d` and `\\s` are ASCII, `\\z` is the very end."""
    if re.search(r"\\[uUNZ]|(?<!\\)\(\?[a-z]*[aLu]|(?<!\\)\{,", pattern.replace("\\\\", "")):
        raise EngineError(f"PCRE reads {pattern!r} in another way")
    python = re.sub(r"\\(.)", lambda m: "\\Z" if m[1] == "z" else m[0], pattern, flags=re.DOTALL)
    try:
        return re.compile(python, re.ASCII if pattern.isascii() else 0)
    except re.error as error:
        raise EngineError(f"{pattern!r}: {error}") from error


def _tonumber(value: Value) -> Value:
    text = _text(value)
    return float(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


def _cidrmatch(subnet: Value, address: Value) -> Value:
    network = ip_network(_text(subnet))
    try:
        return ip_address(_text(address)) in network
    except ValueError:
        return False


def _substr(text: Value, start: Value, length: Value) -> Value:
    """ "The index follows SQLite semantics; they start at 1"."""
    if not isinstance(start, float) or not isinstance(length, float) or start < 1:
        raise EngineError("substr needs a start from 1 and a length")
    first = int(start) - 1
    return _text(text)[first : first + int(length)]


def _strptime(text: Value, form: Value) -> Value:
    if form != "%Y-%m-%d":
        raise EngineError(f"the format {form!r} is not known here")
    try:
        return datetime.strptime(_text(text), "%Y-%m-%d").timestamp()
    except ValueError:
        return None


def _strftime(time: Value, form: Value) -> Value:
    if form != "%V" or not isinstance(time, float):
        raise EngineError(f"the format {form!r} is not known here")
    return datetime.fromtimestamp(time).strftime("%V")


_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Value]]] = {
    "isnull": (1, bool),
    "isnotnull": (1, bool),
    "match": (2, _match),
    "cidrmatch": (2, _cidrmatch),
    "lower": (1, lambda value: _text(value).lower()),
    "len": (1, lambda value: float(len(_text(value)))),
    "substr": (3, _substr),
    "tonumber": (1, _tonumber),
    "strptime": (2, _strptime),
    "strftime": (2, _strftime),
}
