"""What a user's installation has in another place than a target assumes.

- `splunk.index` is the index of every search for events, or a search macro between backticks;
  `splunk.index.windows` is that of a product, `splunk.index.windows/security` and
  `splunk.index.windows/process_creation` are those of a service and a category. Searches of data
  models name no index.
- `splunk.summariesonly` is `true` where searches of data models pass over what is not summarised.
- `sentinel.windows` is the table that has Windows events, or several with commas between them;
  `sentinel.windows.process_creation` is that of a category, `sentinel.windows.security` that of a
  service and of all that is in its channel, `sentinel.windows.Security` that of a channel, and
  `sentinel.windows.*` that of all others.
- `elastic.windows` is `event_data` where no ingest pipeline takes Windows events apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from transpile.ir.nodes import Field, Keyword, Type
from transpile.ir.walk import leaves
from transpile.query import Reason
from transpile.targets import registry
from transpile.targets.folder import Stated, folder, windows_conditions
from transpile.targets.plan import LogSource, Plan
from transpile.targets.plans import asked, plan
from transpile.targets.target import Target

Environment: TypeAlias = tuple[tuple[str, str], ...]
"""settings by their names"""

INDEX = "splunk.index"
SUMMARIES = "splunk.summariesonly"
MACRO = "`"
"""what stands around the name of a search macro, in the place of an index"""
WINDOWS = "sentinel.windows"
ELASTIC = "elastic.windows"
RAW = "event_data"
"""where Elastic's documents have the data of Windows events that no ingest pipeline takes apart"""
TABLES: Mapping[str, str] = {
    "SecurityEvent": "sentinel-securityevent",
    "Event": "sentinel-event",
    "WindowsEvent": "sentinel-windowsevent",
}
"""tables that may have Windows events, and the target that looks for them there"""
OTHERS = "*"
"""all log sources of Windows that no other key is for"""


def concerning(environment: Environment, targets: Iterable[str]) -> Environment:
    """The settings that one of these targets heeds."""
    names = set(targets)
    heeded = []
    if any(registry.ending(name).suffix == "spl" for name in names):
        heeded += [INDEX, SUMMARIES]
    if "sentinel" in names:
        heeded.append(WINDOWS)
    if any(registry.folder_of(name) in _OF_ELASTIC for name in names):
        heeded.append(ELASTIC)
    return tuple(one for one in environment if one[0].startswith(tuple(heeded)))


def settled(target: Target, environment: Environment) -> Target:
    """The target that looks where this installation has events, before files of the user do."""
    settings = dict(environment)
    if target.name == "sentinel" and any(name.startswith(WINDOWS) for name in settings):
        tables = {
            name.removeprefix(WINDOWS).lstrip("."): one.split(",")
            for name, one in settings.items()
            if name.startswith(WINDOWS)
        }
        return replace(target, plan=partial(_windows_in, target, tables))
    if target.folder in _OF_ELASTIC and settings.get(ELASTIC) == RAW:
        return replace(target, plan=partial(_raw, target), stated=partial(_stated_raw, target))
    return target


_OF_ELASTIC = ("elastic", "elastic-agent")


def _raw(target: Target, source: LogSource) -> Plan:
    return plan("elastic-raw", source) if source.product == "windows" else target.plan(source)


def _stated_raw(target: Target, source: LogSource) -> Sequence[Stated]:
    if source.product == "windows":
        return folder("elastic-raw").stated(source)
    return target.stated(source)


def placed(target: Target, environment: Environment) -> Target:
    """The target in the indexes and summaries of this installation."""
    settings = dict(environment)
    if target.dialect == "spl" and settings.get(SUMMARIES) == "true":
        target = replace(target, plan=partial(_summarised, target))
    if target.dialect == "spl" and any(name.startswith(INDEX) for name in settings):
        target = replace(target, plan=partial(_in_index, target, settings))
    return target


def _summarised(target: Target, source: LogSource) -> Plan:
    plan = target.plan(source)
    if not plan.table:
        return plan
    told = Reason("events-left-out", f"only what {plan.table} has summarised already is searched")
    return replace(plan, summarised=True, approximations=(*plan.approximations, told))


def _windows_in(target: Target, tables: Mapping[str, Sequence[str]], source: LogSource) -> Plan:
    if source.product != "windows" or target.tables is None:
        return target.plan(source)
    from transpile.targets.sentinel_windows import (  # noqa: PLC0415 (of one target)
        EVENT,
        SECURITY_EVENT,
        windows_plan,
    )

    rest = tables.get("") or tables.get(OTHERS)
    if source != LogSource("windows"):
        own = _tables_of(source, tables)
        if own is None and rest and len(rest) > 1 and source.category == "process_creation":
            # Sysmon's events are meant; the Security log's only where it is named for them alone.
            own = [name for name in rest if name != SECURITY_EVENT]
        return windows_plan(target.tables(), own or rest or (), source)
    every = [*(name for names in tables.values() for name in names)]
    every += [] if rest else [SECURITY_EVENT, EVENT]
    return windows_plan(target.tables(), tuple(dict.fromkeys(every)), source)


def _tables_of(source: LogSource, tables: Mapping[str, Sequence[str]]) -> Sequence[str] | None:
    """The tables of a log source by its name, or else by the channel that it is in."""
    for name in (source.service, source.category):
        if name is not None and name in tables:
            return tables[name]
    channels = set(_channels(source))
    for key, names in tables.items():
        if channels and channels <= {key, *_channels(LogSource("windows", None, key))}:
            return names
    return None


def _channels(source: LogSource) -> Iterable[str | int]:
    return windows_conditions(source).get("Channel", ())


def _in_index(target: Target, settings: Mapping[str, str], source: LogSource) -> Plan:
    plan = target.plan(source)
    index = next((settings[name] for name in _names(source) if name in settings), None)
    if index is None or plan.table or _names_index(plan):
        return plan
    macro = index.strip(MACRO) if index.startswith(MACRO) else ""
    named = f"every event of the macro {macro}" if macro else f"every event of the index {index}"
    told = tuple(
        Reason(one.code, one.message.replace("every event", named)) for one in plan.approximations
    )
    if macro:
        return replace(plan, macro=macro, approximations=told)
    return replace(
        plan, scope=(asked(Field("index", Type.STRING), index), *plan.scope), approximations=told
    )


def _names_index(plan: Plan) -> bool:
    """Whether a user's own file tells the index of a log source."""
    asked = (leaf for node in plan.scope for leaf in leaves(node))
    return any(not isinstance(leaf, Keyword) and leaf.field.name == "index" for leaf in asked)


def _names(source: LogSource) -> Iterable[str]:
    """The settings for a log source, the one that counts first."""
    if source.product is not None:
        for part in (source.service, source.category):
            if part is not None:
                yield f"{INDEX}.{source.product}/{part}"
        yield f"{INDEX}.{source.product}"
    yield INDEX
