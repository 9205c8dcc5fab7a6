"""A user's own tables: TOML files that say where log sources are, in a workspace of their own.

    [tables.BitbucketAudit_CL]          # what the query may read: columns and their Kusto types
    TimeGenerated = "datetime"
    category_s = "string"

    [[logsource]]                       # as transpile/targets/model.py says
    product = "bitbucket"
    service = "audit"
    table = "BitbucketAudit_CL"
    [logsource.fields]
    "auditType.category" = "category_s"

    [[logsource]]                       # Windows events from another of the three tables
    product = "windows"
    category = "process_creation"
    table = "SecurityEvent"

    [query]
    comments = true                     # each query begins with its rule's title and id
    columns = true                      # and ends by the columns that an analyst wants

What such a file says goes before what the target knows by itself. `docs/sentinel.md` explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.folder import LogSources
from transpile.targets.plan import LogSource, Plan
from transpile.targets.sentinel_windows import is_windows, windows_plan
from transpile.targets.target import Target


def mapped(target: Target, paths: Sequence[str]) -> Target:
    """The target with what the files say of its log sources before what it knows itself.

    Raises:
        ProblemFound: `bad-mapping`, at the place in a file that can't be used.
    """
    if target.tables is None or not paths:
        return target
    from transpile.targets import mapping_file  # noqa: PLC0415 (only for who has such files)

    own = target.tables()
    found: list[LogSources] = []
    tables = dict(own)
    comments = columns = False
    for path in paths:
        read = mapping_file.read(path, target.name, own)
        tables |= read.tables
        comments, columns = read.query.comments or comments, read.query.columns or columns
        found.insert(0, read.log_sources(target.name))
    plan = cache(partial(_plan, target, tables, found))
    return replace(target, comments=comments, plan=partial(_shown, plan) if columns else plan)


def _plan(
    target: Target, tables: kusto.Schema, found: Sequence[LogSources], source: LogSource
) -> Plan:
    """The plan of the last file that tells of a log source, or the target's own."""
    for one in found:
        entry = one.find(source) or one.find(LogSource(source.product))
        if entry is not None and is_windows(entry):
            return windows_plan(tables, (entry.table,), source)
        if (entry := one.find(source)) is not None:
            return kusto.plan(tables, entry)
    return target.plan(source)


# What tells when, where, who and from where, in the tables that there are.
_ANALYST = (
    "TimeGenerated",
    "Timestamp",
    "Computer",
    "DeviceId",
    "DeviceName",
    "DvcHostname",
    "AccountName",
    "InitiatingProcessAccountName",
    "ActorUsername",
    "UserPrincipalName",
    "Identity",
    "Caller",
    "SrcIpAddr",
    "IPAddress",
    "CallerIpAddress",
    "SourceIpAddress",
    "ReportId",
)


def _shown(make: Callable[[LogSource], Plan], source: LogSource) -> Plan:
    plan = make(source)
    return replace(plan, columns=tuple(c for c in _ANALYST if _has(plan, c)))


def _has(plan: Plan, column: str) -> bool:
    try:
        return plan.native(column).name == column and not plan.native(column).source
    except Refused:
        return False
