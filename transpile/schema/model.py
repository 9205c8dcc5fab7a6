"""Fields of indices, as Elasticsearch maps them.

Parameters of mappings: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/mapping-params.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from difflib import get_close_matches
from enum import Enum
from functools import cached_property

from transpile.values import dataclass

_LIKENESS = 0.75
_KEYED = "flattened"


class Folds(str, Enum):
    """Differences between texts that a field's normalizer takes away."""

    NOTHING = "nothing"
    CASE = "case"
    """capital letters become small ones, and nothing else is changed"""
    OTHER = "other"
    """more than case, something else, or nobody knows what"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A field as some indices map it.

    `type` is Elasticsearch's name of it. `path` is the field that an alias stands for, `nested`
    the nested object that the field is in, where only nested queries find it. `searchable` is the
    server's word on whether queries find anything; without `index` they may, from `doc_values`.
    Values longer than `ignore_above` are not found. `fields` are the multi-fields by their last
    name. `sources` are the data streams and indices with this shape, where others have another
    one; else there are none.
    """

    type: str
    path: str = ""
    nested: str = ""
    searchable: bool = True
    index: bool = True
    doc_values: bool = True
    ignore_above: int | None = None
    normalizer: str = ""
    folds: Folds = Folds.NOTHING
    analyzer: str = ""
    runtime: bool = False
    fields: Mapping[str, Shape] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterSchema:
    """The fields of the indices that were asked for.

    `patterns` are the names and wildcards that were asked for, `sources` the data streams and
    indices behind them: of indices that follow each other there is the pattern of their names.
    `digest` is the same for schemas that say the same.
    """

    patterns: tuple[str, ...]
    sources: tuple[str, ...]
    fields: Mapping[str, tuple[Shape, ...]]
    digest: str = ""

    def field(self, path: str) -> tuple[Shape, ...]:
        """The shapes of a field, of a multi-field, or of a key in a flattened field.

        There is more than one where indices differ, and none where no index has the field.
        """
        if path in self.fields:
            return self.fields[path]
        for owner, rest in _owners(path):
            shapes = self.fields.get(owner, ())
            if found := tuple(one for shape in shapes for one in _inside(shape, rest)):
                return found
        return ()

    def behind(self, path: str) -> tuple[Shape, ...]:
        """The same, with the shapes of the field that an alias stands for in the alias's place."""
        return tuple(
            one
            for shape in self.field(path)
            for one in (self.field(shape.path) if shape.type == "alias" else (shape,))
        )

    def near(self, path: str, most: int = 3) -> tuple[str, ...]:
        """Names of fields that may be meant by one that isn't there, the likeliest first."""
        same_case = self._by_lower.get(path.lower(), ())
        last = path.rpartition(".")[2].lower()
        same_end = [name for name in self._names if name.rpartition(".")[2].lower() == last]
        by_likeness = get_close_matches(path, same_end, most, 0)
        by_letters = get_close_matches(path, self._names, most, _LIKENESS)
        return tuple(dict.fromkeys((*same_case, *by_letters, *by_likeness)))[:most]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        multi = (
            f"{path}.{name}"
            for path, shapes in self.fields.items()
            for shape in shapes
            for name in shape.fields
        )
        return tuple(sorted({*self.fields, *multi}))

    @cached_property
    def _by_lower(self) -> Mapping[str, tuple[str, ...]]:
        by_lower: dict[str, tuple[str, ...]] = {}
        for name in self._names:
            by_lower[name.lower()] = (*by_lower.get(name.lower(), ()), name)
        return by_lower


def _owners(path: str) -> Iterator[tuple[str, str]]:
    """A path in two, at each of its dots from the last one on."""
    owner, dot, rest = path.rpartition(".")
    while dot:
        yield owner, rest
        owner, dot, last = owner.rpartition(".")
        rest = f"{last}.{rest}"


def _inside(shape: Shape, rest: str) -> Iterator[Shape]:
    if rest in shape.fields:
        yield replace(shape.fields[rest], nested=shape.nested, sources=shape.sources)
    elif shape.type == _KEYED:
        yield shape
