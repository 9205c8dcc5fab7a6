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
    """The dialect of this name, also one of another distribution; KeyError where there is none."""
    if name not in DIALECTS:
        return _installed(name)
    module, kind = DIALECTS[name]
    return cast("Dialect", getattr(import_module(module), kind)())


def _installed(name: str) -> Dialect:
    from importlib.metadata import entry_points  # noqa: PLC0415 (looks through all of them)

    for entry in entry_points(group="sigma_transpile.dialects", name=name):
        return cast("Dialect", entry.load()())
    raise KeyError(name)
