"""Texts put to a pattern of wildcards while a query is made."""

from __future__ import annotations

import re

from transpile.ir.nodes import Parts, Wildcard

_RUNS = {Wildcard.ANY_RUN: ".*", Wildcard.ANY_ONE: "."}


def fits(parts: Parts, text: str, *, cased: bool) -> bool:
    """Whether a whole text fits the parts."""
    pattern = "".join(_RUNS[p] if isinstance(p, Wildcard) else re.escape(p) for p in parts)
    flags = re.DOTALL if cased else re.DOTALL | re.IGNORECASE
    return re.fullmatch(pattern, text, flags) is not None
