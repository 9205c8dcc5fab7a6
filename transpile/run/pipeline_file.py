"""A pySigma pipeline file as YAML: read and checked as far as that takes no pySigma."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from yaml import Node

from transpile.load import documents, files
from transpile.load.files import RuleFile
from transpile.load.hints import did_you_mean
from transpile.load.problem import Problem, ProblemFound
from transpile.load.source import SourceText, place_of
from transpile.values import dataclass

_KEYS: Mapping[str, tuple[type, str]] = {
    "name": (object, ""),
    "priority": (int, "a whole number"),
    "vars": (dict, "a map"),
    "transformations": (list, "a list"),
    "allowed_backends": (list, "a list"),
    "postprocessing": (list, "a list"),
    "finalizers": (list, "a list"),
}
"""the keys of a pipeline and what each must be"""

KINDS = ("rule", "detection_item", "field_name")
"""what conditions of a transformation may be about"""


class Item(NamedTuple):
    """A transformation: where it stands and what it says."""

    node: Node
    data: Mapping[Any, Any]

    def value(self, key: str) -> Node:
        """Where the value of a key stands; the whole item where it has no such key."""
        found = documents.entry(self.node, key)
        return found[1] if found is not None else self.node

    def conditions(self) -> Iterator[Mapping[Any, Any]]:
        """Its conditions of all kinds."""
        for kind in KINDS:
            given = self.data.get(f"{kind}_conditions")
            listed = list(given.values()) if isinstance(given, dict) else given
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, dict):
                    yield one


@dataclass(frozen=True)
class PipelineFile:
    """A pipeline file whose keys are those of a pipeline, each of its type."""

    source: SourceText
    node: Node
    data: Mapping[Any, Any]

    def items(self) -> list[Item]:
        """The transformations; those that one holds follow it."""
        found = documents.entry(self.node, "transformations")
        return [] if found is None else list(items_in(found[1], self.data["transformations"]))


def items_in(node: Node, given: object) -> Iterator[Item]:
    """The transformations of a list; those that one holds (`nest`) follow it."""
    if not isinstance(given, list):
        return
    for one, data in zip(node.value, given, strict=True):
        if isinstance(data, dict):
            item = Item(one, data)
            yield item
            yield from items_in(item.value("items"), data.get("items"))


def read(path: str) -> PipelineFile:
    """Read a file.

    Raises ProblemFound: it can't be read, is no pipeline, or asks for something that changes the
    text of a query (`postprocessing`, `finalizers`).
    """
    source = files.read(RuleFile(Path(path).as_posix(), path))
    parts = list(documents.compose(source))
    if len(parts) != 1:
        raise ProblemFound(source.problem("bad-pipeline", "a pipeline file holds one document"))
    node = parts[0]
    if isinstance(node, Problem):
        raise ProblemFound(node)
    data = documents.construct(node, source)
    if not isinstance(data, dict):
        raise ProblemFound(source.problem("bad-pipeline", "a pipeline is a map", place_of(node)))
    for (key_node, value_node), (key, value) in zip(node.value, data.items(), strict=True):
        _check(source, key_node, value_node, key, value)
    file = PipelineFile(source, node, data)
    for item in file.items():
        _check_links(source, item)
    return file


def _check(
    source: SourceText, key_node: Node, value_node: Node, key: object, value: object
) -> None:
    if key not in _KEYS:
        message = f"there is no key {key!r} in a pipeline"
        hint = did_you_mean(str(key), _KEYS) or f"there is {', '.join(_KEYS)}"
        raise ProblemFound(source.problem("bad-pipeline", message, place_of(key_node), hint=hint))
    kind, name = _KEYS[str(key)]
    texts = key != "allowed_backends" or all(isinstance(one, str) for one in _listed(value))
    if not isinstance(value, kind) or not texts:
        message = f"{key} must be {name}{'' if texts else ' of texts'}"
        raise ProblemFound(source.problem("bad-pipeline", message, place_of(value_node)))
    if key in ("postprocessing", "finalizers") and value:
        message = f"{key} would change the text of finished queries and is not supported"
        hint = "take it out of this file"
        raise ProblemFound(
            source.problem("pipeline-postprocessing", message, place_of(key_node), hint=hint)
        )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _check_links(source: SourceText, item: Item) -> None:
    """Refuse what pySigma would take for `and` without a word."""
    for kind in KINDS:
        key = f"{kind}_cond_op"
        if item.data.get(key) not in (None, "and", "or"):
            message = f"{key} must be 'and' or 'or'"
            raise ProblemFound(source.problem("bad-pipeline", message, place_of(item.value(key))))
