"""EQL to the Query DSL that Elasticsearch itself would make of it, with the errors it would give.

Elasticsearch answers an EQL event query by translating it to Query DSL. This is that translation
for what detection queries hold, so that they can be executed where there is no EQL endpoint.
Sources, in elastic/elasticsearch: x-pack/plugin/eql and x-pack/plugin/ql, their
`QueryTranslator.java`, `ExpressionTranslators.java`, `ExpressionBuilder.java`, `Optimizer.java` and
the pairs in `querytranslator_tests.txt`; and the manual,
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/eql-syntax.html

What Elasticsearch would run as a painless script (`length()`, `concat()`, arithmetic, a function of
a function) is an EngineError here, because the embedded server has no scripts. So is an optional
field that isn't mapped, except in `== null` and `!= null`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from transpile.verify.engines.eql_syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Field,
    Literal,
    Not,
    Or,
    Predicate,
    Scalar,
    parse,
    parses,
)
from transpile.verify.engines.errors import EngineError

__all__ = ["field_types", "parses", "translate"]

Query = dict[str, Any]

CATEGORY_FIELD = "event.category"

# The types of Query DSL fields as EQL sees them: those of a family are one type (the field
# capabilities API reports families); what is absent can't be used in EQL.
# https://www.elastic.co/guide/en/elasticsearch/reference/8.17/mapping-types.html
STRING, TEXT, NUMBER, BOOLEAN, DATE, IP, VERSION, NULL = (
    "string",
    "text",
    "number",
    "boolean",
    "date",
    "ip",
    "version",
    "null",
)
TYPES: Mapping[str, str] = {
    **dict.fromkeys(("keyword", "constant_keyword", "wildcard"), STRING),
    **dict.fromkeys(("text", "match_only_text"), TEXT),
    **dict.fromkeys(("byte", "short", "integer", "long", "unsigned_long"), NUMBER),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), NUMBER),
    "boolean": BOOLEAN,
    "date": DATE,
    "date_nanos": DATE,
    "ip": IP,
    "version": VERSION,
}

RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

MATCH_ALL: Query = {"match_all": {}}
MATCH_NONE: Query = {"match_none": {}}


def translate(query: str, types: Mapping[str, str]) -> Query:
    """The Query DSL of an event query against fields of these types (see `field_types`).

    Raises EngineError where the query doesn't parse, where Elasticsearch's verifier refuses it, and
    where the translation is not covered.
    """
    event = parse(query)
    translator = _Translator(types)
    condition = translator.condition(event.condition)
    if event.category is None:
        return condition
    category = translator.exact(Field(CATEGORY_FIELD, optional=False))
    return {"bool": {"must": [_term(category, event.category), condition]}}


def field_types(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Every field of an index mapping, multi-fields too, by dotted name, with its type."""
    types: dict[str, str] = {}

    def collect(properties: Mapping[str, Any], prefix: str) -> None:
        for name, definition in properties.items():
            if kind := definition.get("type"):
                types[prefix + name] = kind
            for below in ("properties", "fields"):
                collect(definition.get(below, {}), f"{prefix}{name}.")

    collect(mapping.get("properties", {}), "")
    return types


