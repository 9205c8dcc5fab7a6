"""Microsoft Defender XDR: the tables of advanced hunting, told apart by their ActionTypes.

Log sources are in `data/defender/logsources.toml`.
"""

from __future__ import annotations

from functools import cache

from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.plan import LogSource, Plan


@cache
def schema() -> kusto.Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return kusto.schema("defender/tables")


PRODUCT = "defender"
"""the product of log sources that are tables, by the service: rules in a table's own columns"""


def _plan(_: str, source: LogSource) -> Plan:
    if source.product == PRODUCT:
        return _own_table(source)
    return kusto.plan(
        schema(), kusto.log_source("defender", source, "no table of Microsoft Defender")
    )


def _own_table(source: LogSource) -> Plan:
    names = {name.lower(): name for name in schema()}
    wanted = (source.service or "").lower()
    if source.category or wanted not in names:
        near = kusto.nearest(wanted, names)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise Refused("no-table", f"no table of advanced hunting is the service of {source}{hint}")
    return kusto.own_table(schema(), names[wanted])


TARGETS = kusto.targets("defender", _plan, schema, PRODUCT)
