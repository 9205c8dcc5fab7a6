"""Parts of a user's pipelines and tables that no target of a run heeds.

pySigma's backends read some keys of a pipeline's state (`set_state`); queries here depend on none.
Where the backend of a target's language reads the key, the query would not be the one that its
author means, which is an error. `docs/pipelines.md` tells which these are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from yaml import Node

from transpile.load.hints import did_you_mean
from transpile.load.problem import Problem, Severity
from transpile.load.source import place_of
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.run.pipeline_file import Item, PipelineFile
from transpile.targets import registry

_READ: Mapping[str, tuple[str, ...]] = {
    "kql": ("query_table",),
    "spl": ("data_model_set", "fields"),
    "eql": ("index",),
    "lucene": ("index",),
    "json": ("index",),
}
"""the state that pySigma's backend for a language reads"""

_BACKENDS: Mapping[str, tuple[str, ...]] = {
    "kql": ("kusto", "microsoft365defender"),
    "spl": ("splunk",),
    "eql": ("eql", "elasticsearch"),
    "lucene": ("lucene", "elasticsearch"),
    "json": ("lucene", "elasticsearch"),
}
"""what pySigma's pipelines call the backend for a language"""

_INSTEAD: Mapping[str, str] = {
    "data_model_set": "take it out; -t splunk-cim searches the data model of each log source",
    "fields": "take it out; -t splunk-cim searches the data model of each log source",
    "index": "take it out; queries for Elasticsearch name no index, and `index` in the profile of"
    " an export says where its rules look",
}
_TABLES: Mapping[str, str] = {"SecurityEvent": "sentinel-securityevent", "Event": "sentinel-event"}
"""targets of which another table is the first choice"""

_QUERY_FIELDS = ("add_field", "remove_field", "set_field")
"""transformations of the fields that a rule wants shown, which queries don't depend on"""
_STRIPPED = ("allow_template_vars", "vars_allowed_paths", "allow_external_sources")
"""keys of a transformation that pySigma takes from no file"""
_LINKS = ("rule_cond_op", "rule_cond_not")
"""keys that join the rule_conditions of a transformation"""


def of_pipelines(files: Sequence[PipelineFile], targets: Sequence[str]) -> Iterator[Problem]:
    """Whatever of these pipelines has no effect, or not the one that it must have."""
    every = [item for file in files for item in file.items()]
    for file in files:
        yield from _backends(file, targets)
        yield from _variables(file, every)
        for item in file.items():
            yield from _item(file, item, every, targets)


def _backends(file: PipelineFile, targets: Sequence[str]) -> Iterator[Problem]:
    allowed = file.data.get("allowed_backends")
    others = [
        name for name in targets if not {*_BACKENDS.get(_language(name), ())} & {*(allowed or ())}
    ]
    if allowed and others:
        node = next(value for key, value in file.node.value if key.value == "allowed_backends")
        known = [_BACKENDS.get(_language(name), ())[0] for name in others]
        yield file.source.problem(
            "pipeline-backend",
            f"this pipeline is for {', '.join(allowed)}, not for {', '.join(others)}",
            place_of(node),
            hint="ask with -t for targets that it is for, or add"
            f" {', '.join(dict.fromkeys(known))} where it is for these too",
        )


def _variables(file: PipelineFile, every: Sequence[Item]) -> Iterator[Problem]:
    given = file.data.get("vars") or {}
    users = [item.data for item in every if item.data.get("type") == "value_placeholders"]
    for name, place in zip(given, _keys(file, "vars"), strict=True):
        if not any(_fills(user, name) for user in users):
            yield _no_effect(
                file,
                f"the variable {name!r} is used by no value_placeholders",
                place,
                "take it out, or let a transformation of that type replace the placeholder"
                if users
                else "take it out, or add a transformation of that type",
            )


def _fills(user: Mapping[object, object], name: object) -> bool:
    include, exclude = user.get("include"), user.get("exclude")
    if isinstance(include, list):
        return name in include
    return not isinstance(exclude, list) or name not in exclude


def _keys(file: PipelineFile, name: str) -> Iterator[Node]:
    for key, value in file.node.value:
        if key.value == name:
            yield from (inner for inner, _ in value.value)


def _item(
    file: PipelineFile, item: Item, every: Sequence[Item], targets: Sequence[str]
) -> Iterator[Problem]:
    kind = item.data.get("type")
    if kind == "set_state":
        yield from _state(file, item, every, targets)
    elif kind in _QUERY_FIELDS and not _is_tested(every, "rule_attribute", "attribute", "fields"):
        message = f"{kind} has no effect: a query doesn't depend on the fields that a rule lists"
        yield _no_effect(file, message, item.value("type"), "take it out")
    elif kind == "set_custom_attribute":
        name = item.data.get("attribute")
        if not _is_tested(every, "rule_attribute", "attribute", name):
            message = f"the attribute {name!r} has no effect: no rule_attribute tests it"
            yield _no_effect(file, message, item.value("attribute"), "take it out")
    for key, value in item.data.items():
        if key in _STRIPPED:
            message = f"{key} has no effect in a pipeline file"
            external = key == "allow_external_sources" and value
            hint = (
                "PYSIGMA_ALLOW_EXTERNAL_SOURCES=1 in the environment allows it" if external else ""
            )
            yield _no_effect(file, message, item.value(key), hint or "take it out")
        elif key in _LINKS and value and not item.data.get("rule_conditions"):
            message = f"{key} has no effect without rule_conditions"
            yield _no_effect(file, message, item.value(key), "add rule_conditions, or take it out")


