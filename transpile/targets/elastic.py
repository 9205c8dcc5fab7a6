"""Elasticsearch: Winlogbeat's keyword fields, and Elastic Agent's with subfields in lower case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial

from transpile.ir.nodes import AnyLeaf, Equals, Field, Keyword, Node, SameAs, Type
from transpile.ir.simplify import map_leaves
from transpile.query import Reason, Refused
from transpile.targets.plan import LogSource, Plan
from transpile.targets.published import (
    REGISTRY_EVENT_TYPES,
    SYSMON,
    WINDOWS_LOGSOURCES,
    Published,
)
from transpile.targets.tables import table
from transpile.targets.target import Target

_TABLE = table("elastic")
_SUFFIX: str = _TABLE["caseless"]["suffix"]
_PIPELINES = "sigma.pipelines.elasticsearch"
_WINDOWS = Published(
    REGISTRY_EVENT_TYPES, SYSMON, WINDOWS_LOGSOURCES, f"{_PIPELINES}.windows:ecs_windows"
)
_ZEEK = Published(f"{_PIPELINES}.zeek:ecs_zeek_beats")
_KUBERNETES = Published(f"{_PIPELINES}.kubernetes:ecs_kubernetes")
_MACOS_ESF = Published(f"{_PIPELINES}.macos:ecs_macos_esf")
_ZEEK_CATEGORIES = ("dns", "firewall", "proxy", "webserver")


@cache
def _winlogbeat(logsource: LogSource) -> Plan:
    return _plan(logsource, _winlogbeat_field)


@cache
def _agent(logsource: LogSource) -> Plan:
    return _plan(logsource, _agent_field)


def _plan(logsource: LogSource, typed: Callable[[str, str], Field]) -> Plan:
    published = _published(logsource)
    renamed = _renamed(logsource)

    @cache
    def resolve(name: str) -> tuple[Field, ...]:
        if name in renamed:
            return (typed(renamed[name], name),)
        names = published.names(logsource, name) if published else (name,)
        if logsource.service is not None:
            # Zeek's logs are named after its services.
            names = tuple(n.replace("zeek.*.", f"zeek.{logsource.service}.") for n in names)
        return tuple(typed(target, name) for target in names)

    published_scope = published.scope(logsource) if published else ()
    scope = [map_leaves(node, partial(_of_scope, typed=typed)) for node in published_scope]
    return Plan(
        resolve,
        scope=(*scope, *_host_scope(logsource)),
        values=_TABLE["values"],
        text=Field(_TABLE["text"]["name"], Type(_TABLE["text"]["type"])),
        approximations=() if published or renamed else (_unmapped(logsource),),
        native=_native,
    )


def _published(logsource: LogSource) -> Published | None:
    if logsource.product == "windows":
        return _WINDOWS
    if logsource.product == "kubernetes":
        return _KUBERNETES
    if logsource.product == "macos" and logsource.service == "endpointsecurity":
        return _MACOS_ESF
    if logsource.product == "zeek" or (
        logsource.product is None and logsource.category in _ZEEK_CATEGORIES
    ):
        return _ZEEK
    return None


def _is_host(logsource: LogSource) -> bool:
    return (
        logsource.product in ("linux", "macos")
        and logsource.service is None
        and logsource.category in _TABLE["scope"]
    )


def _renamed(logsource: LogSource) -> Mapping[str, str]:
    fields: Mapping[str, Mapping[str, str]] = _TABLE["fields"]
    if logsource.product == "windows":
        return {**fields["windows"], **fields.get(f"windows {logsource.service}", {})}
    if logsource.product == "zeek":
        return fields["zeek"]
    return fields["host"] if _is_host(logsource) else {}


def _host_scope(logsource: LogSource) -> list[Node]:
    if not _is_host(logsource):
        return []
    values = {"host.os.type": logsource.product, **_TABLE["scope"][logsource.category]}
    return [Equals(Field(name, Type.KEYWORD), value, cased=True) for name, value in values.items()]


def _of_scope(leaf: AnyLeaf, typed: Callable[[str, str], Field]) -> Node:
    """A condition that a pipeline adds; its text stands in documents just as it is written."""
    if isinstance(leaf, (Keyword, SameAs)):
        return leaf
    field = typed(leaf.field.name, "")
    if isinstance(leaf, Equals):
        return replace(leaf, field=field, cased=True)
    return replace(leaf, field=field)


def _winlogbeat_field(name: str, sigma: str) -> Field:
    return _typed(name.removesuffix(_SUFFIX), sigma)


def _agent_field(name: str, sigma: str) -> Field:
    if name.removesuffix(_SUFFIX) in _TABLE["caseless"]["fields"]:
        return Field(name.removesuffix(_SUFFIX) + _SUFFIX, Type.CASELESS, sigma)
    return _typed(name, sigma)


def _typed(name: str, sigma: str) -> Field:
    if "*" in name:
        raise Refused(
            "unmapped-field", f"{sigma} may be one of several fields ({name}); map it to one"
        )
    return Field(name, Type(_TABLE["types"].get(name, Type.KEYWORD.value)), sigma)


def _native(name: str) -> Field:
    """A field that the user's own pipeline named, kept under that name."""
    return Field(name, Type.CASELESS) if name.endswith(_SUFFIX) else _typed(name, "")


def _unmapped(logsource: LogSource) -> Reason:
    return Reason(
        "unmapped-logsource",
        f"no published mapping knows this log source ({logsource}); fields keep their Sigma names",
    )


TARGETS = {
    target.name: target
    for target in (
        Target(
            "elastic-lucene",
            "Elasticsearch, Lucene",
            "lucene",
            "Winlogbeat and ECS fields, all keyword and case-sensitive",
            _winlogbeat,
        ),
        Target(
            "elastic-eql",
            "Elasticsearch, EQL",
            "eql",
            "Winlogbeat and ECS fields, all keyword and case-sensitive",
            _winlogbeat,
        ),
        Target(
            "elastic-dsl",
            "Elasticsearch, Query DSL",
            "dsl",
            "Winlogbeat and ECS fields, all keyword and case-sensitive",
            _winlogbeat,
        ),
        Target(
            "elastic-agent-lucene",
            "Elastic Agent, Lucene",
            "lucene",
            "Elastic Agent's ECS fields, some with .caseless subfields",
            _agent,
        ),
        Target(
            "elastic-agent-eql",
            "Elastic Agent, EQL",
            "eql",
            "Elastic Agent's ECS fields, some with .caseless subfields",
            _agent,
        ),
        Target(
            "elastic-agent-dsl",
            "Elastic Agent, Query DSL",
            "dsl",
            "Elastic Agent's ECS fields, some with .caseless subfields",
            _agent,
        ),
    )
}
