"""A user's own tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.ir.source import Member
from transpile.load.files import RuleFile
from transpile.load.problem import ProblemFound
from transpile.load.rules import load_file
from transpile.run.convert import Converter
from transpile.targets import mapping, registry
from transpile.targets.mapping import mapped
from transpile.targets.plan import LogSource

BITBUCKET = """\
[tables.BitbucketAudit_CL]
TimeGenerated = "datetime"
category_s = "string"
Details = "dynamic"

[[logsource]]
product = "bitbucket"
service = "audit"
table = "BitbucketAudit_CL"
scope = { category_s = ["Projects"] }
[logsource.columns]
"auditType.category" = "category_s"
"auditType.action" = "Details.action"

[[logsource]]
product = "windows"
category = "process_creation"
table = "SecurityEvent"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tables.toml"


def test_a_table_of_ones_own(file: Path) -> None:
    file.write_text(BITBUCKET)
    plan = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("bitbucket", None, "audit"))
    assert plan.table == "BitbucketAudit_CL"
    assert [f.name for f in plan.resolve("auditType.category")] == ["category_s"]
    assert [f.source for f in plan.resolve("auditType.action")] == [Member("Details", ("action",))]
    assert len(plan.scope) == 1


def test_windows_events_from_another_table(file: Path) -> None:
    file.write_text(BITBUCKET)
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("windows", "process_creation")).table == "SecurityEvent"
    assert target.plan(LogSource("windows", "file_event")).table == "WindowsEvent"


def test_all_windows_events_from_another_table(file: Path) -> None:
    file.write_text('[[logsource]]\nproduct = "windows"\ntable = "Event"\n')
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("windows", "file_event")).table == "Event"


def test_what_the_file_does_not_name_stays(file: Path) -> None:
    file.write_text(BITBUCKET)
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("okta", None, "okta")).table == "OktaV2_CL"


def test_other_languages_have_no_tables(file: Path) -> None:
    file.write_text(BITBUCKET)
    assert mapped(registry.get("splunk"), [str(file)]) is registry.get("splunk")


HEAD = '[[logsource]]\nproduct = "a"\n'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[tables.T_CL]\nok = 'string'\na = 'text'\n", 3, "T_CL.a has the type 'text'"),
        ("[tables]\nT_CL = 5\n", 2, "T_CL is a table of columns"),
        (HEAD + 'table = "Sysloog"\n', 3, "there is no table Sysloog"),
        (HEAD + 'table = "Syslog"\nfieds = 1\n', 4, "'fieds' is no key of a log source"),
        (HEAD + "table = 5\n", 3, "'table' must be a text"),
        (HEAD, 1, "the log source has no 'table'"),
        (
            HEAD + 'table = "Syslog"\n[logsource.columns]\nx = "Message"\n',
            5,
            "Syslog has no column Message; near it: SyslogMessage",
        ),
        (
            HEAD + 'table = "Syslog"\n[logsource.extracts]\n'
            "x = { column = 'SyslogMessage', pattern = 'a' }\n",
            5,
            "the extract of x needs a pattern with one group",
        ),
        (
            HEAD + 'table = "Syslog"\n[logsource.cases]\n'
            "x = { column = 'Facility', values = { a = ['b'] }, otherwse = 'c' }\n",
            5,
            "'otherwse' is no key of cases; near it: otherwise",
        ),
        (
            HEAD + 'table = "Syslog"\n[logsource.cases]\nx = { column = "Facility" }\n',
            5,
            "the case of x needs lists of values",
        ),
        (
            HEAD + "table = \"Syslog\"\neach = { column = 'SyslogMessage', pattern = '(a)' }\n",
            4,
            "'each' needs a pattern of 'names'",
        ),
        (
            HEAD + "table = \"Syslog\"\neach = { column = 'x', pattern = '(a)', names = 'a' }\n",
            4,
            "Syslog has no column x",
        ),
        (
            HEAD + 'table = "Syslog"\nscope = { Facility = "auth" }\n',
            4,
            "Facility in 'scope' must be a list of values",
        ),
        (
            HEAD + 'table = "Syslog"\n[logsource.constants]\nx = 5\n',
            5,
            "x in 'constants' must be a text",
        ),
        (
            HEAD + 'table = "Syslog"\n[logsource.values]\nx = { a = 5 }\n',
            5,
            "x in 'values' must be a table of texts",
        ),
        ("[other]\n", 1, "'other' is no key"),
        ("[query]\ncomments = 'yes'\n", 2, "'query' has the keys"),
        ("a = \n", 1, "it is no TOML"),
    ],
)
def test_faults_are_located(file: Path, text: str, line: int, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ProblemFound) as found:
        mapped(registry.get("sentinel"), [str(file)])
    problem = found.value.problem
    assert (problem.code, problem.line) == ("bad-mapping", line)
    assert problem.message.startswith(message)


def test_the_keys_are_those_that_the_data_file_tells() -> None:
    header = Path(mapping.__file__).with_name("data") / "sentinel_logsources.toml"
    told: dict[str, list[str]] = {}
    for line in header.read_text("utf-8").partition("[[")[0].splitlines():
        if key := re.match(r"#   (\w+)", line):
            told[key[1]] = []
        elif inner := re.match(r"#     (\w+)", line):
            list(told.values())[-1].append(inner[1])
    assert set(told) == set(mapping._KEYS)
    told["each"] += told["extracts"]
    assert {key: inner for key, inner in told.items() if inner} == {
        key: list(inner) for key, inner in mapping._INNER.items()
    }


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(ProblemFound, match="it can't be read"):
        mapped(registry.get("sentinel"), [str(file)])


def test_comments_and_columns_on_request(file: Path, tmp_path: Path) -> None:
    file.write_text("[query]\ncomments = true\ncolumns = true\n")
    rule = tmp_path / "rule.yml"
    rule.write_text(
        "title: A rule\nid: 3d2f1ab1-31f4-4b7b-94a3-1ba6c4e93a8e\n"
        "logsource: {product: windows, category: process_creation}\n"
        "detection: {s: {Image: x, EventID: 1}, condition: s}\n"
    )
    (found,) = [c for one in load_file(RuleFile(str(rule), str(rule))) for c in [one]]
    query = Converter(["sentinel"], [str(file)]).convert(found).queries[0]
    assert str(query.text).split("\n") == [
        "// A rule",
        "// 3d2f1ab1-31f4-4b7b-94a3-1ba6c4e93a8e",
        "WindowsEvent",
        '| where Channel =~ "Microsoft-Windows-Sysmon/Operational"',
        "| where EventID == 1",
        "| extend Image = tostring(EventData.Image)",
        '| where Image =~ "x"',
        "| project TimeGenerated, Computer, Image, EventID",
    ]