def _state(
    file: PipelineFile, item: Item, every: Sequence[Item], targets: Sequence[str]
) -> Iterator[Problem]:
    key = item.data.get("key")
    place = item.value("key")
    readers = [name for name in targets if key in _READ.get(_language(name), ())]
    if readers:
        yield file.source.problem(
            "pipeline-state",
            f"the state {key!r} says what queries for {', '.join(readers)} are to read, and has no"
            " effect here",
            place_of(place),
            hint=_table_hint(item.data.get("val"), readers)
            if key == "query_table"
            else _INSTEAD[str(key)],
        )
    elif not _is_tested(every, "processing_state", "key", key):
        message = (
            f"the state {key!r} has no effect: no query for {', '.join(targets)} depends on it"
        )
        hint = "take it out"
        if key == "index" and any(_language(name) == "spl" for name in targets):
            hint += "; add_condition with `index` limits a search to an index"
        yield _no_effect(file, message, place, hint)


def _table_hint(table: object, readers: Sequence[str]) -> str:
    hint = f'write [[logsource]] with table = "{table}" into a file of log sources'
    other = _TABLES.get(str(table))
    return f"{hint}, or ask for -t {other}" if other and other not in readers else hint


def _is_tested(every: Iterable[Item], kind: str, key: str, name: object) -> bool:
    return any(
        one.get("type") == kind and one.get(key) == name
        for item in every
        for one in item.conditions()
    )


def _no_effect(file: PipelineFile, message: str, node: Node, hint: str) -> Problem:
    return file.source.problem(
        "pipeline-no-effect", message, place_of(node), hint=hint, severity=Severity.WARNING
    )


def _language(target: str) -> str:
    return registry.ending(target).suffix


def of_tables(file: TomlFile, targets: Sequence[str]) -> Iterator[Problem]:
    """Whatever of a user's file of log sources none of the targets takes."""
    entries = file.document.get("logsource")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        entries = []
    wrong = [
        problem
        for number, entry in enumerate(entries)
        for problem in _wrong_target(file, number, entry)
    ]
    yield from wrong
    if not wrong:
        yield from _left(file, entries, targets)
    tables = file.document.get("tables")
    for name in tables if isinstance(tables, dict) else ():
        if not any(entry.get("table") == name for entry in entries):
            yield _unused(
                file,
                f"no log source of this file is in the table {name}",
                ["tables", name],
                f'write [[logsource]] with table = "{name}"',
            )
    inherited = {name for entry in entries for name in _names(entry.get("inherits"))}
    for name in _names(file.document.get("fieldset")):
        if name not in inherited:
            yield _unused(
                file,
                f"no log source of this file inherits the fields of {name}",
                ["fieldset", name],
                f'write inherits = ["{name}"] into [[logsource]]',
            )


def _names(value: object) -> list[str]:
    """The texts of a list, or the keys of a table."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, (list, dict)) else []


def _named(entry: Mapping[str, object]) -> list[str]:
    """The targets that an entry is for; the empty name stands for all that have tables."""
    named = entry.get("target", "")
    return [named] if isinstance(named, str) else _names(named)


def _left(
    file: TomlFile, entries: Sequence[Mapping[str, object]], targets: Sequence[str]
) -> Iterator[Problem]:
    """The targets that take nothing from a file."""
    named = {name for entry in entries for name in _named(entry)}
    asked = [
        name
        for name in targets
        if not (file.document.get("query") and _language(name) == "kql") or not entries
    ]
    left = [name for name in asked if named.isdisjoint(registry.entries_for(name))]
    never = [name for name in left if not registry.entries_for(name)]
    if never:
        message = f"{', '.join(never)} take{'s' * (len(never) == 1)} nothing from such a file"
        yield _unused(file, message, (), "convert for them without it")
    left = [name for name in left if name not in never]
    if left and entries:
        message = f"no log source of this file is for {', '.join(left)}"
        others = [name for name in left if _language(name) != "kql"]
        hint = "take `target` away where the entry holds for others too"
        if others:
            hint = f'write target = "{others[0]}" into a log source that is for it'
        yield _unused(file, message, ["logsource", 0, "target"], hint)


def _wrong_target(file: TomlFile, number: int, entry: Mapping[str, object]) -> Iterator[Problem]:
    known = dict.fromkeys(
        name for target in registry.names() for name in registry.entries_for(target) if name
    )
    for name in _named(entry):
        if name and name not in known:
            message = f"there is no target {name!r}"
            if registry.is_known(name):
                message = f"{name} takes nothing from such a file"
            hint = did_you_mean(name, known) or f"there is {', '.join(known)}"
            yield file.problem(message, ["logsource", number, "target"], hint=hint)


def _unused(file: TomlFile, message: str, keys: KeyPath, hint: str) -> Problem:
    return file.problem(message, keys, hint=hint, severity=Severity.WARNING, code="unused-tables")
