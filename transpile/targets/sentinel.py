"""Microsoft Sentinel: where each log source's events are in a workspace.

Windows events are in one of three tables (`sentinel_windows`), each a target; the events of other
log sources in the tables of their connectors, as `data/sentinel/logsources.toml` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan
from transpile.targets.sentinel_windows import EVENT, SECURITY_EVENT, WINDOWS_EVENT, windows_plan

_WINDOWS: Mapping[str, str] = {
    "sentinel": WINDOWS_EVENT,
    "sentinel-securityevent": SECURITY_EVENT,
    "sentinel-event": EVENT,
}
"""the table that has a target's Windows events"""


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
