"""SPL queries on rows, by the strict reading of the documented search semantics."""

from __future__ import annotations

from collections.abc import Sequence

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.spl import Spl
from transpile.verify.trial import Trial


class SplEngine:
    """Parses each query and asks it of each row of its rule."""

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        return [_found(one) for one in trials]


def _found(one: Trial) -> frozenset[int] | EngineError:
    try:
        query = Spl.parse(one.text, one.plan.macro)
        return frozenset(n for n, row in enumerate(one.rows) if query.matches(dict(row)))
    except EngineError as error:
        return error
