"""Microsoft Sentinel: where each log source's events are in a workspace.

Windows events are in three tables (`sentinel_windows`), each of which is a target of its own, too;
the events of other log sources in the tables of their connectors, as
`data/sentinel/logsources.toml` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan
from transpile.targets.sentinel_windows import EVENT, SECURITY_EVENT, WINDOWS_EVENT, windows_plan

_WINDOWS: Mapping[str, Sequence[str]] = {
    "sentinel": (),
    "sentinel-securityevent": (SECURITY_EVENT,),
    "sentinel-event": (EVENT,),
    "sentinel-windowsevent": (WINDOWS_EVENT,),
}
"""the table that has a target's Windows events; none where it depends on their channel"""


@cache
def schema() -> kusto.Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return kusto.schema("sentinel/tables", "sentinel/custom_tables")


def _plan(target: str, source: LogSource) -> Plan:
    if source.product == "windows":
        return windows_plan(schema(), _WINDOWS[target], source)
    return kusto.plan(
        schema(), kusto.log_source("sentinel", source, "no table of Microsoft Sentinel")
    )


TARGETS = kusto.targets("sentinel", _plan, schema)
