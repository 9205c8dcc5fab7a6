"""The file of a schema: JSON, a line for each field, in an order that is always the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from transpile.load.problem import ProblemFound
from transpile.load.source import SourceText, place_of
from transpile.query import Place
from transpile.schema.model import ClusterSchema, Folds, Shape

if TYPE_CHECKING:
    from yaml import Node

FORMAT = 1
"""raised where an older program would misread the file"""

_ANEW = "`sigma-transpile schema` writes it anew"
_DEFAULTS = Shape("")
_NAMES = {"sources": "in"}
"""keys of the file that are called otherwise in the model"""


def text_of(schema: ClusterSchema) -> str:
    """The text of the schema's file."""
    content = content_of(schema)
    lines = (f"    {_json(path)}: {_json(one)}" for path, one in content["fields"].items())
    head = "".join(f'  "{key}": {_json(content[key])},\n' for key in ("format", "patterns"))
    sources = ",\n".join(f"    {_json(name)}" for name in content["sources"])
    listed = ",\n".join(lines)
    return f'{{\n{head}  "sources": [\n{sources}\n  ],\n  "fields": {{\n{listed}\n  }}\n}}\n'


def content_of(schema: ClusterSchema) -> dict[str, Any]:
    """The values of the schema's file; what is as it is by default is left out."""
    return {
        "format": FORMAT,
        "patterns": list(schema.patterns),
        "sources": list(schema.sources),
        "fields": {
            path: [_of_shape(shape) for shape in schema.fields[path]]
            for path in sorted(schema.fields)
        },
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """The same for schemas that say the same."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def load(path: str) -> ClusterSchema:
    """The schema in a file.

    Raises ProblemFound: `bad-schema`, with its place.
    """
    source = SourceText(Path(path).as_posix(), "")
    try:
        source = SourceText(source.path, Path(path).read_bytes().decode("utf-8"))
        content = json.loads(source.text, object_pairs_hook=_distinct)
    except OSError as error:
        message = f"the schema can't be read: {error.strerror}"
        raise ProblemFound(source.problem("bad-schema", message)) from None
    except UnicodeDecodeError:
        raise ProblemFound(source.problem("bad-schema", "the schema is not UTF-8")) from None
    except json.JSONDecodeError as error:
        place = Place(error.lineno, error.colno)
        message = f"the schema is no JSON: {error.msg}"
        raise ProblemFound(source.problem("bad-schema", message, place, hint=_ANEW)) from None
    except _KeyTwiceError as twice:
        name = str(twice)
        message = f"the key {name!r} is there twice"
        again = _place_of_second(_node(source.text), name)
        raise ProblemFound(source.problem("bad-schema", message, again, hint=_ANEW)) from None
    except RecursionError:
        message = "the schema is nested too deep"
        raise ProblemFound(source.problem("bad-schema", message, hint=_ANEW)) from None
    return _Reader(source).schema(content)


def _of_shape(shape: Shape) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for one in fields(Shape):
        value = getattr(shape, one.name)
        if value == getattr(_DEFAULTS, one.name):
            continue
        if one.name == "fields":
            value = {name: _of_shape(value[name]) for name in sorted(value)}
        content[_NAMES.get(one.name, one.name)] = value
    return content


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class _KeyTwiceError(Exception):
    pass


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise _KeyTwiceError(next(name for name in names if names.count(name) > 1))
    return content


_Path = tuple[str | int, ...]


class _Reader:
    """Checks a file's values one by one, and tells where one is wrong."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._sources: frozenset[str] = frozenset()

    def schema(self, content: Any) -> ClusterSchema:
        if not isinstance(content, dict) or "format" not in content:
            self._fail((), "this is no file that `sigma-transpile schema` wrote")
        if content["format"] != FORMAT:
            message = f"the schema is of format {content['format']!r}, and this program reads 1"
            self._fail(("format",), message)
        for key in ("patterns", "sources", "fields"):
            if key not in content:
                self._fail((), f"the key {key!r} is missing")
        patterns = self._texts(("patterns",), content["patterns"])
        sources = self._texts(("sources",), content["sources"])
        self._sources = frozenset(sources)
        shapes = {
            path: self._shapes(("fields", path), value)
            for path, value in self._map(("fields",), content["fields"]).items()
        }
        schema = ClusterSchema(patterns, sources, shapes)
        return ClusterSchema(patterns, sources, shapes, digest_of(content_of(schema)))

    def _shapes(self, path: _Path, value: Any) -> tuple[Shape, ...]:
        if not isinstance(value, list) or not value:
            self._fail(path, f"{path[-1]} must be a list of mappings")
        return tuple(self._shape((*path, number), one) for number, one in enumerate(value))

    def _shape(self, path: _Path, value: Any) -> Shape:
        content = self._map(path, value)
        if "type" not in content:
            self._fail(path, "the type is missing")
        values: dict[str, Any] = {}
        for key, one in content.items():
            if key not in _VALUES:
                self._fail((*path, key), f"there is no key {key!r} in a field's mapping")
            name, read = _VALUES[key]
            values[name] = read(self, (*path, key), one)
        return Shape(**values)

    def _fields(self, path: _Path, value: Any) -> Mapping[str, Shape]:
        return {
            name: self._shape((*path, name), one) for name, one in self._map(path, value).items()
        }

    def _in(self, path: _Path, value: Any) -> tuple[str, ...]:
        named = self._texts(path, value)
        for number, name in enumerate(named):
            if name not in self._sources:
                self._fail((*path, number), f"{name!r} is not among the sources")
        return named

    def _texts(self, path: _Path, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self._fail(path, f"{path[-1]} must be a list of texts")
        return tuple(self._text((*path, number), one) for number, one in enumerate(value))

    def _text(self, path: _Path, value: Any) -> str:
        if not isinstance(value, str) or not value:
            self._fail(path, f"{value!r} is no text")
        return value

    def _flag(self, path: _Path, value: Any) -> bool:
        if not isinstance(value, bool):
            self._fail(path, f"{path[-1]} must be true or false")
        return value

    def _length(self, path: _Path, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._fail(path, f"{path[-1]} must be a number of characters")
        return value

    def _folds(self, path: _Path, value: Any) -> Folds:
        known = [one.value for one in Folds]
        if value not in known:
            self._fail(path, f"{path[-1]} must be one of {', '.join(known)}")
        return Folds(value)

    def _map(self, path: _Path, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._fail(path, f"{path[-1]!r} must have keys and values")
        return value

    def _fail(self, path: _Path, message: str) -> NoReturn:
        place = _place(self._source.text, path)
        raise ProblemFound(self._source.problem("bad-schema", message, place, hint=_ANEW))


_Read = Callable[[_Reader, _Path, Any], Any]
_VALUES: Mapping[str, tuple[str, _Read]] = {
    "type": ("type", _Reader._text),
    "path": ("path", _Reader._text),
    "nested": ("nested", _Reader._text),
    "searchable": ("searchable", _Reader._flag),
    "index": ("index", _Reader._flag),
    "doc_values": ("doc_values", _Reader._flag),
    "ignore_above": ("ignore_above", _Reader._length),
    "normalizer": ("normalizer", _Reader._text),
    "folds": ("folds", _Reader._folds),
    "analyzer": ("analyzer", _Reader._text),
    "runtime": ("runtime", _Reader._flag),
    "fields": ("fields", _Reader._fields),
    "in": ("sources", _Reader._in),
}


def _place(text: str, path: Sequence[str | int]) -> Place:
    """Where a value stands: at its key, or at the value itself in a list."""
    node = _node(text)
    if node is None:
        return Place(1, 1)
    place = place_of(node)
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
            place = place_of(node)
        else:
            key, node = next(pair for pair in node.value if pair[0].value == step)
            place = place_of(key)
    return place


def _place_of_second(node: Node | None, name: str) -> Place | None:
    """Where a map names this key again."""
    inside = getattr(node, "value", None)
    if not isinstance(inside, list):
        return None
    keys = [pair[0] for pair in inside if isinstance(pair, tuple) and pair[0].value == name]
    if len(keys) > 1:
        return place_of(keys[1])
    for one in inside:
        if found := _place_of_second(one[1] if isinstance(one, tuple) else one, name):
            return found
    return None


def _node(text: str) -> Node | None:
    """The tree of a JSON text with its places, for JSON is YAML, too; None where it isn't."""
    import yaml  # noqa: PLC0415 (only for a file that is wrong)

    try:
        node: Node | None = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    return node
