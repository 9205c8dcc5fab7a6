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

from msgspec import structs

from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.folder import LogSources, Stated, folder
from transpile.targets.plan import LogSource, Plan
from transpile.targets.plans import plan_of
from transpile.targets.sentinel_windows import is_windows, windows_plan
from transpile.targets.target import Target


def mapped(target: Target, paths: Sequence[str]) -> Target:
    """The target with what the files say of its log sources before what it knows itself.

    Raises:
        ProblemFound: `bad-mapping`, at the place in a file that can't be used.
    """
    if not paths or not (target.tables or target.folder):
        return target
    from transpile.targets import mapping_file  # noqa: PLC0415 (only for who has such files)

    files = [mapping_file.read(path, target) for path in paths]
    found = [
        file.log_sources(path, target)
        for path, file in zip(reversed(paths), reversed(files), strict=True)
    ]
    target = replace(target, stated=partial(_stated, found, target.stated))
    if not target.tables:
        return replace(target, plan=cache(partial(_plan_by_names, target, found)))
    tables = dict(target.tables())
    for file in files:
        tables |= file.tables
    comments = any(file.query.comments for file in files)
    columns = any(file.query.columns for file in files)
    plan = cache(partial(_plan, target, tables, found))
    return replace(
        target,
        comments=comments,
        plan=partial(_shown, plan) if columns else plan,
        tables=lambda: tables,
    )


def _plan(
    target: Target, tables: kusto.Schema, found: Sequence[LogSources], source: LogSource
) -> Plan:
    """The plan of the last file that tells of a log source, or the target's own."""
    for one in found:
        entry = one.find(source)
        general = entry or one.find(LogSource(source.product))
        if general is not None and is_windows(general):
            return windows_plan(tables, (general.table,), source)
        if entry is not None:
            return kusto.plan(tables, entry)
    return target.plan(source)


def _stated(
    found: Sequence[LogSources],
    known: Callable[[LogSource], Sequence[Stated]],
    source: LogSource,
) -> Sequence[Stated]:
    """What the last file that tells of a log source says, or what the target knows."""
    for one in found:
        if said := list(one.stated(source)):
            return said
    return known(source)


def _plan_by_names(target: Target, found: Sequence[LogSources], source: LogSource) -> Plan:
    """The plan of the last file that tells of a log source, or the target's own."""
    for one in found:
        if (entry := one.find(source)) is not None:
            known = structs.replace(folder(target.folder).target, missing=_MISSING)
            return plan_of(known, entry, source)
    return target.plan(source)


_MISSING = "{name} is none of the `fields` of this log source in your own file"

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
