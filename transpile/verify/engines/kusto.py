"""KQL queries on rows, executed by DuckDB after duckdb-kql has translated them.

The translation is https://github.com/mmaitre314/duckdb-kql, which was measured against Microsoft's
own emulator. What it has no translation for stands here, by the manual's words:

- `ipv4_is_in_range`, `ipv4_is_match`, `ipv6_is_in_range` and `ipv6_is_match` with literal ranges:
  https://learn.microsoft.com/kusto/query/ipv4-is-in-range-function,
  https://learn.microsoft.com/kusto/query/ipv6-is-match-function (IPv4 is taken as the IPv6 address
  that it is mapped to; null for what is no address);
- `url_decode`: https://learn.microsoft.com/kusto/query/url-decode-function;
- `tohex` with a least length: https://learn.microsoft.com/kusto/query/tohex-function;
- `\\uXXXX` in a string literal: https://learn.microsoft.com/kusto/query/scalar-data-types/string;
- functions of the workspace, as `_Im_Dns()`, which read a table of the rows that they return, and
  filter it by their parameters: those of ASIM's parsers by the operators that their names end in.

A string column that a row leaves out is empty, any other is null:
https://learn.microsoft.com/kusto/query/scalar-data-types/null-values
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from transpile.targets import parsers
from transpile.verify import devices
from transpile.verify.engines.errors import EngineError
from transpile.verify.trial import Trial

Schema = Mapping[str, Mapping[str, str]]

ROW = "Row_"
_TYPES = {
    "string": "VARCHAR",
    "guid": "VARCHAR",
    "int": "BIGINT",
    "long": "BIGINT",
    "real": "DOUBLE",
    "decimal": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
}
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_TO_HEX = "format('{{:0' || {1} || 'x}}', {0})"
_ADDRESS_FUNCTIONS = ("ipv4_is_in_range", "ipv4_is_match", "ipv6_is_in_range", "ipv6_is_match")


class KustoEngine:
    """Runs each query on a table of the rows of its rule alone."""

    def __init__(self, schema: Schema) -> None:
        """Take the tables that there are: {table: {column: Kusto type}}."""
        self._schema = schema
        try:
            import duckdb_kql  # noqa: PLC0415 (extra `verify`)
            from duckdb_kql.translate import functions  # noqa: PLC0415
        except ImportError as error:
            message = "duckdb-kql is not installed: pip install 'sigma-transpile[verify]'"
            raise EngineError(message) from error
        self._kql = duckdb_kql.kql
        connect: Any = duckdb_kql.connect  # the types of DuckDB's enumerations differ by version
        self._connection = connect()
        for name in _ADDRESS_FUNCTIONS:
            self._connection.create_function(
                f"kusto_{name}",
                _in_range_v4 if name.startswith("ipv4") else _in_range_v6,
                ["VARCHAR", "VARCHAR"],
                "BOOLEAN",
                null_handling="special",
            )
            functions.SCALAR_FUNCTIONS[name] = functions.FunctionSpec(
                name, "udf", f"kusto_{name}({{0}}, {{1}})", (2,)
            )
        for table in devices.TABLES.keys() & schema.keys():
            self._fill(table, schema[table], dict(enumerate(devices.TABLES[table])))
        functions.SCALAR_FUNCTIONS["url_decode"] = functions.FunctionSpec(
            "url_decode", "template", "url_decode({0})", (1,)
        )
        functions.SCALAR_FUNCTIONS["tohex"] = functions.FunctionSpec(
            "tohex", "template", _TO_HEX, (2,)
        )

    def run(self, trials: Sequence[Trial]) -> list[frozenset[int] | EngineError]:
        return [self._found(one) for one in trials]

    def _found(self, one: Trial) -> frozenset[int] | EngineError:
        try:
            places = one.tables or (one.plan.table,) * len(one.rows)
            return self.find_in(one.text, [part.table for part in one.plan.parts], places, one.rows)
        except EngineError as error:
            return error

    def find(self, query: str, table: str, rows: Sequence[Mapping[str, object]]) -> frozenset[int]:
        """The positions of the rows of a table that a query finds.

        Raises:
            EngineError: the query can't be executed.
        """
        return self.find_in(query, [table], [table] * len(rows), rows)

    def find_in(
        self,
        query: str,
        tables: Sequence[str],
        places: Sequence[str],
        rows: Sequence[Mapping[str, object]],
    ) -> frozenset[int]:
        """The same of rows in several tables; `places` names the table of each row.

        Raises:
            EngineError: the query can't be executed.
        """
        text = _unescaped(query)
        for table in tables:
            plain = table.partition("(")[0]
            own = {number: row for number, row in enumerate(rows) if places[number] == table}
            self._fill(plain, self._columns(table), own)
            text = _without_call(text, plain)
        text = f"{text}\n| project {ROW}"
        try:
            return frozenset(number for (number,) in self._kql(self._connection, text).fetchall())
        except Exception as error:
            # The errors of DuckDB and of the translation have no common class.
            raise EngineError(f"{type(error).__name__}: {error}") from error

    def _columns(self, table: str) -> Mapping[str, str]:
        """The columns of a table, or of what a function of the workspace returns."""
        if table in self._schema:
            return self._schema[table]
        plain = table.partition("(")[0]
        for name, columns in self._schema.items():
            if name.partition("(")[0] == plain:
                return columns
        raise EngineError(f"there is no table {table}")

    def _fill(
        self, table: str, columns: Mapping[str, str], rows: Mapping[int, Mapping[str, object]]
    ) -> None:
        types = {ROW: "BIGINT"} | {name: _TYPES[kind] for name, kind in columns.items()}
        declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        self._connection.execute(f'CREATE OR REPLACE TABLE "{table}" ({declared})')
        empty = {name: "" for name, kind in columns.items() if kind == "string"}
        filled = [{ROW: number, **empty, **row} for number, row in rows.items()]
        if unknown := {name for row in filled for name in row} - types.keys():
            raise EngineError(f"{table} has no column {', '.join(sorted(unknown))}")
        values = json.dumps(filled, ensure_ascii=False)
        # Elements of an array are read as structs, so that DuckDB takes the rows at once.
        self._connection.execute(
            f'INSERT INTO "{table}" SELECT r.* FROM '  # noqa: S608 (names of our own schema)
            f"(SELECT unnest(from_json(?::JSON, '{json.dumps([types])}')) AS r)",
            [values],
        )


def _without_call(query: str, name: str) -> str:
    """The query on a table of this name, with filters for the arguments if it calls a function."""
    found = re.search(rf"^{re.escape(name)}\((.*?)\)\s*(?=\||\Z)", query, re.DOTALL | re.MULTILINE)
    if found is None:
        return query
    filters = parsers.filters(name)
    steps = [name]
    for parameter, values in re.findall(r"(\w+)=dynamic\(\[(.*?)\]\)", found[1]):
        column, operator = filters[parameter]
        steps.append(f"| where {column} {'in~' if operator == 'in' else operator} ({values})")
    return query[: found.start()] + "\n".join(steps) + "\n" + query[found.end() :]


def _unescaped(query: str) -> str:
    """The query with the characters themselves for `\\uXXXX`, a pair of which may be one."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], query)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _in_range_v4(address: str | None, network: str | None) -> bool | None:
    return _in_range(address, network, versions=(4,))


def _in_range_v6(address: str | None, network: str | None) -> bool | None:
    return _in_range(address, network, versions=(4, 6))


def _in_range(address: str | None, network: str | None, versions: tuple[int, ...]) -> bool | None:
    try:
        inner: Any = ip_address(address or "")
        outer: Any = ip_network(network or "", strict=False)
    except ValueError:
        return None
    if inner.version not in versions or outer.version not in versions:
        return None
    if versions == (4,):
        return inner in outer
    return _mapped(inner) in _mapped_network(outer)


def _mapped(address: Any) -> IPv6Address:
    return IPv6Address(address if address.version == 6 else f"::ffff:{address}")


def _mapped_network(network: Any) -> IPv6Network:
    if network.version == 6:
        return IPv6Network(network)
    return IPv6Network((f"::ffff:{network.network_address}", network.prefixlen + 96))
