"""The call of a function that stands for a table, with what it filters by before it makes rows."""

from __future__ import annotations

from collections.abc import Iterable

from backends.kql_terms import Filter
from backends.kql_text import string
from backends.layout import Listing, render
from transpile.ir.search import Parser


def call(name: str, parser: Parser, filters: Iterable[Filter]) -> tuple[str, list[Filter]]:
    """The call, and the filters that no parameter takes over."""
    arguments = dict(parser.arguments)
    rest = []
    for one in filters:
        parameter = _parameter(parser, one)
        if parameter is None or parameter in arguments:
            rest.append(one)
        else:
            arguments[parameter] = tuple(term.text for term in one.terms)
    written = tuple(
        f"{parameter}=dynamic([{', '.join(map(string, values))}])"
        for parameter, values in arguments.items()
    )
    return render(Listing(f"{name}(", written)), rest


def _parameter(parser: Parser, wanted: Filter) -> str | None:
    """The parameter that filters just so; one term is any of one and all of one."""
    columns = list(wanted.columns())
    if len(columns) > 1:
        return None
    operators = ("has_any", "has_all") if len(wanted.terms) == 1 else (wanted.operator,)
    found = (parser.terms.get((columns[0], operator)) for operator in operators)
    return next((parameter for parameter in found if parameter), None)
