"""KQL on rows, by what Microsoft's manual says of operators and functions."""

from __future__ import annotations

import pytest

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.kusto import KustoEngine

SCHEMA = {
    "T": {"Text": "string", "Whole": "int", "Flag": "bool", "Time": "datetime", "Bag": "dynamic"},
    "_Im_Dns": {"DnsQuery": "string"},
}


@pytest.fixture(scope="module")
def engine() -> KustoEngine:
    return KustoEngine(SCHEMA)


ROWS: list[dict[str, object]] = [
    {},
    {"Text": "PowerShell.exe -enc", "Whole": 4688, "Bag": {"Image": "C:\\a.exe", "n": 5}},
    {"Text": "10.1.2.3", "Whole": 0, "Flag": True, "Bag": {"Image": ""}},
    {"Text": "fe80::1", "Time": "2024-03-13T10:20:30Z"},
    {"Text": "::ffff:10.1.2.3"},
    {"Text": "a\nB"},
]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        # https://learn.microsoft.com/kusto/query/datatypes-string-operators
        ('Text contains "SHELL"', {1}),
        ('Text contains_cs "SHELL"', set()),
        ('Text has "powershell"', {1}),
        ('Text has "power"', set()),
        ('Text startswith "POWER" and Text endswith "ENC"', {1}),
        ('Text =~ "FE80::1" or Text in~ ("10.1.2.3")', {2, 3}),
        ('Text == "A\\nB"', set()),
        ('Text matches regex "(?is)^a.b$"', {5}),
        # https://learn.microsoft.com/kusto/query/scalar-data-types/null-values
        ("isempty(Text)", {0}),
        ("isnull(Whole)", {0, 3, 4, 5}),
        ("Whole != 4688", {0, 2, 3, 4, 5}),
        ("not(Whole > 5)", {2}),
        ("not(coalesce(Whole > 5, false))", {0, 2, 3, 4, 5}),
        ("Flag == true", {2}),
        # https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic
        ('tostring(Bag.Image) =~ "c:\\\\A.exe"', {1}),
        ('tostring(Bag["n"]) == "5"', {1}),
        ("isnotnull(Bag.Image)", {1, 2}),
        ("isnotnull(Bag.Image) and isempty(tostring(Bag.Image))", {2}),
        # https://learn.microsoft.com/kusto/query/ipv6-is-match-function
        ('ipv6_is_match(Text, "10.0.0.0/8")', {2, 4}),
        ('ipv6_is_in_range(Text, "fe80::/10")', {3}),
        ('not(coalesce(ipv6_is_in_range(Text, "fe80::/10"), false))', {0, 1, 2, 4, 5}),
        ('not(ipv6_is_in_range(Text, "fe80::/10"))', {2, 4}),
        # https://learn.microsoft.com/kusto/query/ipv4-is-in-range-function
        ('ipv4_is_in_range(Text, "10.0.0.0/8")', {2}),
        ('isnull(ipv4_is_in_range(Text, "fe80::/10"))', {0, 1, 2, 3, 4, 5}),
        # https://learn.microsoft.com/kusto/query/scalar-data-types/string
        (r'Text == "\u0061\n\u0042"', {5}),
        (r'Text == "\\u0061"', set()),
        # https://learn.microsoft.com/kusto/query/tohex-function
        ('tohex(tolong(Whole), 8) == "00001250"', {1}),
        # https://learn.microsoft.com/kusto/query/datetime-part-function
        ('datetime_part("hour", Time) == 10', {3}),
        ("week_of_year(Time) == 11", {3}),
    ],
)
def test_where(engine: KustoEngine, where: str, found: set[int]) -> None:
    assert engine.find(f"T\n| where {where}", "T", ROWS) == found


def test_extend(engine: KustoEngine) -> None:
    query = 'T\n| extend Image = tostring(Bag.Image)\n| where Image endswith ".EXE"'
    assert engine.find(query, "T", ROWS) == {1}


def test_a_function_of_the_workspace(engine: KustoEngine) -> None:
    rows = [{"DnsQuery": "a.example"}, {"DnsQuery": "b.test"}]
    assert engine.find('_Im_Dns()\n| where DnsQuery has "test"', "_Im_Dns", rows) == {1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('_Im_Dns(domain_has_any=dynamic(["test", "local"]))', {1, 2}),
        ('_Im_Dns(\n  domain_has_any=dynamic(["test"])\n)\n| where DnsQuery != ""', {1}),
        ('let a = dynamic(["b.test"]);\n_Im_Dns()\n| where DnsQuery in~ (a)', {1}),
    ],
)
def test_functions_filter_by_their_parameters(
    engine: KustoEngine, query: str, found: set[int]
) -> None:
    rows = [{"DnsQuery": name} for name in ("contest.example", "b.test", "c.local")]
    assert engine.find(query, "_Im_Dns", rows) == found


@pytest.mark.parametrize("query", ["T\n| where Nothing == 1", "T\n| where nosuch(Text)", "T | |"])
def test_what_can_not_be_executed_is_an_error(engine: KustoEngine, query: str) -> None:
    with pytest.raises(EngineError):
        engine.find(query, "T", ROWS)


def test_a_row_with_an_unknown_column_is_an_error(engine: KustoEngine) -> None:
    with pytest.raises(EngineError, match="T has no column Nothing"):
        engine.find("T", "T", [{"Nothing": 1}])
