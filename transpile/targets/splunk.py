"""Splunk: events as the add-ons for Windows and Sysmon write them, and the CIM's data models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from transpile.ir.nodes import (
    AnyLeaf,
    Equals,
    Field,
    Glob,
    Keyword,
    Node,
    NumberEquals,
    Type,
    Wildcard,
)
from transpile.ir.simplify import any_of, map_leaves
from transpile.query import Reason, Refused
from transpile.targets.plan import FieldMap, LogSource, Plan
from transpile.targets.published import REGISTRY_EVENT_TYPES, Published, mapping
from transpile.targets.tables import table
from transpile.targets.target import Target

_TABLE = table("splunk")
_SPLUNK = "sigma.pipelines.splunk.splunk"
_WINDOWS = Published(f"{_SPLUNK}:splunk_windows_pipeline")
_EVENT_TYPES = Published(REGISTRY_EVENT_TYPES)
_CHANNELS = "sigma.pipelines.common:windows_logsource_mapping"
_SYSMON_EVENTS = "sigma.pipelines.sysmon.sysmon:sysmon_generic_logsource_eventid_mapping"
_WINDOWS_EVENTS = "sigma.pipelines.windows.windows:windows_generic_category_channel_mapping"
_MODELS = {
    name: f"{_SPLUNK}:{model['published']}"
    for name, model in _TABLE["cim"].items()
    if "published" in model
}
MAPPINGS = (_CHANNELS, _SYSMON_EVENTS, _WINDOWS_EVENTS, *sorted(set(_MODELS.values())))
"""the tables of published pipelines that are read"""
_ALL_WINDOWS = LogSource("windows")


@cache
def _events(logsource: LogSource) -> Plan:
    """Events of indexes. Only those of Windows are told apart by where they come from."""
    if logsource.product != "windows":
        return Plan(_as_it_is, approximations=(_unmapped(logsource),))
    channels, event_ids = _windows_events(logsource)
    source = Field("source", Type.STRING)
    scope = [any_of(_text(source, _TABLE["windows"]["source"], channel) for channel in channels)]
    if event_ids:
        code = Field("EventCode", Type.STRING)
        scope.append(any_of(NumberEquals(code, event_id) for event_id in event_ids))
    scope += [map_leaves(node, _windows_leaf) for node in _EVENT_TYPES.scope(logsource)]
    return Plan(_windows_field, tuple(scope))


def _windows_leaf(leaf: AnyLeaf) -> Node:
    if isinstance(leaf, Keyword):
        return leaf
    (field,) = _windows_field(leaf.field.name)
    return replace(leaf, field=field)


def _unmapped(logsource: LogSource) -> Reason:
    return Reason(
        "unmapped-logsource",
        f"no published mapping knows this log source ({logsource}); fields keep their Sigma names"
        " and every event is searched",
    )


def _as_it_is(name: str) -> tuple[Field, ...]:
    return (Field(name, Type.STRING),)


@cache
def _windows_field(name: str) -> tuple[Field, ...]:
    renamed: Mapping[str, str] = _TABLE["windows"]["fields"]
    names = (renamed[name],) if name in renamed else _WINDOWS.names(_ALL_WINDOWS, name)
    return tuple(Field(target, Type.STRING, name) for target in names)


def _windows_events(logsource: LogSource) -> tuple[Iterable[str], Iterable[int]]:
    """The channels that hold the events of a log source, and their event ids where it has them.

    Raises:
        Refused: `unmapped-logsource` for events of no known channel.
    """
    category, service = logsource.category, logsource.service
    event_ids: Iterable[int] = ()
    sysmon, windows = mapping(_SYSMON_EVENTS), mapping(_WINDOWS_EVENTS)
    if category in sysmon:
        service = "sysmon"
        event_ids = _listed(sysmon[category])
    elif category in windows:
        known = windows[category]
        service, event_ids = str(known["service"]), _listed(known["EventID"])
    elif category is None and service is None:
        return ("*",), ()
    channels = {**mapping(_CHANNELS), **_TABLE["windows"]["channels"]}
    if service not in channels:
        raise Refused(
            "unmapped-logsource",
            f"no event log of Windows is known for {logsource}; name its channel in the rule's"
            " service",
        )
    return _listed(channels[service]), event_ids


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(field: Field, template: str, value: str) -> Node:
    before, _, after = template.partition("{channel}")
    if value == "*":
        return Glob(field, (before, Wildcard.ANY_RUN))
    return Equals(field, before + value + after)


@cache
def _data_model(logsource: LogSource) -> Plan:
    """Rows of a data model, which holds the events of all products."""
    name = logsource.category or logsource.service or ""
    model: Mapping[str, Any] = _TABLE["cim"].get(name, {})
    if not model or logsource.product not in model.get("products", [None]):
        raise Refused(
            "unmapped-logsource",
            f"no data model of the CIM is mapped for {logsource}; use the target splunk",
        )
    scope = [
        Equals(Field(field, Type.STRING), value) for field, value in model.get("scope", {}).items()
    ]
    return Plan(_cim_fields(name, model), tuple(scope), model["table"], _TABLE["values"])


def _cim_fields(name: str, model: Mapping[str, Any]) -> FieldMap:
    published: Mapping[str, str] = mapping(_MODELS[name]) if name in _MODELS else {}
    names = {**published, **model.get("fields", {})}
    unmapped: Mapping[str, str] = model.get("unmapped", {})

    @cache
    def resolve(name: str) -> tuple[Field, ...]:
        if name in unmapped:
            raise Refused("unmapped-field", f"{name}: {unmapped[name]} in {model['table']}")
        if name not in names:
            raise Refused(
                "unmapped-field",
                f"{name} has no field in the data model {model['table']}; use the target splunk",
            )
        return (Field(names[name], Type.STRING, name),)

    return resolve


TARGETS = {
    target.name: target
    for target in (
        Target(
            "splunk",
            "Splunk",
            "spl",
            "Windows events as XML from Splunk's add-ons, by source and EventCode; for other log"
            " sources fields as the rule names them, in all events",
            _events,
        ),
        Target(
            "splunk-cim",
            "Splunk, CIM data models",
            "spl",
            "tstats over the data models Endpoint, Web and Network Resolution, which hold the"
            " events of all products",
            _data_model,
        ),
    )
}
