"""Microsoft Defender XDR: the tables of advanced hunting, told apart by their ActionTypes.

Log sources are in `data/defender_logsources.toml`. What a rule finds in one field and the tables
hold in several, or otherwise written, is put together again on the side of the columns: a rule's
values stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from transpile.ir.nodes import Equals, FieldLeaf, Glob, Regex
from transpile.ir.source import Column, Extract, Joined, Literal, Member, UnlessEmpty
from transpile.query import Refused
from transpile.targets import kusto
from transpile.targets.kusto import Computed
from transpile.targets.plan import LogSource, Plan
from transpile.targets.registry_keys import registry_data, registry_path
from transpile.targets.tables import log_source
from transpile.targets.target import Target


@cache
def schema() -> kusto.Schema:
    """Every table that queries may read: its columns and their Kusto types."""
    return kusto.schema("defender_tables")


PRODUCT = "defender"
"""the product of log sources that are tables, by the service: rules in a table's own columns"""


def _plan(source: LogSource) -> Plan:
    if source.product == PRODUCT:
        return _own_table(source)
    entry = log_source("defender_logsources", source, "no table of Microsoft Defender")
    return kusto.plan(schema(), entry, COMPUTED, _refuse)


def _own_table(source: LogSource) -> Plan:
    names = {name.lower(): name for name in schema()}
    wanted = (source.service or "").lower()
    if source.category or wanted not in names:
        near = kusto.nearest(wanted, names)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise Refused("no-table", f"no table of advanced hunting is the service of {source}{hint}")
    return kusto.own_table(schema(), names[wanted])


def _refuse(leaf: FieldLeaf) -> None:
    if leaf.field.sigma_name == "Hashes" and "imphash" in _literal(leaf).lower():
        raise Refused("unmapped-field", "Defender has no column for the IMPHASH", leaf.place)
    if leaf.field.computed and leaf.field.sigma_name == "Status":
        text = _literal(leaf).lower()
        if not any(text in status for status in ("success", "failure")):
            raise Refused(
                "untranslated-value",
                "the ErrorCode tells of a Status no more than Success and Failure",
                leaf.place,
            )


def _literal(leaf: FieldLeaf) -> str:
    if isinstance(leaf, Glob):
        return "".join(part for part in leaf.parts if isinstance(part, str))
    if isinstance(leaf, Equals):
        return leaf.value
    return leaf.pattern if isinstance(leaf, Regex) else ""


# --- accounts and hashes ----------------------------------------------------------------------


def _account(prefix: str) -> Computed:
    """`DOMAIN\\user`, as Sysmon writes it."""
    domain, account = f"{prefix}AccountDomain", f"{prefix}AccountName"

    def written(value: str) -> Mapping[str, object] | None:
        before, backslash, after = value.partition("\\")
        return {domain: before, account: after} if backslash else None

    return Computed(Joined((Column(domain), Literal("\\"), Column(account))), written)


_HASH_COLUMNS = ("MD5", "SHA1", "SHA256")
_HASH = re.compile("(?i:(MD5|SHA1|SHA256)=([0-9A-F]+))")


def _hashes_written(value: str) -> Mapping[str, object] | None:
    parts = [_HASH.fullmatch(part) for part in value.split(",")]
    if not all(parts):
        return None
    found = {part[1].upper(): part[2] for part in parts if part}
    written = _hashes_read(found)
    return found if value.upper() in written.upper() else None


def _hashes_read(columns: Mapping[str, str]) -> str:
    return ",".join(f"{name}={columns.get(name, '')}" for name in _HASH_COLUMNS)


_HASHES = Computed(
    Joined(
        (
            Literal("MD5="),
            Column("MD5"),
            Literal(",SHA1="),
            Column("SHA1"),
            Literal(",SHA256="),
            Column("SHA256"),
        )
    ),
    _hashes_written,
)

# --- addresses --------------------------------------------------------------------------------


def _address_written(value: str) -> Mapping[str, object] | None:
    return {"RemoteIP": "" if value == "-" else value} if value else None


_REMOTE_IP = Computed(UnlessEmpty("RemoteIP", Column("RemoteIP"), Literal("-")), _address_written)
"""as Windows writes it, which has a dash for none"""

# --- pipes ------------------------------------------------------------------------------------

_PIPES = r"\Device\NamedPipe"


def _pipe_written(value: str) -> Mapping[str, object] | None:
    if not value.startswith("\\"):
        return None
    return {"AdditionalFields": kusto.json_text({"PipeName": _PIPES + value})}


_PIPE_NAME = Computed(
    Extract(
        f"(?s)^{re.escape(_PIPES)}(.*)$", Member("AdditionalFields", ("PipeName",), is_text=True)
    ),
    _pipe_written,
)

COMPUTED: Mapping[str, Computed] = {
    "account": _account(""),
    "initiating-account": _account("InitiatingProcess"),
    "hashes": _HASHES,
    "registry-path": registry_path("RegistryKey", "RegistryValueName"),
    "registry-data": registry_data("RegistryValueType", "RegistryValueData"),
    "pipe-name": _PIPE_NAME,
    "remote-ip": _REMOTE_IP,
}
"""the readings that the data file names"""

TARGETS: Mapping[str, Target] = {
    "defender": Target(
        name="defender",
        title="Microsoft Defender XDR",
        dialect="kql",
        about="the tables of advanced hunting: devices, email, identities, cloud apps",
        plan=_plan,
        product=PRODUCT,
        tables=schema,
    ),
}
