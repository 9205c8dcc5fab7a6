"""The recorded answers of the published pipelines: `data/published.json`.

They count only while the installed packages hold the very modules that gave them. `make tables`
records them anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transpile.ir.nodes import Equals, Field, Node, NumberEquals
from transpile.ir.simplify import any_of
from transpile.load.logsource import LogSource
from transpile.values import dataclass

FILE = Path(__file__).parent / "data" / "published.json"
KINDS = {
    "plain": re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII),
    "dotted": re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+", re.ASCII),
    "hyphenated": re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)+", re.ASCII),
}
"""the names of fields that pipelines may tell apart by how they look"""
_PYSIGMA = ("conditions.py", "modifiers.py", "types.py", "rule/*.py", "processing/**/*.py")


@dataclass(frozen=True)
class _Recorded:
    """What pipelines say of a log source.

    `fields` holds the names of each field that is called otherwise than `others` tells of those
    that no pipeline names; None for one that must be asked for. `others` gives what stands before
    and after such a field, by the kind of its name.
    """

    scope: Sequence[tuple[str, Sequence[Any]]]
    fields: Mapping[str, Sequence[str] | None]
    others: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Answers:
    """What some pipelines said, by log source.

    No pipeline can tell apart two log sources that differ only in names outside of `known`, so one
    that is not recorded counts as the one without them; `known` is None where the names themselves
    get into the answers.
    """

    logsources: Mapping[str, _Recorded] = field(default_factory=dict)
    known: frozenset[str] | None = None

    def scope(self, logsource: LogSource) -> tuple[Node, ...] | None:
        """The conditions of a log source; None where they are not recorded."""
        found = self._find(logsource)
        return None if found is None else tuple(_node(name, of) for name, of in found.scope)

    def names(self, logsource: LogSource, name: str) -> tuple[str, ...] | None:
        """The names of a field; None where they are not recorded."""
        found = self._find(logsource)
        if found is None:
            return None
        if name in found.fields:
            names = found.fields[name]
            return None if names is None else tuple(names)
        for kind, (before, after) in found.others.items():
            if KINDS[kind].fullmatch(name):
                return (f"{before}{name}{after}",)
        return None

    def _find(self, logsource: LogSource) -> _Recorded | None:
        names = [
            value if value and (self.known is None or value in self.known) else ""
            for value in logsource
        ]
        return self.logsources.get("|".join(names))


def answers(pipelines: Sequence[str]) -> Answers:
    """The recorded answers of these pipelines; none where others are installed."""
    found = _content()["answers"].get(" ".join(pipelines))
    if found is None:
        return Answers()
    fields = found["fields"]
    logsources = {
        key: _Recorded(one["scope"], fields[one["fields"]], one["others"])
        for key, one in found["logsources"].items()
    }
    return Answers(logsources, None if found["known"] is None else frozenset(found["known"]))


def mapping(path: str) -> Any:
    """A recorded table of a published module; None where it is not recorded."""
    return _content()["mappings"].get(path)


@cache
def _content() -> Mapping[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_bytes())
    if content["digest"] != digest(content["modules"]):
        return {"answers": {}, "mappings": {}}
    return content


def digest(modules: Iterable[str]) -> str:
    """A digest of the modules of pipelines and of what pySigma makes of them."""
    total = hashlib.sha256()
    for name, path in sorted(_sources(modules)):
        total.update(f"{name}\0".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def _sources(modules: Iterable[str]) -> Iterator[tuple[str, Path]]:
    spec = find_spec("sigma.exceptions")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        for pattern in _PYSIGMA:
            for path in root.glob(pattern):
                yield path.relative_to(root).as_posix(), path
    for module in modules:
        top, *inner = module.split(".")
        found = find_spec(top)  # without the packages in between, which load much
        for folder in (found.submodule_search_locations or ()) if found else ():
            path = Path(folder, *inner).with_suffix(".py")
            if path.is_file():
                yield module, path
                break


def _node(name: str, values: Sequence[Any]) -> Node:
    target = Field(name)
    return any_of(
        Equals(target, value) if isinstance(value, str) else NumberEquals(target, value)
        for value in values
    )
