"""What a target makes of log sources and fields, in words, for who checks or extends a mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from transpile.ir.nodes import And, Equals, Exists, Field, Node, NumberEquals, Or
from transpile.query import Refused
from transpile.targets import origins, parsers
from transpile.targets.compiled import decoded
from transpile.targets.plan import LogSource, Plan
from transpile.targets.tables import table
from transpile.targets.target import Target
from transpile.values import dataclass


def log_sources() -> Iterator[tuple[LogSource, list[str]]]:
    """The log sources that Sigma rules use, and the fields that they ask of each."""
    for entry in table("sigma_logsources")["logsource"]:
        source = LogSource(entry.get("product"), entry.get("category"), entry.get("service"))
        yield source, entry["fields"]


def scope_of(plan: Plan) -> str:
    """What narrows a log source, in words that no language owns."""
    return " and ".join(map(_scope, plan.scope))


def _scope(node: Node) -> str:
    if isinstance(node, (And, Or)):
        joined = " and " if isinstance(node, And) else " or "
        return joined.join(map(_scope, node.operands))
    if isinstance(node, Equals):
        return f"{node.field.name} = {node.value}"
    if isinstance(node, NumberEquals):
        return f"{node.field.name} = {node.number}"
    return f"{node.field.name} present" if isinstance(node, Exists) else type(node).__name__


@dataclass(frozen=True)
class Shown:
    """What a field became, and why; `name` is empty where it became nothing.

    `origin` is the file and the line that say so, or the page of the table of which it is a column.
    """

    sigma: str
    name: str
    kind: str
    why: str
    origin: str = ""


def shown(
    target: Target, source: LogSource, plan: Plan, sigma: str, written: Callable[[Field], str]
) -> Shown:
    """What becomes of a rule's field in a log source, of which this is the target's plan.

    `written` gives a field as the target's language does.
    """
    origin = origins.of_field(target.stated(source), sigma)
    if not origin and target.tables:
        origin = page_of(target, plan.table)
    try:
        fields = plan.resolve(sigma)
    except Refused as refused:
        return Shown(sigma, "", "", refused.reason.message, origin)
    names = ", ".join(field.name for field in fields)
    kinds = ", ".join(dict.fromkeys(field.type.value for field in fields))
    why = "; ".join(_why(plan, sigma, field, written(field)) for field in fields)
    return Shown(sigma, names, kinds, why, origin)


def _why(plan: Plan, sigma: str, field: Field, written: str) -> str:
    where = f" of {plan.table}" if plan.table else ""
    if field.computed:
        return f"computed: {' '.join(written.split())}"
    if field.source is not None:
        return f"read from {written}{where}"
    values = plan.values.get(field.name)
    told = f"; {', '.join(f'{k} is {v}' for k, v in values.items())}" if values else ""
    if field.name == sigma:
        return (f"a column{where} has this name" if plan.table else "it keeps its name") + told
    return (f"the column{where} that holds it" if plan.table else "the target's name for it") + told


@dataclass(frozen=True)
class Column:
    """A column of a table: its type and what it means, where that is known."""

    name: str
    kind: str
    meaning: str


def tables_of(target: Target) -> Mapping[str, list[Column]]:
    """The tables that a target's queries may read; empty for languages without tables."""
    if target.tables is None:
        return {}
    meanings = table("kusto_meanings")
    found = {}
    for name, columns in target.tables().items():
        own = {**meanings.get(name, {})}
        if target.name == "defender":
            own |= meanings.get(f"Defender.{name}", {})
        found[name] = [Column(c, columns[c], own.get(c, "")) for c in sorted(columns)]
    return found


def parameters_of(name: str) -> list[tuple[str, str]]:
    """The parameters of a parser that queries give, each with the column that it filters."""
    return [(one, column) for one, (column, _) in parsers.filters(name).items()]


def page_of(target: Target, name: str) -> str:
    """Where a table's columns are documented."""
    if target.name == "defender":
        return f"https://learn.microsoft.com/defender-xdr/advanced-hunting-{name.lower()}-table"
    if parsers.is_parser(name):
        return parsers.page(name)
    if name in decoded("sentinel/custom_tables", dict[str, object]):
        return "https://github.com/Azure/Azure-Sentinel"
    return f"https://learn.microsoft.com/azure/azure-monitor/reference/tables/{name.lower()}"
