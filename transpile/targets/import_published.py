"""Writes what pySigma's published pipelines say as data files: `make tables`.

The files in `data/published` are those of the installed packages. After an update of one, the
difference shows what changes, to be reviewed before it takes effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

import tomlkit
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.elasticsearch import kubernetes, macos, windows, zeek
from sigma.pipelines.splunk import splunk
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping
from sigma.pipelines.windows.windows import (
    windows_audit_pipeline,
    windows_generic_category_channel_mapping,
)
from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import (
    AddConditionTransformation,
    AddFieldnamePrefixTransformation,
    FieldMappingTransformation,
)

from transpile.targets import compiled

FOLDER = compiled.DATA / "published"
_ELASTIC = "pysigma-backend-elasticsearch"
_SPLUNK = "pysigma-backend-splunk"
_WINDOWS = "pysigma-pipeline-windows"

Entry = dict[str, Any]
"""a log source as the model of the data files has it"""
Fieldsets = Mapping[str, Mapping[str, Any]]


def files() -> Mapping[str, str]:
    """The names of the files, and their texts."""
    return {
        "ecs_kubernetes.toml": _text(
            "ecs_kubernetes", [_ELASTIC], _of_pipeline(kubernetes.ecs_kubernetes())
        ),
        "ecs_macos_esf.toml": _text(
            "ecs_macos_esf", [_ELASTIC], _of_pipeline(macos.ecs_macos_esf())
        ),
        "ecs_windows.toml": _text("ecs_windows", [_ELASTIC, _WINDOWS], _ecs_windows()),
        "ecs_zeek_beats.toml": _text("ecs_zeek_beats", [_ELASTIC], _ecs_zeek_beats()),
        "splunk.toml": _text(
            "splunk_windows_pipeline, splunk_cim_data_model", [_SPLUNK], fieldsets=_splunk()
        ),
        "windows.toml": _text(
            "sysmon_pipeline, windows_logsource_pipeline",
            ["pysigma", "pysigma-pipeline-sysmon", _WINDOWS],
            [*_channels(), *_categories()],
        ),
        "windows_audit.toml": _text(
            "windows_audit_pipeline", [_WINDOWS], fieldsets=_windows_audit()
        ),
    }


# --- Windows ----------------------------------------------------------------------------------


def _channels() -> Iterator[Entry]:
    for service, channels in sorted(windows_logsource_mapping.items()):
        yield {
            "product": "windows",
            "category": "*",
            "service": service,
            "conditions": {"Channel": _listed(channels)},
        }


def _categories() -> Iterator[Entry]:
    known = {
        category: ("sysmon", ids)
        for category, ids in sysmon_generic_logsource_eventid_mapping.items()
    }
    for category, info in windows_generic_category_channel_mapping.items():
        known[category] = (str(info["service"]), info["EventID"])
    for category, (service, ids) in sorted(known.items()):
        channels = _listed(windows_logsource_mapping[service])
        yield {
            "product": "windows",
            "category": category,
            "service": "*",
            "conditions": {"Channel": channels, "EventID": _listed(ids)},
        }


def _windows_audit() -> Fieldsets:
    """The names in event 4688, as which the pipeline takes process creation."""
    return {"process_creation": _item(windows_audit_pipeline(), "windows_audit_fieldmappings")}


# --- Elastic ----------------------------------------------------------------------------------


def _ecs_windows() -> Iterator[Entry]:
    """Fields by category and service. The channel is what the log source of Windows says."""
    pipeline = windows.ecs_windows()
    (prefix,) = _all(pipeline, AddFieldnamePrefixTransformation)
    log_source = {"product": "windows", "category": "*", "service": "*"}
    every: Entry = {
        "fields": _item(pipeline, "ecs_windows_field_mapping"),
        "others": f"{prefix.prefix}{{name}}",
        "paths": "{name}",
    }
    yield log_source | every
    varied: dict[tuple[str, str], dict[str, str]] = {}
    for field, mappings in windows.ecs_windows_variable_mappings.items():
        for key, value, name in mappings:
            varied.setdefault((key, value), {})[field] = name
    for (key, value), fields in sorted(varied.items()):
        one = {key: value}
        if key == "service" and (parts := _categories_of(value)):
            yield log_source | {"category": parts} | every | {"fields": every["fields"] | fields}
        yield log_source | one | every | {"fields": every["fields"] | fields}


def _categories_of(service: str) -> list[str]:
    """The categories that the pipelines before make log sources of a service."""
    known = windows_generic_category_channel_mapping.items()
    return sorted(category for category, info in known if info["service"] == service)


def _ecs_zeek_beats() -> Iterator[Entry]:
    """Names with `zeek.*.` are of the log that the service names."""
    pipeline = zeek.ecs_zeek_beats()
    fields = _item(pipeline, "zeek_ecs_field_mapping")
    known = {
        "fields": {name: _of_service(mapped) for name, mapped in fields.items()},
        "others": "{name}",
    }
    (added,) = _all(pipeline, AddConditionTransformation)
    dataset = {name: [value.replace("$", "{") + "}"] for name, value in added.conditions.items()}
    yield {"product": "zeek", "category": "*", "service": "*", "scope": dataset} | known
    for category, service in sorted(zeek.ecs_zeek_beats_category_service_mapping.items()):
        scope = {
            name: [value.replace("{service}", service) for value in values]
            for name, values in dataset.items()
        }
        for product in ({"product": "zeek"}, {}):
            yield product | {"category": category, "service": "*", "scope": scope} | known


def _of_service(mapped: Any) -> Any:
    names = [name.replace("zeek.*.", "zeek.{service}.") for name in _listed(mapped)]
    return names if isinstance(mapped, list) else names[0]


# --- Splunk -----------------------------------------------------------------------------------


def _splunk() -> Fieldsets:
    """Names in events of Windows, and in the datasets of the data models.

    The pipeline maps fewer log sources to the data models than have their events there.
    """
    return {
        "windows": _item(
            splunk.splunk_windows_pipeline(),  # type: ignore[no-untyped-call]
            "splunk_windows_field_mapping",
        ),
        "processes": splunk.splunk_sysmon_process_creation_cim_mapping,
        "registry": splunk.splunk_windows_registry_cim_mapping,
        "filesystem": splunk.splunk_windows_file_event_cim_mapping,
        "web": splunk.splunk_web_proxy_cim_mapping,
        "dns": splunk.splunk_dns_cim_mapping,
    }


# --- any pipeline -----------------------------------------------------------------------------


def _of_pipeline(pipeline: ProcessingPipeline) -> Iterator[Entry]:
    """What a pipeline says that maps fields and adds conditions by log source alone."""
    fields: dict[str, Any] = {}
    sources: list[Entry] = []
    added: list[tuple[Entry, Entry]] = []
    for item in pipeline.items:
        if isinstance(item.transformation, FieldMappingTransformation):
            fields |= _mapping(item)
            sources += _log_sources(item)
        elif isinstance(item.transformation, AddConditionTransformation):
            scope = {name: _listed(v) for name, v in item.transformation.conditions.items()}
            added += [(source, scope) for source in _log_sources(item)]
    if sources == [{}]:  # of whatever the conditions are
        products = {source["product"] for source, _ in added}
        sources = [{"product": product} for product in sorted(products)]
    known = {"fields": fields, "others": "{name}"}
    for source in sources:
        yield _any(source) | known
    for source, scope in added:
        yield _any(source) | {"scope": scope} | known


def _any(source: Entry) -> Entry:
    return {"product": "*", "category": "*", "service": "*"} | source


def _log_sources(item: ProcessingItem) -> list[Entry]:
    found = []
    for one in item.rule_conditions or ():
        if not isinstance(one, LogsourceCondition):
            raise TypeError(f"{type(one).__name__} looks at more than the log source")
        named = {key: getattr(one, key) for key in ("product", "category", "service")}
        found.append({key: value for key, value in named.items() if value is not None})
    return found or [{}]


def _item(pipeline: ProcessingPipeline, identifier: str) -> dict[str, Any]:
    (found,) = (item for item in pipeline.items if item.identifier == identifier)
    return _mapping(found)


def _mapping(item: ProcessingItem) -> dict[str, Any]:
    if not isinstance(item.transformation, FieldMappingTransformation):
        raise TypeError(f"{item.identifier} maps no fields")
    return {field: to for field, to in item.transformation.mapping.items() if field is not None}


def _all(pipeline: ProcessingPipeline, kind: type[Any]) -> list[Any]:
    """The transformations of a kind, without those of channels of Windows."""
    return [
        item.transformation
        for item in pipeline.items
        if isinstance(item.transformation, kind)
        and not (item.identifier or "").startswith("windows_logsource_")
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- TOML -------------------------------------------------------------------------------------


def _text(
    name: str,
    packages: Iterable[str],
    entries: Iterable[Entry] = (),
    fieldsets: Fieldsets | None = None,
) -> str:
    """A file of log sources. Fields that all of them have are a set that they inherit."""
    entries = sorted(entries, key=_order)
    common = dict(entries[0].get("fields", {})) if len(entries) > 1 else {}
    for entry in entries:
        own = entry.get("fields", {})
        common = {field: to for field, to in common.items() if own.get(field) == to}
    sets = {**({"all": common} if common else {}), **(fieldsets or {})}
    document = {
        "fieldset": {name: _fields(fields) for name, fields in sets.items()},
        "logsource": [_inheriting(entry, common) for entry in entries],
    }
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    header = f"# Written by `make tables`.\n# {name}\n# of {versions}\n\n"
    return header + tomlkit.dumps({key: value for key, value in document.items() if value})


def _order(entry: Entry) -> list[list[str]]:
    return [_listed(entry.get(key, "")) for key in ("product", "category", "service")]


def _inheriting(entry: Entry, common: Mapping[str, Any]) -> Entry:
    if "fields" not in entry:
        return entry
    own = {field: to for field, to in entry["fields"].items() if field not in common}
    rest = {key: value for key, value in entry.items() if key != "fields"}
    inherits = {"inherits": ["all"]} if common else {}
    return inherits | rest | ({"fields": _fields(own)} if own else {})


def _fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: _name(_listed(to)) for field, to in sorted(fields.items())}


def _name(names: list[str]) -> Any:
    if len(names) == 1:
        return names[0]
    table = tomlkit.inline_table()
    table["any"] = names
    return table


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_bytes(text.encode())
    compiled.FILE.write_bytes(compiled.text())
