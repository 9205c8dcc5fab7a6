"""EQL by the evaluator of the `eql` package, in its Elasticsearch mode: a second opinion.

It is not Elasticsearch: `docs/eql-engine.md` lists where the two differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from transpile.verify.engines.errors import EngineError
from transpile.verify.trial import Trial

_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{2,8})\}|.)", re.DOTALL)


class EqlPackageEngine:
    """Runs each query on its rows in this process, without an index or a mapping."""

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        return [_found(one.text, one.rows) for one in trials]


def _found(text: str, rows: Sequence[Mapping[str, object]]) -> frozenset[int] | EngineError:
    try:
        import eql  # noqa: PLC0415 (extra `verify`; builds its grammar when imported)
        import eql.engine  # noqa: PLC0415
    except ImportError:
        return EngineError("eql is not installed: pip install 'sigma-transpile[verify]'")
    found: set[int] = set()
    engine = eql.engine.PythonEngine({"flatten": True})
    engine.add_output_hook(lambda event: found.add(event.time))
    try:
        with eql.parser.elasticsearch_syntax:
            engine.add_query(eql.parser.parse_query(_ESCAPE.sub(_unescaped, text)))
        for position, row in enumerate(rows):
            data = nested(row)
            kind = data.get("event", {}).get("category", "generic")
            engine.stream_event(eql.Event(kind, position, data))
    except Exception as error:
        return EngineError(f"{type(error).__name__}: {error}")
    return frozenset(found)


def nested(row: Mapping[str, object]) -> dict[str, Any]:
    """A row by dotted names as the objects in each other that the package looks fields up in.

    Raises EngineError: one name is both a value and an object.
    """
    data: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        place = data
        for key in path:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise EngineError(f"{name}: {key} is a value and an object")
        if last in place:
            raise EngineError(f"{name} is a value and an object")
        place[last] = value
    return data


def _unescaped(escape: re.Match[str]) -> str:
    """A control character for its code point: the package misreads two of these in one string."""
    character = chr(int(escape[1], 16)) if escape[1] else ""
    return character if character and character not in '"\\\r\n' else escape[0]