class _Translator:
    """Translates expressions; knows the types of the fields."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def condition(self, expression: Expression) -> Query:
        """The query of an expression that must be boolean."""
        return CONDITIONS[type(expression)](self, expression)

    def exact(self, field: Field) -> str:
        """The name under which the field's values are found whole: its own, or a subfield's."""
        if self.type_of(field) != TEXT:
            return field.name
        prefix = f"{field.name}."
        exact = [
            name
            for name, kind in self._types.items()
            if name.startswith(prefix) and TYPES.get(kind) == STRING
        ]
        if not exact:
            message = f"[{field.name}] is [text], without a keyword subfield for exact matches"
            raise EngineError(message)
        if len(exact) > 1:
            message = f"Multiple exact keyword candidates available for [{field.name}]: {exact}"
            raise EngineError(message)
        return exact[0]

    def type_of(self, field: Field) -> str:
        """The type of the field as EQL sees it; EngineError when unmapped or not supported."""
        kind = self._types.get(field.name)
        if kind is None:
            if field.optional:
                return NULL
            message = f"Unknown column [{field.name}]"
            raise EngineError(message)
        if kind not in TYPES:
            message = f"Cannot use field [{field.name}] with unsupported type [{kind}]"
            raise EngineError(message)
        return TYPES[kind]

    def _mapped(self, operand: Expression, what: str) -> Field:
        if not isinstance(operand, Field):
            message = f"{what} of anything but a field runs as a script, which is not covered"
            raise EngineError(message)
        if self.type_of(operand) == NULL:
            message = (
                f"{what} of an optional field that is not mapped is not covered: {operand.name}"
            )
            raise EngineError(message)
        return operand

    def _string_field(self, operand: Expression, what: str) -> str:
        field = self._mapped(operand, what)
        kind = self.type_of(field)
        if kind not in (STRING, TEXT):
            message = f"first argument of [{what}] must be [string], found value [{field.name}] "
            raise EngineError(message + f"type [{kind}]")
        return self.exact(field)

    def and_(self, expression: And) -> Query:
        return {"bool": {"must": [self.condition(one) for one in expression.expressions]}}

    def or_(self, expression: Or) -> Query:
        self._check_merged_equalities(expression)
        return {"bool": {"should": [self.condition(one) for one in expression.expressions]}}

    def not_(self, expression: Not) -> Query:
        return _not(self.condition(expression.expression))

    def literal(self, expression: Literal) -> Query:
        if not isinstance(expression.value, bool):
            message = f"Condition expression needs to be boolean, found [{expression.value!r}]"
            raise EngineError(message)
        return MATCH_ALL if expression.value else MATCH_NONE

    def field(self, expression: Field) -> Query:
        field = self._mapped(expression, "the truth")
        if self.type_of(field) != BOOLEAN:
            message = f"Condition expression needs to be boolean, found [{field.name}]"
            raise EngineError(message)
        return _term(field.name, True)

    def arithmetic(self, expression: Arithmetic) -> Query:
        message = f"[{expression.text}] runs as a script or is no condition: not covered"
        raise EngineError(message)

    def comparison(self, expression: Comparison) -> Query:
        left, operator, right = expression.left, expression.operator, expression.right
        if isinstance(left, Literal):
            left, operator, right = right, MIRRORED[operator], left
        if not isinstance(right, Literal):
            message = "Comparisons against fields are not (currently) supported"
            raise EngineError(message)
        if operator == "!=":
            return _not(self.comparison(Comparison(left, "==", right)))
        value = right.value
        if isinstance(left, Field) and value is None and operator == "==":
            return self._is_null(left)
        if not isinstance(left, Field) and isinstance(value, bool) and operator == "==":
            query = self.condition(left)
            return query if value else _not(query)
        field = self._mapped(left, f"a comparison by {operator}")
        if value is None:
            message = f"a comparison by {operator} with null is not covered"
            raise EngineError(message)
        name = self.exact(field)
        if operator == "==":
            return _term(name, value)
        return {"range": {name: {RANGES[operator]: value}}}

    def _is_null(self, field: Field) -> Query:
        if self.type_of(field) == NULL:
            return MATCH_ALL
        return _not({"exists": {"field": field.name}})

    def predicate(self, expression: Predicate) -> Query:
        operator = expression.operator
        if operator == "in":
            return self._in(expression)
        name = self._string_field(expression.operand, operator)
        values = [_text(value, operator) for value in expression.values]
        insensitive = operator in (":", "in~") or operator.endswith("~")
        if operator.startswith("regex"):
            return _regex(name, values, insensitive)
        if operator == "in~":
            return _any([_term(name, value, insensitive) for value in values])
        return _any([_like(name, value, insensitive) for value in values])

    def _in(self, expression: Predicate) -> Query:
        field = self._mapped(expression.operand, "in")
        values = [_constant(value) for value in expression.values]
        self._check_compatible(field, values)
        return {"terms": {self.exact(field): list(dict.fromkeys(values))}}

    def _check_compatible(self, field: Field, values: Sequence[Scalar]) -> None:
        """`in` takes constants of the field's type only, so none at all for ip and date."""
        kind = self.type_of(field)
        for value in values:
            found = _kind(value)
            if found != kind and (kind, found) != (TEXT, STRING):
                message = f"argument of [in] must be [{kind}], found value [{value!r}] "
                raise EngineError(message + f"type [{found}] for [{field.name}]")

    def _check_merged_equalities(self, expression: Or) -> None:
        """Equalities of one field below one OR become `in`, with the type check of `in`.

        So `ip == "…" or ip == "…"` is refused, though either alone is accepted, by every release
        before the fix of 2025-08, 8.17 among them; cidrMatch() is accepted by all:
        https://github.com/elastic/elasticsearch/issues/118621 (fixed by pull request 132167)
        """
        merged: dict[Field, list[Scalar]] = {}
        for one in _flattened(expression):
            if equality := _equality(one):
                field, value = equality
                if self.type_of(field) != NULL:
                    merged.setdefault(field, []).append(value)
        for field, values in merged.items():
            if len(set(values)) > 1:
                self._check_compatible(field, values)

    def call(self, expression: Call) -> Query:
        if expression.name == "cidrMatch":
            return self._cidr_match(expression)
        if expression.name in ("wildcard", "match"):
            operand, *values = expression.arguments
            operator = {"wildcard": "like", "match": "regex"}[expression.name]
            suffix = "~" if expression.insensitive else ""
            return self.predicate(Predicate(operand, operator + suffix, tuple(values)))
        if expression.name not in ("startsWith", "endsWith", "stringContains"):
            message = f"{expression.name}() runs as a script, which is not covered"
            raise EngineError(message)
        operand, argument = expression.arguments
        name = self._string_field(operand, expression.name)
        text = _text(argument, expression.name)
        flags = {"case_insensitive": True} if expression.insensitive else {}
        if expression.name == "startsWith":
            return {"prefix": {name: {"value": text, **flags}}}
        # The argument is put between the stars as it is: its own `*`, `?` and `\` have meaning.
        pattern = f"*{text}" if expression.name == "endsWith" else f"*{text}*"
        return {"wildcard": {name: {"value": pattern, **flags}}}

    def _cidr_match(self, expression: Call) -> Query:
        operand, *blocks = expression.arguments
        field = self._mapped(operand, "cidrMatch")
        if (kind := self.type_of(field)) != IP:
            message = f"first argument of [cidrMatch] must be [ip], found value [{field.name}] "
            raise EngineError(message + f"type [{kind}]")
        return {"terms": {field.name: [_text(block, "cidrMatch") for block in blocks]}}


