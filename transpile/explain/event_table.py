"""Which events a log source stands for: data, with its sources."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from transpile.ir.nodes import And, Equals, Node, NumberEquals, Or
from transpile.load.logsource import LogSource
from transpile.targets.tables import by_log_source
from transpile.values import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a log source can mean; `id` is empty where its provider numbers none."""

    provider: str
    id: str
    title: str
    channel: str
    source: str
    """where its provider documents it"""


def events(logsource: LogSource, meaning: Node | None) -> list[Event]:
    """The events that a rule can mean: those of its log source, or of them those that it names."""
    entry = _entry(logsource)
    found: dict[Event, None] = {}
    for reference in entry.get("events", ()):
        provider, _, identifiers = reference.partition(" ")
        known = _providers()[provider]
        named = list(_named(meaning, known.get("named-by"))) if known.get("named-by") else []
        wanted: Iterable[str]
        if identifiers:
            wanted = [one for one in identifiers.split() if not named or one in named]
            wanted = wanted or identifiers.split()
        else:
            wanted = named or [""]
        for identifier in wanted:
            found[_event(known, identifier)] = None
    return list(found)


def subject(logsource: LogSource) -> str:
    """What the events of a log source are, in words: `network connections on Windows`."""
    what = _entry(logsource).get("what")
    if what is not None:
        return str(what)
    named = " ".join(part for part in logsource if part is not None)
    return f"events of {named}"


def _event(provider: Mapping[str, Any], identifier: str) -> Event:
    title = provider.get("titles", {}).get(identifier, "")
    if not identifier:
        title = provider.get("title", "")
    source = str(provider["source"]).replace("{id}", identifier)
    return Event(provider["name"], identifier, title, provider.get("channel", ""), source)


def _named(node: Node | None, field: str | None) -> Iterator[str]:
    """The values that the rule asks of the field which names an event, outside of negations."""
    if isinstance(node, (And, Or)):
        for operand in node.operands:
            yield from _named(operand, field)
    elif isinstance(node, Equals) and node.field.name == field:
        yield node.value
    elif isinstance(node, NumberEquals) and node.field.name == field:
        yield str(node.number)


def _entry(logsource: LogSource) -> Mapping[str, Any]:
    entries = _log_sources()
    for candidate in (
        logsource,
        LogSource(logsource.product, logsource.category),
        LogSource(logsource.product, None, logsource.service),
        LogSource(None, logsource.category),
        LogSource(logsource.product),
    ):
        if candidate in entries:
            return entries[candidate]
    return {}


@cache
def _log_sources() -> Mapping[LogSource, Mapping[str, Any]]:
    return by_log_source(_table()["logsource"])


@cache
def _providers() -> Mapping[str, Mapping[str, Any]]:
    providers: Mapping[str, Mapping[str, Any]] = _table()["provider"]
    return providers


@cache
def _table() -> Mapping[str, Any]:
    text = (files("transpile.explain") / "data" / "events.toml").read_text("utf-8")
    return tomllib.loads(text)
