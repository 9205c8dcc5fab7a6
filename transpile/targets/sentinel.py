"""Microsoft Sentinel: where each log source's events are in a workspace.

Windows events are in one of three tables (`sentinel_windows`), each a target; the events of other
log sources in the tables of their connectors, as `data/sentinel_logsources.toml` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan
from transpile.targets.sentinel_windows import EVENT, SECURITY_EVENT, WINDOWS_EVENT, windows_plan
from transpile.targets.tables import log_source
from transpile.targets.target import Target


@cache
def schema() -> kusto.Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return kusto.schema("sentinel_tables", "sentinel_custom_tables")


def _plan(windows: str, source: LogSource) -> Plan:
    if source.product == "windows":
        return windows_plan(schema(), windows, source)
    entry = log_source("sentinel_logsources", source, "no table of Microsoft Sentinel")
    return kusto.plan(schema(), entry)


TARGETS: Mapping[str, Target] = {
    "sentinel": Target(
        name="sentinel",
        title="Microsoft Sentinel",
        dialect="kql",
        about="Windows events in WindowsEvent, other log sources in the tables of their connectors",
        plan=partial(_plan, WINDOWS_EVENT),
        tables=schema,
    ),
    "sentinel-securityevent": Target(
        name="sentinel-securityevent",
        title="Microsoft Sentinel, Windows security events in SecurityEvent",
        dialect="kql",
        about="as sentinel, but Windows security events and process creation in SecurityEvent",
        plan=partial(_plan, SECURITY_EVENT),
        tables=schema,
    ),
    "sentinel-event": Target(
        name="sentinel-event",
        title="Microsoft Sentinel, Windows events in Event",
        dialect="kql",
        about="as sentinel, but Windows events in Event, with their data as XML",
        plan=partial(_plan, EVENT),
        tables=schema,
    ),
}
