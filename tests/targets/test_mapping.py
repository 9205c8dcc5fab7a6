"""A user's own tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.ir.nodes import Equals, Field, Type
from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Expression,
    Extract,
    Joined,
    Literal,
    Member,
)
from transpile.load.files import RuleFile
from transpile.load.problem import ProblemFound
from transpile.load.rules import load_file
from transpile.load.toml_file import TomlFile
from transpile.query import Refused
from transpile.run.convert import Converter
from transpile.targets import computations, mapping, mapping_columns, mapping_file, registry
from transpile.targets.faults import WAYS
from transpile.targets.mapping import mapped
from transpile.targets.model import LogSourceFile, TargetFile
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
[logsource.fields]
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
    assert target.plan(LogSource("windows", "file_event")).table == "Event"


def test_all_windows_events_from_another_table(file: Path) -> None:
    file.write_text('[[logsource]]\nproduct = "windows"\ntable = "WindowsEvent"\n')
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("windows", "file_event")).table == "WindowsEvent"
    assert target.plan(LogSource("windows", None, "security")).table == "WindowsEvent"


def test_any_service_of_a_product(file: Path) -> None:
    file.write_text(
        '[[logsource]]\nproduct = "okta"\nservice = "*"\ntable = "Syslog"\n'
        '[[logsource]]\nproduct = "okta"\nservice = "a"\ntable = "Event"\n'
    )
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("okta", None, "okta")).table == "Syslog"
    assert target.plan(LogSource("okta", None, "a")).table == "Event"


def test_the_last_of_several_files_goes_first(file: Path, tmp_path: Path) -> None:
    file.write_text('[[logsource]]\nproduct = "okta"\ntable = "Syslog"\n')
    other = tmp_path / "other.toml"
    other.write_text('[[logsource]]\nproduct = "okta"\ntable = "Event"\n')
    target = mapped(registry.get("sentinel"), [str(file), str(other)])
    assert target.plan(LogSource("okta")).table == "Event"


def test_what_the_file_does_not_name_stays(file: Path) -> None:
    file.write_text(BITBUCKET)
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("okta", None, "okta")).table == "OktaV2_CL"


def test_what_is_for_tables_is_for_no_other_target(file: Path) -> None:
    file.write_text(BITBUCKET)
    source = LogSource("bitbucket", None, "audit")
    target = mapped(registry.get("splunk"), [str(file)])
    assert target.plan(source) == registry.get("splunk").plan(source)


EVERY_WAY = Path(__file__).parents[1] / "run" / "pipelines" / "tables_every_way.toml"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("time", [Field("TimeGenerated", Type.DATE, "time")]),
        (
            "Host",
            [Field("Json_name", Type.STRING, "Host", Member("Json", ("name",), True), "Json")],
        ),
        ("json.a", [Field("Json_a", Type.STRING, "json.a", Member("Json", ("a",), True), "Json")]),
        ("User", [Field("Data_user", Type.STRING, "User", Member("Data", ("user",)), "Data")]),
        (
            "Ip",
            [
                Field("Data_source", Type.STRING, "Ip", Member("Data", ("source",)), "Data"),
                Field(
                    "Data_destination", Type.STRING, "Ip", Member("Data", ("destination",)), "Data"
                ),
            ],
        ),
        ("Provider", [Field("Provider", Type.STRING, "Provider", Literal("x"))]),
        (
            "Result",
            [
                Field(
                    "Result",
                    Type.STRING,
                    "Result",
                    Cases((Case("Code", Literal("success"), (0,)),), Literal("failure")),
                )
            ],
        ),
        (
            "Path",
            [Field("Path", Type.STRING, "Path", Extract(r"path=(\S*)", Column("Text")))],
        ),
        (
            "Account",
            [
                Field(
                    "Account",
                    Type.STRING,
                    "Account",
                    Joined((Column("Text"), Literal("\\"), Column("Json"))),
                )
            ],
        ),
        ("Lower", [Field("Lower", Type.STRING, "Lower", Expression("tolower(Text)"))]),
        ("exe", [Field("exe", Type.STRING, "exe", Extract(r"exe=(\S*)", Column("Text")))]),
        ("Hash", "the product writes no hashes"),
        ("EXE", "Own_CL has no column for the field EXE"),
    ],
)
def test_every_way_to_have_a_field(field: str, expected: list[Field] | str) -> None:
    target = mapped(registry.get("sentinel"), [str(EVERY_WAY)])
    for product in ("a", "b"):
        plan = target.plan(LogSource(product, "c"))
        if isinstance(expected, str):
            with pytest.raises(Refused, match=expected):
                plan.resolve(field)
        else:
            assert list(plan.resolve(field)) == expected


def test_a_name_is_a_text_in_the_pattern_for_others(file: Path) -> None:
    file.write_text(
        '[[logsource]]\nproduct = "a"\ntable = "Syslog"\n'
        "others = { column = 'SyslogMessage', pattern = '{name}=(.*)' }\n"
    )
    (field,) = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("a")).resolve("a.b")
    assert field.source == Extract(r"a\.b=(.*)", Column("SyslogMessage"))


def test_all_other_names_are_in_an_object(file: Path) -> None:
    file.write_text(
        '[[logsource]]\nproduct = "a"\ntable = "AuditLogs"\n'
        "others = 'AdditionalDetails.data.{name}'\n"
    )
    (field,) = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("a")).resolve("x.y")
    assert field.source == Member("AdditionalDetails", ("data", "x", "y"))


def test_names_that_begin_a_path_go_before_all_others(file: Path) -> None:
    file.write_text(
        '[[logsource]]\nproduct = "a"\ntable = "AuditLogs"\n'
        "inside = 'AdditionalDetails'\nmembers = { who = 'InitiatedBy' }\n"
    )
    (field,) = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("a")).resolve("who.x")
    assert field.source == Member("InitiatedBy", ("x",))


def test_what_a_field_never_holds_in_any_case_of_letters(file: Path) -> None:
    file.write_text(
        '[[logsource]]\nproduct = "a"\ntable = "Syslog"\n'
        "values = { Facility = { Yes = '1' } }\n[logsource.fields]\n"
        "a = { column = 'Facility', cases = { Yes = ['1'] }, closed = 'x',"
        " lacking = { S = 'y' } }\n"
        "b = { name = 'Facility' }\n"
    )
    plan = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("a"))
    told = {
        text: [reason.message for reason in plan.map(Equals(Field("a"), text)).refusals]
        for text in ("YE", "YES", "no")
    }
    assert told == {"YE": [], "YES": ["y"], "no": ["x"]}
    field = Field("Facility", Type.STRING, "b")
    assert plan.map(Equals(Field("b"), "YES")).search.condition == Equals(field, "1")


@pytest.mark.parametrize(
    ("field", "column"), [("a", "SyslogMessage"), ("b", "Facility"), ("c", "ProcessName")]
)
def test_fields_of_the_entry_go_before_those_of_its_sets(
    file: Path, field: str, column: str
) -> None:
    file.write_text(
        "[fieldset.first]\na = 'Facility'\nb = 'Facility'\n"
        "[fieldset.second]\na = 'ProcessName'\nb = 'ProcessName'\nc = 'ProcessName'\n"
        '[[logsource]]\nproduct = "a"\ntable = "Syslog"\ninherits = ["first", "second"]\n'
        "fields = { a = 'SyslogMessage' }\n"
    )
    plan = mapped(registry.get("sentinel"), [str(file)]).plan(LogSource("a"))
    assert [one.name for one in plan.resolve(field)] == [column]


def test_windows_as_the_one_of_a_list(file: Path) -> None:
    file.write_text('[[logsource]]\nproduct = ["windows"]\ntable = "Event"\n')
    target = mapped(registry.get("sentinel"), [str(file)])
    assert target.plan(LogSource("windows", "file_event")).table == "Event"
    assert target.plan(LogSource("windows", "file_event")).scope


DOCS = Path(__file__).parents[2] / "docs" / "sentinel.md"


def test_the_examples_of_the_docs_are_sound(file: Path) -> None:
    text = DOCS.read_text("utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        file.write_text(example)
        mapped(registry.get("sentinel"), [str(file)])


def test_the_docs_name_every_key_and_every_computation() -> None:
    text = DOCS.read_text("utf-8").partition("## How a query is laid out")[0]
    keys = mapping_columns.READ | set(WAYS) | set(mapping_columns._BESIDE)
    computations_told = set(computations.NAMES) - {"separate-hashes"}
    for name in keys | computations_told | set(mapping_file._RENAMED) - {"name"}:
        assert re.search(rf"\b{name}\b", text), name


@pytest.mark.parametrize("folder", ["sentinel", "defender", "asim"])
def test_the_files_of_the_targets_are_sound_by_the_same_rules(folder: str) -> None:
    data = Path(mapping.__file__).with_name("data") / folder
    target = registry.get(folder)
    assert mapping_file.read(str(data / "logsources.toml"), target).logsource
    TomlFile.read(data / "logsources.toml", "bad-mapping").convert(LogSourceFile)
    known = TomlFile.read(data / "target.toml", "bad-mapping").convert(TargetFile)
    for entry in known.target:
        target = registry.get(entry.name)
        assert (target.title, target.dialect, target.about) == (
            entry.title,
            entry.dialect,
            entry.about,
        )
        assert entry.default is (entry.name in registry.DEFAULTS)
    assert [one for one in registry.MODULES if registry.MODULES[one].endswith(folder)] == [
        entry.name for entry in known.target
    ]


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(ProblemFound, match="the file can't be read"):
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
        "Event",
        '| where EventLog =~ "Microsoft-Windows-Sysmon/Operational"',
        "| where EventID == 1",
        r'| extend Image = extract("<Data Name=\"Image\">([^<]*)<", 1, EventData)',
        '| where Image =~ "x"',
        "| project TimeGenerated, Computer, Image, EventID",
    ]
