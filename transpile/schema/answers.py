"""A schema from what Elasticsearch's APIs answer.

https://www.elastic.co/guide/en/elasticsearch/reference/8.17/indices-get-mapping.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/indices-get-settings.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/search-field-caps.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.17/indices-resolve-index-api.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from transpile.schema.file import content_of, digest_of
from transpile.schema.model import ClusterSchema, Folds, Shape
from transpile.values import dataclass

_OBJECTS = ("object", "nested", "passthrough")
_CUT = ("keyword", "wildcard", "flattened")
"""types that index.mapping.ignore_above holds for"""
_LOGSDB_CUT = 8191
"""its default there: https://www.elastic.co/guide/en/elasticsearch/reference/8.17/logs-data-stream.html"""
_GENERATION = re.compile(r"(?:-(?:\d{4}[.-]w?\d{2}(?:[.-]\d{2}){0,2}|\d{6}))+\Z")
"""the date and the number at the end of the names of indices that follow each other"""


@dataclass(frozen=True)
class Answers:
    """The bodies of the answers; of the resolve API there may be several."""

    mappings: Mapping[str, Any]
    settings: Mapping[str, Any]
    capabilities: Mapping[str, Any]
    resolved: Sequence[Mapping[str, Any]] = ()


def schema_of(patterns: Sequence[str], answers: Answers) -> ClusterSchema:
    """The schema of the indices that answers are about."""
    streams = _streams(answers.resolved)
    unsearchable = _unsearchable(answers.capabilities)
    alike: dict[tuple[str, str, frozenset[str]], set[str]] = {}
    for index, answer in answers.mappings.items():
        settings = answers.settings.get(index, {}).get("settings", {}).get("index", {})
        key = (
            json.dumps(answer.get("mappings", {}), sort_keys=True),
            json.dumps(settings, sort_keys=True),
            frozenset(unsearchable.get(index, ())),
        )
        alike.setdefault(key, set()).add(streams.get(index) or _GENERATION.sub("-*", index))
    shapes: dict[str, list[Shape]] = {}
    sources: dict[str, list[set[str]]] = {}
    for (mapping, settings, blocked), named in alike.items():
        for path, shape in _Index(json.loads(settings), blocked).shapes(json.loads(mapping)):
            known, owners = shapes.setdefault(path, []), sources.setdefault(path, [])
            if shape not in known:
                known.append(shape)
                owners.append(set())
            owners[known.index(shape)] |= named
    fields = {path: _told_apart(known, sources[path]) for path, known in shapes.items()}
    names = {name for named in alike.values() for name in named}
    schema = ClusterSchema(
        tuple(sorted(set(patterns))),
        tuple(sorted(names)),
        dict(sorted((_others(answers.capabilities, fields) | fields).items())),
    )
    return replace(schema, digest=digest_of(content_of(schema)))


def _told_apart(shapes: list[Shape], sources: list[set[str]]) -> tuple[Shape, ...]:
    if len(shapes) == 1:
        return tuple(shapes)
    told = [
        replace(shape, sources=tuple(sorted(named)))
        for shape, named in zip(shapes, sources, strict=True)
    ]
    return tuple(sorted(told, key=lambda shape: (shape.sources, repr(shape))))


