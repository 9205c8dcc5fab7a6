"""`targets`: what there is, what a target makes of log sources, and why of a rule's fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transpile.cli import app
from transpile.targets import registry

GOLDEN = Path(__file__).parents[2] / "golden"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["targets", *arguments])
    return result.exit_code, result.output


def test_the_list_names_every_target() -> None:
    code, output = run()
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == list(registry.MODULES)


@pytest.mark.parametrize("name", registry.MODULES)
def test_show_tells_log_sources_of_every_target(name: str) -> None:
    code, output = run("show", name, "--no-tables")
    assert code == 0
    assert "product: windows, category: process_creation\n  in " in output
    assert "  Image -> " in output


def test_show_tells_columns_with_types_meanings_and_their_page() -> None:
    _, output = run("show", "defender")
    assert (
        "DeviceRegistryEvents  https://learn.microsoft.com/defender-xdr/"
        "advanced-hunting-deviceregistryevents-table\n"
        "  product: defender, service: deviceregistryevents\n"
    ) in output
    (line,) = [line for line in output.splitlines() if line.startswith("  PreviousRegistryKey ")]
    assert line.split()[1] == "string"
    assert "registry key" in line


def test_show_tells_by_what_a_parser_filters() -> None:
    _, output = run("show", "asim")
    assert (
        "_Im_Dns  https://learn.microsoft.com/azure/sentinel/normalization-schema-dns\n"
        "  filters DnsQuery by domain_has_any\n"
    ) in output


def test_explain_tells_why(tmp_path: Path) -> None:
    code, output = run("explain", str(GOLDEN / "registry-dword" / "rule.yml"), "-t", "defender")
    assert code == 0
    assert "  in DeviceRegistryEvents where ActionType = RegistryValueSet  [" in output
    assert "  TargetObject -> TargetObject (string): computed: strcat(replace_regex(" in output


@pytest.mark.parametrize("target", registry.MODULES)
def test_explain_tells_where_each_answer_comes_from(target: str) -> None:
    code, output = run("explain", str(GOLDEN / "contains-all" / "rule.yml"), "-t", target)
    assert code == 0
    _, _, _, scope, *fields = output.splitlines()
    assert re.search(r"  \[(published|shared|asim|defender|splunk-cim)/\w+\.toml:\d+|toml:", scope)
    for line in fields:
        assert re.search(r"  \[([\w-]+/\w+\.toml:\d+|https://learn\.microsoft\.com/\S+)\]$", line)


def test_explain_tells_of_a_field_without_a_column_the_nearest_ones() -> None:
    code, output = run("explain", str(GOLDEN / "zeek-http" / "rule.yml"), "-t", "sentinel")
    assert code == 1
    assert "resp_mime_types -> nothing: Corelight_v2_http_CL has no column" in output
    assert "near it: resp_mime_types_s" in output


def test_explain_tells_of_a_log_source_that_is_unknown() -> None:
    code, output = run("explain", str(GOLDEN / "logsource-unknown" / "rule.yml"), "-t", "sentinel")
    assert code == 1
    assert "no table of Microsoft Sentinel is known for" in output


def test_explain_reads_a_users_tables(tmp_path: Path) -> None:
    tables = tmp_path / "tables.toml"
    tables.write_text('[[logsource]]\nproduct = "windows"\ntable = "Event"\n')
    rule = str(GOLDEN / "registry-dword" / "rule.yml")
    code, output = run("explain", rule, "-t", "sentinel", "-p", str(tables))
    assert code == 0
    assert "  in Event where " in output


@pytest.mark.parametrize("arguments", [("show", "nonsense"), ("explain", "x", "-t", "nonsense")])
def test_an_unknown_target_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert "there is no target 'nonsense'" in output.replace("\n", " ")
