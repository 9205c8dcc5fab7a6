"""The Advanced Security Information Model: parsers that give every product's events one shape.

https://learn.microsoft.com/azure/sentinel/normalization
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from transpile.ir.source import Column, Joined, Literal, Source
from transpile.targets import kusto
from transpile.targets.kusto import Computed
from transpile.targets.plan import LogSource, Plan
from transpile.targets.registry_keys import registry_data, registry_path
from transpile.targets.tables import log_source
from transpile.targets.target import Target


@cache
def schema() -> kusto.Schema:
    """What the parsers return: columns and their Kusto types."""
    return kusto.schema("asim_tables")


def _plan(source: LogSource) -> Plan:
    entry = log_source("asim_logsources", source, "no schema of ASIM")
    return kusto.plan(schema(), entry, _COMPUTED)


_COLUMNS = {algorithm: f"TargetProcess{algorithm}" for algorithm in ("MD5", "SHA1", "SHA256")}
_COLUMNS["IMPHASH"] = "TargetProcessIMPHASH"
_HASH = re.compile(f"(?i:({'|'.join(_COLUMNS)})=([0-9A-F]+))")


def _hashes() -> Computed:
    """`MD5=…,SHA1=…,SHA256=…,IMPHASH=…`, as Sysmon writes it."""
    parts: list[Source] = []
    for name, column in _COLUMNS.items():
        parts += [Literal(","), Literal(f"{name}="), Column(column)]
    return Computed(Joined(tuple(parts[1:])), _hashes_written)


def _hashes_written(value: str) -> Mapping[str, object] | None:
    parts = [_HASH.fullmatch(part) for part in value.split(",")]
    if len(parts) != 1 or parts[0] is None:
        return None
    return {_COLUMNS[parts[0][1].upper()]: parts[0][2]}


_COMPUTED: Mapping[str, Computed] = {
    "hashes": _hashes(),
    "registry-path": registry_path("RegistryKey", "RegistryValue"),
    "registry-data": registry_data("RegistryValueType", "RegistryValueData"),
}

TARGETS: Mapping[str, Target] = {
    "asim": Target(
        name="asim",
        title="Microsoft Sentinel, by the Advanced Security Information Model",
        dialect="kql",
        about="the unifying parsers of ASIM (_Im_*), whichever products feed them",
        plan=_plan,
        tables=schema,
    ),
}
