"""Lucene, EQL and Query DSL queries on documents as Winlogbeat and Elastic Agent ship them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transpile.ir.nodes import Field, Type
from transpile.verify.engines import eql_dsl
from transpile.verify.engines.elasticsearch import Elasticsearch, Search, lucene
from transpile.verify.engines.errors import EngineError
from transpile.verify.tree import RAW
from transpile.verify.trial import Trial

TRIALS_PER_INDEX = 400
"""a regular expression costs more in a larger index"""

_SUFFIX = ".caseless"
_TYPES = {
    Type.LONG: "long",
    Type.DOUBLE: "double",
    Type.IP: "ip",
    Type.BOOLEAN: "boolean",
    Type.TEXT: "text",
}
_SETTINGS = {"analysis": {"normalizer": {"lowercase": {"type": "custom", "filter": ["lowercase"]}}}}


class ElasticEngine(ABC):
    """Runs trials on a node; each sees the rows of its own rule only."""

    def __init__(self, node: Elasticsearch) -> None:
        self._node = node

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        found: list[frozenset[int] | EngineError] = []
        for start in range(0, len(trials), TRIALS_PER_INDEX):
            found += self._run(trials[start : start + TRIALS_PER_INDEX])
        return found

    @abstractmethod
    def _dsl(self, text: str, types: Mapping[str, str]) -> dict[str, Any]:
        """The Query DSL of a query; `types` are the mapped fields with their types."""

    def _run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        mapping = _mapping(trials)
        documents = [_document(row) for one in trials for row in one.rows]
        groups = [str(number) for number, one in enumerate(trials) for _ in one.rows]
        index = self._node.index(mapping, documents, _SETTINGS, groups=groups)
        try:
            types = eql_dsl.field_types(
                self._node.client.indices.get_mapping(index=index.name)[index.name]["mappings"]
            )
            queries = [self._translated(one.text, types) for one in trials]
            searches = [
                Search(query, str(number))
                for number, query in enumerate(queries)
                if not isinstance(query, EngineError)
            ]
            results = iter(index.search_many(searches))
        finally:
            index.delete()
        found: list[frozenset[int] | EngineError] = []
        start = 0
        for one, query in zip(trials, queries, strict=True):
            result = query if isinstance(query, EngineError) else next(results)
            if isinstance(result, EngineError):
                found.append(result)
            else:
                found.append(frozenset(position - start for position in result))
            start += len(one.rows)
        return found

    def _translated(self, text: str, types: Mapping[str, str]) -> dict[str, Any] | EngineError:
        try:
            return self._dsl(text, types)
        except EngineError as error:
            return error


class LuceneEngine(ElasticEngine):
    """Lucene, strictly: what a field can't take is an error."""

    def _dsl(self, text: str, types: Mapping[str, str]) -> dict[str, Any]:
        return lucene(text)


class EqlEngine(ElasticEngine):
    """EQL, by the translation to Query DSL that Elasticsearch itself makes."""

    def _dsl(self, text: str, types: Mapping[str, str]) -> dict[str, Any]:
        return eql_dsl.translate(text, types)


class DslEngine(ElasticEngine):
    """Query DSL as it is."""

    def _dsl(self, text: str, types: Mapping[str, str]) -> dict[str, Any]:
        query: dict[str, Any] = json.loads(text)["query"]
        return query


def _mapping(trials: Sequence[Trial]) -> dict[str, Any]:
    """Fields of the types that the plans give, and keyword for all others.

    Names with dots stay names, so that `a` and `a.b` go together.
    """
    properties: dict[str, Any] = {}
    for field in {field for one in trials for field in _fields(one)}:
        if field.name.endswith(_SUFFIX):
            properties[field.name.removesuffix(_SUFFIX)] = {
                "type": "keyword",
                "fields": {_SUFFIX[1:]: {"type": "keyword", "normalizer": "lowercase"}},
            }
        else:
            properties[field.name] = {"type": _TYPES.get(field.type, "keyword")}
    # A form may ask a field that no row has.
    asked = {
        name for one in trials for names in one.query.fields.values() for name in names.split(", ")
    }
    for name in asked:
        properties.setdefault(name.removesuffix(_SUFFIX), {"type": "keyword"})
    keyword = {"any": {"match_mapping_type": "*", "mapping": {"type": "keyword"}}}
    return {"subobjects": False, "dynamic_templates": [keyword], "properties": properties}


def _fields(one: Trial) -> Iterator[Field]:
    names = {name for event in one.events for name in event if name != RAW}
    for name in sorted({*names, *one.query.fields}):
        yield from one.plan.resolve(name)


def _document(row: Mapping[str, object]) -> dict[str, object]:
    return {name.removesuffix(_SUFFIX): value for name, value in row.items()}
