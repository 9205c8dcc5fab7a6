"""Where a field's value is read from, in KQL: https://learn.microsoft.com/kusto/query/"""

from __future__ import annotations

from backends import kql_xml
from backends.kql_text import member, name, string
from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Element,
    Expression,
    Extract,
    FromHexadecimal,
    Hexadecimal,
    Joined,
    Literal,
    Member,
    ReplacePattern,
    Source,
    UnlessEmpty,
)

_BREAK = "\n      "
_PERCENT = string(r"%\1")


def written(source: Source) -> str:  # noqa: C901, PLR0911, PLR0912 (a case for each kind)
    """The expression that gives the value."""
    match source:
        case Column(column):
            return name(column)
        case Member(column, steps, is_text):
            base = f"parse_json({name(column)})" if is_text else name(column)
            return member(base, *steps)
        case Element() as element:
            return kql_xml.text(element)
        case Literal(text):
            return string(text)
        case Extract(pattern, of):
            text = f"tostring({written(of)})" if isinstance(of, Member) else written(of)
            return f"extract({string(pattern)}, 1, {text})"
        case ReplacePattern(of, pattern, new):
            return _lines("replace_regex", of, f"{string(pattern)}, {string(new)}")
        case FromHexadecimal(of):
            digits = f"replace_regex({written(of)}, {string('(..)')}, {_PERCENT})"
            return f"url_decode({digits})"
        case Joined((first, *rest)):
            return _lines("strcat", first, ", ".join(map(written, rest)))
        case Joined():
            return string("")
        case UnlessEmpty(column, then, empty):
            return f"iff(isempty({name(column)}), {written(empty)}, {written(then)})"
        case Hexadecimal(column, digits):
            return f"tohex(tolong({name(column)}), {digits})"
        case Cases(cases, otherwise):
            return _cases(cases, otherwise)
        case Expression(text):
            return text


def _lines(function: str, first: Source, rest: str) -> str:
    """A call, with a line of its own for what follows a first argument that is long itself."""
    gap = f",{_BREAK}" if isinstance(first, ReplacePattern) else ", "
    return f"{function}({written(first)}{gap}{rest})"


def _cases(cases: tuple[Case, ...], otherwise: Source) -> str:
    parts = [*map(_case, cases), written(otherwise)]
    if all(isinstance(case.then, Literal) for case in cases):
        return f"case({', '.join(parts)})"
    return f"case({_BREAK}{f',{_BREAK}'.join(parts)})"


def _case(case: Case) -> str:
    return f"{_test(case)}, {written(case.then)}"


def _test(case: Case) -> str:
    if case.ending:
        return f"{name(case.column)} endswith {string(case.ending)}"
    if len(case.values) == 1 and isinstance(case.values[0], int):
        return f"{name(case.column)} == {case.values[0]}"
    literals = [string(str(value)) for value in case.values]
    if len(literals) == 1:
        return f"{name(case.column)} =~ {literals[0]}"
    return f"{name(case.column)} in~ ({', '.join(literals)})"
