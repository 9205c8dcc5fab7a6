"""ASIM's parsers: functions of the workspace that give the events of all products one shape.

What they can filter by is told in `data/asim/parsers.toml`, with its pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from msgspec import Struct

from transpile.ir.search import Parser
from transpile.targets.compiled import decoded


class ParserEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A parser: its page, and the parameters that filter by each column."""

    page: str
    parameters: dict[str, list[str]]


@cache
def _parsers() -> Mapping[str, ParserEntry]:
    return decoded("asim/parsers", dict[str, ParserEntry])


_PREFIX = "_Im_"
_OPERATORS = ("has_any", "has_all", "in")


def is_parser(name: str) -> bool:
    """Whether a table is what a parser returns."""
    return name.startswith(_PREFIX)


def page(name: str) -> str:
    """Where a parser's columns and parameters are documented."""
    return _parsers()[name].page


def filters(name: str) -> dict[str, tuple[str, str]]:
    """The parameters of a parser, each with the column and the operator that it filters by.

    There are none where the table is no parser.
    """
    if not is_parser(name):
        return {}
    return {
        parameter: (column, _operator(parameter))
        for column, of_column in _parsers()[name].parameters.items()
        for parameter in of_column
    }


def parser(name: str, scope: Mapping[str, Iterable[str | int]]) -> Parser | None:
    """The parser of this name, which gets the scope of a log source where it can filter by it."""
    if not is_parser(name):
        return None
    terms = {by: parameter for parameter, by in filters(name).items()}
    arguments = {
        terms[column, "in"]: tuple(map(str, values))
        for column, values in scope.items()
        if (column, "in") in terms
    }
    return Parser(arguments, terms)


def _operator(parameter: str) -> str:
    """What a parameter filters with, as its name ends in it: `has_any`, `has_all` or `in`."""
    return next(one for one in _OPERATORS if parameter.endswith(f"_{one}"))


def declared(schema: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """The same tables by what KQL declares, with parsers as `_Im_Dns(domain_has_any:dynamic=…)`."""
    return {_signature(name): columns for name, columns in schema.items()}


def _signature(name: str) -> str:
    if not is_parser(name):
        return name
    return f"{name}({', '.join(f'{one}:dynamic=dynamic([])' for one in filters(name))})"
