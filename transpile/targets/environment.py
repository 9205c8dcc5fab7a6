"""What a user's installation has in another place than a target assumes.

- `splunk.index` is the index of every search for events, `splunk.index.windows` that of a product,
  `splunk.index.windows/security` and `splunk.index.windows/process_creation` those of a service and
  a category. Searches of data models name no index.
- `sentinel.windows` is the table that has Windows events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from transpile.ir.nodes import Field, Keyword, Type
from transpile.ir.walk import leaves
from transpile.query import Reason
from transpile.targets import registry
from transpile.targets.plan import LogSource, Plan
from transpile.targets.plans import asked
from transpile.targets.target import Target

Environment: TypeAlias = tuple[tuple[str, str], ...]
"""settings by their names"""

INDEX = "splunk.index"
WINDOWS = "sentinel.windows"
TABLES: Mapping[str, str] = {
    "WindowsEvent": "sentinel",
    "SecurityEvent": "sentinel-securityevent",
    "Event": "sentinel-event",
}
"""tables that may have Windows events, and the target that looks for them there"""


def concerning(environment: Environment, targets: Iterable[str]) -> Environment:
    """The settings that one of these targets heeds."""
    names = set(targets)
    heeded = []
    if any(registry.ending(name).suffix == "spl" for name in names):
        heeded.append(INDEX)
    if "sentinel" in names:
        heeded.append(WINDOWS)
    return tuple(one for one in environment if one[0].startswith(tuple(heeded)))


def settled(target: Target, environment: Environment) -> Target:
    """The target that looks where this installation has events, before files of the user do."""
    settings = dict(environment)
    if target.name == "sentinel" and WINDOWS in settings:
        other = registry.get(TABLES[settings[WINDOWS]])
        return replace(target, plan=other.plan, about=other.about)
    return target


def placed(target: Target, environment: Environment) -> Target:
    """The target in the indexes of this installation, whatever tells of its log sources."""
    settings = dict(environment)
    if target.dialect == "spl" and any(name.startswith(INDEX) for name in settings):
        return replace(target, plan=partial(_in_index, target, settings))
    return target


def _in_index(target: Target, settings: Mapping[str, str], source: LogSource) -> Plan:
    plan = target.plan(source)
    index = next((settings[name] for name in _names(source) if name in settings), None)
    if index is None or plan.table or _names_index(plan):
        return plan
    told = tuple(
        Reason(one.code, one.message.replace("every event", f"every event of the index {index}"))
        for one in plan.approximations
    )
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