def _streams(resolved: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The data stream of each index behind one."""
    return {
        index: stream["name"]
        for answer in resolved
        for stream in answer.get("data_streams", ())
        for index in _listed(stream["backing_indices"])
    }


def _capabilities(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, types in answer.get("fields", {}).items():
        for kind, one in types.items():
            if kind not in _OBJECTS and not one.get("metadata_field"):
                yield path, one


def _unsearchable(answer: Mapping[str, Any]) -> dict[str, set[str]]:
    """The fields of each index that no query finds."""
    found: dict[str, set[str]] = {}
    for path, one in _capabilities(answer):
        if not one["searchable"]:
            blocked = one.get("non_searchable_indices") or one.get("indices") or answer["indices"]
            for index in _listed(blocked):
                found.setdefault(index, set()).add(path)
    return found


def _others(
    answer: Mapping[str, Any], fields: Mapping[str, tuple[Shape, ...]]
) -> dict[str, tuple[Shape, ...]]:
    """Fields that only the capabilities tell of, like those that a passthrough object lifts up.

    Of their types these name the family: `keyword` may be a `wildcard` or a `constant_keyword`.
    """
    known = ClusterSchema((), (), fields)
    others: dict[str, list[Shape]] = {}
    for path, one in _capabilities(answer):
        if not known.field(path):
            named = {_GENERATION.sub("-*", index) for index in _listed(one.get("indices") or ())}
            shape = Shape(one["type"], searchable=one["searchable"], sources=tuple(sorted(named)))
            others.setdefault(path, []).append(shape)
    return {path: tuple(shapes) for path, shapes in others.items()}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


class _Index:
    """Reads a mapping, with the settings of its index and the fields that no query finds there."""

    def __init__(self, settings: Mapping[str, Any], blocked: frozenset[str]) -> None:
        self._analysis: Mapping[str, Any] = settings.get("analysis", {})
        self._blocked = blocked
        mapping: Mapping[str, Any] = settings.get("mapping", {})
        default = _LOGSDB_CUT if settings.get("mode") == "logsdb" else None
        cut = mapping.get("ignore_above", default)
        self._cut = None if cut is None else int(cut)

    def shapes(self, mapping: Mapping[str, Any]) -> Iterator[tuple[str, Shape]]:
        shapes = dict(self._in(mapping.get("properties", {}), "", ""))
        # A runtime field stands before an indexed one of its name.
        for path, one in mapping.get("runtime", {}).items():
            members = {f"{path}.{name}": member for name, member in one.get("fields", {}).items()}
            for name, member in (members or {path: one}).items():
                searchable = name not in self._blocked
                shapes[name] = Shape(member["type"], searchable=searchable, runtime=True)
        yield from shapes.items()

    def _in(
        self, properties: Mapping[str, Any], prefix: str, nested: str
    ) -> Iterator[tuple[str, Shape]]:
        for name, one in properties.items():
            path = f"{prefix}{name}"
            kind = one.get("type", "object")
            if kind not in _OBJECTS:
                yield path, self._shape(path, one, nested)
                continue
            inside = nested
            if kind == "nested":
                yield path, Shape("nested", nested=nested)
                lifted = one.get("include_in_root") or (one.get("include_in_parent") and not nested)
                inside = "" if lifted else path
            elif one.get("enabled") is False:
                yield path, Shape("object", nested=nested, searchable=False)
            yield from self._in(one.get("properties", {}), f"{path}.", inside)

    def _shape(self, path: str, one: Mapping[str, Any], nested: str) -> Shape:
        kind = one["type"]
        return Shape(
            kind,
            path=one.get("path", "") if kind == "alias" else "",
            nested=nested,
            searchable=path not in self._blocked,
            index=one.get("index", True) is not False,
            doc_values=one.get("doc_values", True) is not False,
            ignore_above=one.get("ignore_above", self._cut if kind in _CUT else None),
            normalizer=one.get("normalizer", ""),
            folds=self._folds(one.get("normalizer", "")),
            analyzer=one.get("analyzer", ""),
            fields={
                name: self._shape(f"{path}.{name}", multi, "")
                for name, multi in one.get("fields", {}).items()
            },
        )

    def _folds(self, normalizer: str) -> Folds:
        if not normalizer:
            return Folds.NOTHING
        named: Mapping[str, Any] = self._analysis.get("normalizer", {})
        if normalizer not in named:
            return Folds.CASE if normalizer == "lowercase" else Folds.OTHER
        custom = named[normalizer]
        if custom.get("type", "custom") != "custom" or custom.get("char_filter"):
            return Folds.OTHER
        filters = _listed(custom.get("filter", ()))
        if not all(map(self._lowers, filters)):
            return Folds.OTHER
        return Folds.CASE if filters else Folds.NOTHING

    def _lowers(self, name: str) -> bool:
        """Whether a filter makes small letters of capital ones, by the rules of no language."""
        custom = self._analysis.get("filter", {}).get(name, {"type": name})
        return custom.get("type") == "lowercase" and "language" not in custom
