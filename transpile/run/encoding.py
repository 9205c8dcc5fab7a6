"""Conversions as bytes, free of the path of their file: for the cache and between processes.

JSON, because a cache may have been written by anybody. Names are left out, so whoever changes what
a conversion holds changes this too; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from transpile.load.about import About
from transpile.load.files import RuleFile
from transpile.load.problem import Problem, Severity
from transpile.query import Outcome, Place, Query, Reason
from transpile.run.conversion import Conversion, Converted

_ABOUT = tuple(About.__slots__)
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_SEVERITIES = {severity.value: severity for severity in Severity}


def encode(results: Sequence[Converted]) -> bytes | None:
    """The results for one file; None for what must not be kept, or that JSON can't carry."""
    if not all(_is_plain(one.conversion) for one in results):
        return None
    plain = [_plain(one) for one in results]
    try:
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except (TypeError, ValueError):
        return None


def decode(data: bytes, file: RuleFile) -> list[Converted]:
    """The results for one file, which is at this path now."""
    return [_converted(one, file) for one in json.loads(data)]


def _is_plain(conversion: Conversion) -> bool:
    """Whether nothing gets lost on the way: faults, paths of other files, keys that are no text."""
    settings = conversion.about and conversion.about.settings
    return (
        not conversion.traceback
        and all(problem.path == conversion.file.path for problem in conversion.problems)
        and (settings is None or _is_json(settings))
    )


def _is_json(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_json(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, (str, int, float, bool))


def _plain(converted: Converted) -> list[Any]:
    conversion = converted.conversion
    first = conversion.queries[0]
    about = conversion.about
    return [
        conversion.position,
        conversion.alone,
        first.id,
        first.title,
        _place(converted.place),
        converted.excerpt,
        [_query(query) for query in conversion.queries],
        [_problem(problem) for problem in conversion.problems],
        [[line, text] for line, text in conversion.excerpts.items()],
        about and [getattr(about, name) for name in _ABOUT],
    ]


def _converted(plain: list[Any], file: RuleFile) -> Converted:
    position, alone, identifier, title, place, excerpt, queries, problems, excerpts, about = plain
    path = file.path
    return Converted(
        Conversion(
            file,
            position,
            alone,
            tuple(
                Query(
                    identifier,
                    title,
                    path,
                    target,
                    _OUTCOMES[outcome],
                    tuple(Reason(code, message, _read_place(at)) for code, message, at in reasons),
                    text,
                    fields,
                    table,
                    tuple(columns),
                )
                for target, outcome, reasons, text, fields, table, columns in queries
            ),
            tuple(
                Problem(code, message, path, line, column, hint, shown, _SEVERITIES[severity])
                for code, message, line, column, hint, shown, severity in problems
            ),
            dict(excerpts),
            "",
            about and _about(about),
        ),
        _read_place(place),
        excerpt,
    )


def _about(values: list[Any]) -> About:
    read: list[Any] = [tuple(v) if i in _TUPLES else v for i, v in enumerate(values)]
    return About(*read)


_TUPLES = frozenset(
    position
    for position, name in enumerate(_ABOUT)
    if name in ("references", "false_positives", "tags")
)


def _query(query: Query) -> list[Any]:
    return [
        query.target,
        query.outcome.value,
        [[one.code, one.message, _place(one.place)] for one in query.reasons],
        query.text,
        dict(query.fields),
        query.table,
        query.columns,
    ]


def _problem(problem: Problem) -> list[Any]:
    return [
        problem.code,
        problem.message,
        problem.line,
        problem.column,
        problem.hint,
        problem.excerpt,
        problem.severity.value,
    ]


def _place(place: Place | None) -> list[int] | None:
    return None if place is None else [place.line, place.column]


def _read_place(place: list[int] | None) -> Place | None:
    return None if place is None else Place(*place)
