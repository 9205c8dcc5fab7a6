"""The query languages, one module each, loaded only when one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from backends.dialect import Dialect

DIALECTS: Mapping[str, tuple[str, str]] = {
    "spl": ("backends.spl", "Spl"),
    "kql": ("backends.kql", "Kql"),
    "eql": ("backends.eql", "Eql"),
    "lucene": ("backends.lucene", "Lucene"),
    "dsl": ("backends.dsl", "Dsl"),
}
"""the module and the class of each language"""


@cache
def get(name: str) -> Dialect:
    """The dialect of this name; KeyError where there is none."""
    module, kind = DIALECTS[name]
    return cast("Dialect", getattr(import_module(module), kind)())
