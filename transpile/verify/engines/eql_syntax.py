"""EQL text to a typed tree, by the grammar of the `eql` package in its Elasticsearch mode.

The package's own tree folds `:`, `like`, `like~` and the other operators into one function and
drops the `?` of optional fields, so the tree here is read from the grammar's parse tree.
"""

from __future__ import annotations

import re
from typing import Any

from transpile.values import dataclass
from transpile.verify.engines.errors import EngineError

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Literal:
    """A constant: string, number, true, false or null."""

    value: Scalar


@dataclass(frozen=True)
class Field:
    """A field by its dotted name; `optional` when written `?name`."""

    name: str
    optional: bool


@dataclass(frozen=True)
class Call:
    """A function call; `insensitive` when its name ends in `~`."""

    name: str
    insensitive: bool
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Comparison:
    """`left operator right`, the operator one of == != < <= > >=."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Predicate:
    """`operand operator (values)`, the operator one of : like like~ regex regex~ in in~."""

    operand: Expression
    operator: str
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """The negation of an expression."""

    expression: Expression


@dataclass(frozen=True)
class And:
    """All of two or more expressions."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    """Any of two or more expressions."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True)
class Arithmetic:
    """A calculation, kept only to be named in an error."""

    text: str


Expression = Literal | Field | Call | Comparison | Predicate | Not | And | Or | Arithmetic


@dataclass(frozen=True)
class EventQuery:
    """`category where condition`; the category None is `any`."""

    category: str | None
    condition: Expression


_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{2,8})\}|.)", re.DOTALL)


def _unescaped(escape: re.Match[str]) -> str:
    """A control character for its code point: the package misreads two of these in one string."""
    character = chr(int(escape[1], 16)) if escape[1] else ""
    return character if character and character not in '"\\\r\n' else escape[0]


def parse(query: str) -> EventQuery:
    """The tree of an event query; EngineError with the place and reason where it doesn't parse."""
    try:
        import eql.parser  # noqa: PLC0415 (extra `verify`; builds its grammar when imported)
    except ImportError as error:
        message = "eql is not installed: pip install 'sigma-transpile[verify]'"
        raise EngineError(message) from error
    parser = eql.parser
    query = _ESCAPE.sub(_unescaped, query)
    try:
        with parser.elasticsearch_syntax, parser.skip_optimizations:
            parser.parse_query(query)
        tree = parser.lark_parser.parse(query, start="piped_query")
    except eql.EqlError as error:
        raise EngineError(str(error)) from error
    base, pipes = tree.children
    (event,) = base.children
    if pipes is not None or event.data != "event_query":
        message = "only event queries without pipes are translated"
        raise EngineError(message)
    name, condition = event.children
    category = str(name.children[0])
    return EventQuery(None if category == "any" else category, _Reader(query).read(condition))


def parses(query: str) -> EngineError | None:
    """None for an event query that parses, else the error that `parse` raises."""
    try:
        parse(query)
    except EngineError as error:
        return error
    return None


CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


class _Reader:
    """Reads the expressions of one parse tree; `query` is its text, for messages."""

    def __init__(self, query: str) -> None:
        self._query = query

    def read(self, node: Any) -> Expression:
        reader = getattr(self, f"_{node.data}", None)
        if reader is None:
            text = self._query[node.meta.start_pos : node.meta.end_pos]
            return Arithmetic(text)
        expression: Expression = reader(node)
        return expression

    def _or_expr(self, node: Any) -> Expression:
        return Or(tuple(self.read(child) for child in node.children))

    def _and_expr(self, node: Any) -> Expression:
        return And(tuple(self.read(child) for child in node.children))

    def _not_expr(self, node: Any) -> Expression:
        *negations, inner = node.children
        expression = self.read(inner)
        for _ in negations:
            expression = Not(expression)
        return expression

    def _comparison(self, node: Any) -> Expression:
        left, operator, right = node.children
        return Comparison(self.read(left), str(operator), self.read(right))

    def _string_predicate(self, node: Any) -> Expression:
        operand, operator, *values = node.children
        return Predicate(self.read(operand), str(operator), tuple(map(self.read, values)))

    def _in_set(self, node: Any) -> Expression:
        operand, operator, values = (child for child in node.children if child is not None)
        return Predicate(self.read(operand), str(operator), self._arguments(values))

    def _not_in_set(self, node: Any) -> Expression:
        return Not(self._in_set(node))

    def _function_call(self, node: Any) -> Expression:
        name, arguments = str(node.children[0]), node.children[1]
        return Call(name.rstrip("~"), name.endswith("~"), self._arguments(arguments))

    def _arguments(self, node: Any) -> tuple[Expression, ...]:
        if node is None:
            return ()
        return tuple(self.read(child) for child in node.children if child is not None)

    def _value(self, node: Any) -> Expression:
        sign, inner = node.children
        expression = self.read(inner)
        if isinstance(expression, Literal) and isinstance(expression.value, int | float):
            return Literal(-expression.value if sign == "-" else expression.value)
        return Arithmetic(f"{sign}{inner}")

    def _literal(self, node: Any) -> Expression:
        (kind,) = node.children
        if kind.data == "null":
            return Literal(None)
        text = str(kind.children[0])
        if kind.data == "boolean":
            return Literal(CONSTANTS[text])
        if kind.data == "number":
            return Literal(int(text) if text.isdecimal() else float(text))
        return Literal(_string(text))

    def _base_field(self, node: Any) -> Expression:
        (kind,) = node.children
        text = str(kind.children[0])
        if kind.data == "name" and text in CONSTANTS:
            return Literal(CONSTANTS[text])
        return Field(text.strip("`"), optional=False)

    def _field(self, node: Any) -> Expression:
        token = str(node.children[0])
        if re.search(r"\[\s*\d+\s*\]$", token):
            message = f"Elasticsearch's EQL has no array positions: {token}"
            raise EngineError(message)
        parts = re.findall(r"`[^`]+`|[A-Za-z_]\w*", token.removeprefix("?"))
        return Field(".".join(part.strip("`") for part in parts), token.startswith("?"))


ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def _string(token: str) -> str:
    """The value of a string literal: raw between three quotes, else with escapes.

    https://www.elastic.co/guide/en/elasticsearch/reference/8.17/eql-syntax.html#eql-syntax-strings
    """
    if token.startswith('"""'):
        return token[3:-3]

    def character(match: re.Match[str]) -> str:
        if digits := match["hex"]:
            return chr(int(digits, 16))
        return ESCAPES.get(match["one"], match["one"])

    return re.sub(r"\\(?:u\{(?P<hex>[0-9A-Fa-f]+)\}|(?P<one>.))", character, token[1:-1])