CONDITIONS: Mapping[type[Expression], Callable[[_Translator, Any], Query]] = {
    And: _Translator.and_,
    Or: _Translator.or_,
    Not: _Translator.not_,
    Literal: _Translator.literal,
    Field: _Translator.field,
    Arithmetic: _Translator.arithmetic,
    Comparison: _Translator.comparison,
    Predicate: _Translator.predicate,
    Call: _Translator.call,
}


def _flattened(expression: Or) -> list[Expression]:
    flat: list[Expression] = []
    for one in expression.expressions:
        flat += _flattened(one) if isinstance(one, Or) else [one]
    return flat


def _equality(expression: Expression) -> tuple[Field, Scalar] | None:
    """The field and the constant that it must equal, of such a comparison, null excepted."""
    if not isinstance(expression, Comparison) or expression.operator != "==":
        return None
    field, constant = expression.left, expression.right
    if isinstance(field, Literal):
        field, constant = constant, field
    if not isinstance(field, Field) or not isinstance(constant, Literal):
        return None
    return None if constant.value is None else (field, constant.value)


def _constant(expression: Expression) -> Scalar:
    if not isinstance(expression, Literal):
        message = "Comparisons against fields are not (currently) supported"
        raise EngineError(message)
    return expression.value


def _text(expression: Expression, what: str) -> str:
    value = _constant(expression)
    if not isinstance(value, str):
        message = f"argument of [{what}] must be [string], found value [{value!r}]"
        raise EngineError(message)
    return value


def _kind(value: Scalar) -> str:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return STRING
    return NULL if value is None else NUMBER


def _term(name: str, value: Scalar, insensitive: bool = False) -> Query:
    flags = {"case_insensitive": True} if insensitive else {}
    return {"term": {name: {"value": value, **flags}}}


def _not(query: Query) -> Query:
    return {"bool": {"must_not": [query]}}


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries}}


def _like(name: str, pattern: str, insensitive: bool) -> Query:
    """`*` and `?` are wildcards and can't be escaped; a backslash is itself.

    A pattern of stars only asks whether the field is there, one without wildcards for the value.
    """
    if pattern and not pattern.strip("*"):
        return {"exists": {"field": name}}
    if "*" not in pattern and "?" not in pattern:
        return _term(name, pattern, insensitive)
    flags = {"case_insensitive": True} if insensitive else {}
    return {"wildcard": {name: {"value": pattern.replace("\\", "\\\\"), **flags}}}


def _regex(name: str, patterns: list[str], insensitive: bool) -> Query:
    """Several patterns are one alternation; a pattern of one string only asks for the value."""
    pattern = "|".join(patterns)
    if (value := _only_string(pattern)) is not None:
        return _term(name, value, insensitive)
    flags = {"case_insensitive": True} if insensitive else {}
    return {"regexp": {name: {"value": pattern, **flags}}}


REGEX_OPERATORS = frozenset('.?+*|{}[]()"#@&<>~')
REGEX_CLASSES = frozenset("dDsSwW")


def _only_string(pattern: str) -> str | None:
    """The only string that a regular expression of plain characters matches, else None.

    https://www.elastic.co/guide/en/elasticsearch/reference/8.17/regexp-syntax.html
    """
    characters = iter(pattern)
    plain: list[str] = []
    for character in characters:
        if character in REGEX_OPERATORS:
            return None
        one = next(characters, "") if character == "\\" else character
        if character == "\\" and (not one or one in REGEX_CLASSES or one.isalnum()):
            return None
        plain.append(one)
    return "".join(plain)
