"""Records the answers of the published pipelines: `python -m transpile.targets.record`.

A log source or a field that is not recorded is asked for at run time, so nothing depends on how
complete this is but time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sigma.processing.conditions import (
    LogsourceCondition,
    RuleProcessingItemAppliedCondition,
)
from sigma.processing.pipeline import ProcessingPipeline

from transpile.ir.nodes import Equals, Node, NumberEquals, Or
from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets import recorded, registry, splunk
from transpile.targets.published import Published, constant
from transpile.targets.shown import log_sources

_NOBODYS = {
    "plain": ("NobodyNamesThis", "nobody_names_this", "N", "n0body"),
    "dotted": ("nobody.names.this", "Nobody.Names_This"),
    "hyphenated": ("nobody-names-this", "Nobody-n4mes_this"),
}
"""fields that no pipeline names"""


def record() -> dict[str, Any]:
    """The answers of all pipelines that targets use."""
    every = every_published()
    used = {" ".join(one.pipelines): one for one in every}
    mappings = {path: constant(path) for path in splunk.MAPPINGS}
    paths = sorted({*mappings, *(path for one in every for path in one.pipelines)})
    modules = sorted({path.partition(":")[0] for path in paths})
    return {
        "about": "what published pySigma pipelines answer; recorded by transpile.targets.record",
        "digest": recorded.digest(modules),
        "modules": modules,
        "mappings": mappings,
        "answers": {name: _answers(one) for name, one in sorted(used.items())},
    }


def every_published() -> list[Published]:
    """The published pipelines that the modules of the targets hold."""
    for name in registry.MODULES:
        registry.get(name)
    modules = [module for name, module in sys.modules.items() if name.startswith(__package__)]
    return [
        one for module in modules for one in vars(module).values() if isinstance(one, Published)
    ]


def _answers(published: Published) -> dict[str, Any]:
    conditions = list(_conditions(published.pipeline))
    mentioned = sorted(set(_texts(published.pipeline)))
    maps: list[Mapping[str, Any]] = []
    logsources: dict[str, Any] = {}
    templated = _is_templated(published.pipeline)
    sources = _logsources(conditions)
    if templated:  # which puts the log source's own names into the answers
        products = {one.product for one in sources if one.product}
        sources |= {one for one, _ in log_sources() if one.product in products}
    for logsource in sorted(sources, key=_key):
        scope = _scope(published.ask_scope(logsource))
        others = {
            kind: found
            for kind, names in _NOBODYS.items()
            if (found := _others(published, logsource, names)) is not None
        }
        if scope is None:
            continue
        fields = {
            name: names
            for name, names in _names(published, logsource, mentioned).items()
            if not _is_other(name, names, others)
        }
        if fields not in maps:
            maps.append(fields)
        number = maps.index(fields)
        logsources[_key(logsource)] = {"scope": scope, "fields": number, "others": others}
    known = {v for c in conditions for v in (c.product, c.category, c.service) if v is not None}
    return {
        "known": None if templated else sorted(known),
        "logsources": logsources,
        "fields": maps,
    }


def _key(logsource: LogSource) -> str:
    return "|".join(value or "" for value in logsource)


def _names(
    published: Published, logsource: LogSource, fields: list[str]
) -> dict[str, list[str] | None]:
    try:
        found = published.ask_all_names(logsource, fields)
    except Refused:
        if len(fields) == 1:
            return {fields[0]: None}
        half = len(fields) // 2
        first, second = fields[:half], fields[half:]
        return _names(published, logsource, first) | _names(published, logsource, second)
    return {name: list(names) for name, names in found.items()}


def _conditions(pipeline: ProcessingPipeline) -> Iterator[LogsourceCondition]:
    """The conditions on log sources. No other may look at more than a field and its value."""
    for item in pipeline.items:
        for condition in item.rule_conditions or ():
            if isinstance(condition, LogsourceCondition):
                yield condition
            elif not isinstance(condition, RuleProcessingItemAppliedCondition):
                raise TypeError(f"{type(condition).__name__} may look at the whole rule")


def _is_templated(pipeline: ProcessingPipeline) -> bool:
    return any(getattr(item.transformation, "template", False) for item in pipeline.items)


def _logsources(conditions: Iterable[LogsourceCondition]) -> set[LogSource]:
    """The log sources that pipelines tell apart, and those around them."""
    found = {LogSource(c.product, c.category, c.service) for c in conditions}
    products = {one.product for one in found}
    return {
        LogSource(product, category, service)
        for one in found
        for product in products
        for category, service in ((one.category, None), (None, one.service), (None, None))
        if product or category or service
    } | found


def _others(
    published: Published, logsource: LogSource, fields: Iterable[str]
) -> tuple[str, str] | None:
    """What stands before and after fields that no pipeline names; None for no one answer."""
    found = set()
    for field in fields:
        try:
            (name,) = published.ask_names(logsource, field)
        except (Refused, ValueError):
            return None
        before, _, after = name.partition(field)
        found.add((before, after))
    return found.pop() if len(found) == 1 else None


def _is_other(name: str, names: list[str] | None, others: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a field is called as those that no pipeline names, or is none by its looks."""
    for kind, around in others.items():
        if recorded.KINDS[kind].fullmatch(name):
            return names == [name.join(around)]
    return names in [[name.join(around)] for around in others.values()]


def _scope(nodes: Iterable[Node]) -> list[tuple[str, list[Any]]] | None:
    scope = []
    for node in nodes:
        leaves = node.operands if isinstance(node, Or) else (node,)
        values = []
        name = ""
        for leaf in leaves:
            if not isinstance(leaf, (Equals, NumberEquals)):
                return None
            name = leaf.field.name
            values.append(leaf.value if isinstance(leaf, Equals) else leaf.number)
        scope.append((name, values))
    return scope


def _texts(thing: object, seen: set[int] | None = None) -> Iterator[str]:
    """Every text inside an object, whatever it is made of."""
    seen = set() if seen is None else seen
    if isinstance(thing, str):
        yield thing
        return
    if id(thing) in seen or isinstance(thing, type):
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _texts(key, seen)
            yield from _texts(value, seen)
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for value in thing:
            yield from _texts(value, seen)
    elif hasattr(thing, "__dict__"):
        yield from _texts(vars(thing), seen)


def _laid_out(value: object, depth: int = 0) -> str:
    """JSON with a line for each log source and each map of fields."""
    if depth < _LINES and isinstance(value, dict):
        inner = (f"{json.dumps(k)}: {_laid_out(v, depth + 1)}" for k, v in sorted(value.items()))
        return "{\n" + ",\n".join(inner) + "\n}"
    if depth < _LINES and isinstance(value, list):
        return "[\n" + ",\n".join(_laid_out(one, depth + 1) for one in value) + "\n]"
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_LINES = 4
"""levels that are laid out in lines"""


if __name__ == "__main__":
    recorded.FILE.write_text(_laid_out(record()) + "\n", "utf-8")
