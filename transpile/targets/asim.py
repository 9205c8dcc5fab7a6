"""The Advanced Security Information Model: parsers that give every product's events one shape.

Log sources are in `data/asim/logsources.toml`.
"""

from __future__ import annotations

from functools import cache

from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan


@cache
def schema() -> kusto.Schema:
    """What the parsers return: columns and their Kusto types."""
    return kusto.schema("asim/tables")


def _plan(_: str, source: LogSource) -> Plan:
    return kusto.plan(schema(), kusto.log_source("asim", source, "no schema of ASIM"))


TARGETS = kusto.targets("asim", _plan, schema)
