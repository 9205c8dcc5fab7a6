"""Where Microsoft Sentinel keeps the events of log sources."""

from __future__ import annotations

import pytest
from sigma.rule import SigmaRule

from backends.kql import Kql
from transpile.ir.lower import lower
from transpile.ir.nodes import Type
from transpile.ir.source import Member
from transpile.query import Refused
from transpile.targets.plan import LogSource
from transpile.targets.sentinel import TARGETS, schema


def rule(logsource: str, detection: str, condition: str = "s") -> str:
    return (
        f"title: t\nlogsource: {{{logsource}}}\n"
        f"detection: {{s: {detection}, condition: {condition}}}\n"
    )


def lines(text: str, target: str = "sentinel") -> list[str]:
    """The lines of the query; a refusal is its one line, by its code."""
    sigma = SigmaRule.from_yaml(text)
    source = sigma.logsource
    plan = TARGETS[target].plan(LogSource(source.product, source.category, source.service))
    mapped = plan.map(lower(sigma))
    if mapped.refusals:
        return [mapped.refusals[0].code]
    written = Kql().write(mapped.search)
    return written.text.split("\n") if written.text else [written.refusals[0].code]


def approximations(text: str) -> list[str]:
    sigma = SigmaRule.from_yaml(text)
    source = sigma.logsource
    plan = TARGETS["sentinel"].plan(LogSource(source.product, source.category, source.service))
    mapped = plan.map(lower(sigma))
    return [reason.code for reason in mapped.approximations]


SYSMON = 'Channel =~ "Microsoft-Windows-Sysmon/Operational"'
POWERSHELL = (
    'Channel in~ ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")'
)


@pytest.mark.parametrize(
    ("logsource", "scope"),
    [
        ("product: windows, category: process_creation", f"{SYSMON} and EventID == 1"),
        ("product: windows, category: file_event", f"{SYSMON} and EventID == 11"),
        ("product: windows, category: registry_set", f"{SYSMON} and EventID == 13"),
        (
            "product: windows, category: registry_event",
            f"{SYSMON} and EventID in (12, 13, 14)",
        ),
        ("product: windows, category: pipe_created", f"{SYSMON} and EventID in (17, 18)"),
        ("product: windows, service: sysmon", SYSMON),
        ("product: windows, service: security", 'Channel =~ "Security"'),
        (
            "product: windows, category: ps_classic_start",
            'Channel =~ "Windows PowerShell" and EventID == 400',
        ),
        ("product: windows, service: powershell", POWERSHELL),
        (
            "product: windows, service: iis-configuration",
            'Channel =~ "Microsoft-IIS-Configuration/Operational"',
        ),
    ],
)
def test_windows_scope(logsource: str, scope: str) -> None:
    assert lines(rule(logsource, "{Image: x}"))[:3] == [
        "WindowsEvent",
        f"| where {scope}",
        "| extend Image = tostring(EventData.Image)",
    ]


def test_a_scope_over_two_channels_is_broken_into_lines() -> None:
    logsource = "product: windows, category: ps_script"
    assert lines(rule(logsource, "{ScriptBlockText: x}"))[1:3] == [
        f"| where {POWERSHELL}",
        "  and EventID == 4104",
    ]


def test_windows_without_a_category_or_service_is_all_of_the_table() -> None:
    assert lines(rule("product: windows", "{EventID: 7}")) == [
        "WindowsEvent",
        "| where EventID == 7",
    ]


@pytest.mark.parametrize(
    "logsource",
    [
        "product: windows, category: file_access",
        "product: windows, category: file_rename",
        "product: windows, service: unheard-of",
        "product: bitbucket, service: audit",
        "product: azure, service: pim",
        "category: nonsense",
    ],
)
def test_no_table(logsource: str) -> None:
    with pytest.raises(Refused) as refused:
        lines(rule(logsource, "{a: b}"))
    assert refused.value.reason.code == "no-table"
    assert logsource.rsplit(": ", maxsplit=1)[-1] in refused.value.reason.message


@pytest.mark.parametrize(
    ("detection", "last"),
    [
        ("{EventID: '4624'}", "| where EventID == 4624"),
        ("{Provider_Name: x}", '| where Provider =~ "x"'),
        ("{Level: 2}", "| where EventLevel == 2"),
        ("{Computer|startswith: x}", '| where Computer startswith "x"'),
    ],
)
def test_system_fields_are_columns(detection: str, last: str) -> None:
    assert lines(rule("product: windows, service: security", detection))[2:] == [last]


@pytest.mark.parametrize(
    ("field", "extend"),
    [
        ("Image", "Image = tostring(EventData.Image)"),
        ("Threat Name", "['Threat Name'] = tostring(EventData[\"Threat Name\"])"),
        ("param1", "['param1'] = tostring(EventData[\"param1\"])"),
        # the table has a column of this name
        ("Version", "EventData_Version = tostring(EventData.Version)"),
        ("Type", "EventData_Type = tostring(EventData.Type)"),
        ("EventData", "EventData_EventData = tostring(EventData.EventData)"),
    ],
)
def test_event_data(field: str, extend: str) -> None:
    text = rule("product: windows, service: system", f"{{{field}: x}}")
    assert lines(text)[2] == f"| extend {extend}"


@pytest.mark.parametrize("field", ["x'] or true //", 'x"]', "a\\nb", "__x__", "ünter"])
def test_a_name_that_no_column_can_have_is_refused(field: str) -> None:
    sigma = SigmaRule.from_dict(
        {
            "title": "t",
            "logsource": {"product": "windows", "service": "system"},
            "detection": {"s": {field: "x"}, "condition": "s"},
        }
    )
    plan = TARGETS["sentinel"].plan(LogSource("windows", None, "system"))
    assert [reason.code for reason in plan.map(lower(sigma)).refusals] == ["unmapped-field"]


def test_windows_keywords_are_sought_in_the_event_data() -> None:
    text = rule("product: windows, service: application", r"['a\b']")
    assert lines(text)[2:] == [r'| where tostring(EventData) contains "a\\\\b"']
    assert approximations(text) == ["keyword-field"]


@pytest.mark.parametrize(
    ("logsource", "detection", "expected"),
    [
        (
            "product: linux, category: process_creation",
            "{Image|endswith: /wget}",
            [
                "DeviceProcessEvents",
                '| where ActionType =~ "ProcessCreated"',
                '| where FolderPath has "wget"',
                '| where FolderPath endswith "/wget"',
            ],
        ),
        (
            "product: macos, category: file_event",
            "{TargetFilename|startswith: /tmp/}",
            [
                "DeviceFileEvents",
                '| where ActionType =~ "FileCreated"',
                '| where FolderPath has "tmp"',
                '| where FolderPath startswith "/tmp/"',
            ],
        ),
        (
            "product: aws, service: cloudtrail",
            "{requestParameters.attribute: userData}",
            [
                "AWSCloudTrail",
                '| where RequestParameters has "userdata"',
                "| extend RequestParameters_attribute = "
                'tostring(parse_json(RequestParameters)["attribute"])',
                '| where RequestParameters_attribute =~ "userData"',
            ],
        ),
        (
            "product: aws, service: cloudtrail",
            "{userIdentity.type: Root}",
            ["AWSCloudTrail", '| where UserIdentityType =~ "Root"'],
        ),
        (
            "product: azure, service: signinlogs",
            "{Status: Success}",
            [
                "SigninLogs",
                '| extend Status_text = case(ResultType =~ "0", "Success", "Failure")',
                '| where Status_text =~ "Success"',
            ],
        ),
        (
            "product: azure, service: signinlogs",
            "{DeviceDetail.deviceId: x}",
            [
                "SigninLogs",
                '| extend DeviceDetail_deviceId = tostring(DeviceDetail["deviceId"])',
                '| where DeviceDetail_deviceId =~ "x"',
            ],
        ),
        (
            "product: azure, service: activitylogs",
            "{operationName: x}",
            ["AzureActivity", '| where OperationNameValue =~ "x"'],
        ),
        (
            "product: azure, service: riskdetection",
            "{riskEventType: x}",
            ["AADUserRiskEvents", '| where RiskEventType =~ "x"'],
        ),
        (
            "product: linux, service: sshd",
            "[x]",
            ["Syslog", '| where ProcessName =~ "sshd"', '| where SyslogMessage contains "x"'],
        ),
        (
            "category: proxy",
            "{c-uri|contains: x, dst_port: 80}",
            [
                "_Im_WebSession()",
                '| where EventType =~ "HTTPsession"',
                '| where Url contains "x"',
                "| where DstPortNumber == 80",
            ],
        ),
        (
            "product: kubernetes, service: audit",
            "{verb: create, objectRef.resource: pods}",
            [
                "AKSAudit",
                '| where ObjectRef has "pods"',
                '| where Verb =~ "create"',
                '| extend ObjectRef_resource = tostring(ObjectRef["resource"])',
                '| where ObjectRef_resource =~ "pods"',
            ],
        ),
        ("category: dns", "{query: x}", ["_Im_Dns()", '| where DnsQuery =~ "x"']),
        (
            "product: m365, service: audit",
            "{Operation: x, Workload: y}",
            ["OfficeActivity", '| where Operation =~ "x"', '| where OfficeWorkload =~ "y"'],
        ),
    ],
)
def test_beyond_windows(logsource: str, detection: str, expected: list[str]) -> None:
    assert lines(rule(logsource, detection)) == expected


@pytest.mark.parametrize(
    ("logsource", "detection", "code"),
    [
        ("product: azure, service: auditlogs", "{TargetResources.id: x}", "list-member"),
        ("product: azure, service: auditlogs", "{InitiatedBy: x}", "json-value"),
        ("product: azure, service: auditlogs", "{Category.x: x}", "unmapped-field"),
        ("product: linux, category: process_creation", "{Nonsense: x}", "unmapped-field"),
        ("category: proxy", "[x]", "keyword-column"),
    ],
)
def test_refused(logsource: str, detection: str, code: str) -> None:
    assert lines(rule(logsource, detection)) == [code]


def test_an_unknown_field_is_told_with_near_columns() -> None:
    plan = TARGETS["sentinel"].plan(LogSource("azure", None, "riskdetection"))
    with pytest.raises(Refused) as refused:
        plan.resolve("RiskLevels")
    assert str(refused.value) == (
        "AADUserRiskEvents has no column for the field RiskLevels; near it: RiskLevel, RiskDetail"
    )


def test_platforms_that_one_table_mixes_are_told() -> None:
    text = rule("product: linux, category: process_creation", "{Image: x}")
    assert approximations(text) == ["other-platforms"]


@pytest.mark.parametrize(
    ("logsource", "detection", "expected"),
    [
        (
            "product: windows, service: security",
            "{EventID: 4624, LogonType: 3}",
            [
                "SecurityEvent",
                '| where Channel =~ "Security"',
                "| where EventID == 4624",
                "| where LogonType == 3",
            ],
        ),
        (
            "product: windows, category: process_creation",
            "{Image: x, ParentImage: y, CommandLine: z}",
            [
                "SecurityEvent",
                '| where Channel =~ "Security" and EventID == 4688',
                '| where NewProcessName =~ "x"',
                '| where ParentProcessName =~ "y"',
                '| where CommandLine =~ "z"',
            ],
        ),
        ("product: windows, category: process_creation", "{ProcessId: 4}", ["unmapped-field"]),
        (
            "product: windows, category: process_creation",
            "{OriginalFileName: x}",
            ["unmapped-field"],
        ),
        (
            "product: windows, category: file_event",
            "{EventID: 11}",
            ["WindowsEvent", f"| where {SYSMON}", "| where EventID == 11"],
        ),
    ],
)
def test_security_event(logsource: str, detection: str, expected: list[str]) -> None:
    assert lines(rule(logsource, detection), "sentinel-securityevent") == expected


@pytest.mark.parametrize(
    ("name", "kind", "source"),
    [
        ("EventID", Type.LONG, None),
        ("EventData.Image", Type.STRING, Member("EventData", ("Image",))),
        ("Image", Type.STRING, Member("EventData", ("Image",))),
    ],
)
def test_a_field_that_a_user_mapped(name: str, kind: Type, source: Member | None) -> None:
    plan = TARGETS["sentinel"].plan(LogSource("windows", "process_creation", None))
    field = plan.native(name)
    assert (field.type, field.source) == (kind, source)


def test_a_field_that_a_user_mapped_to_no_column_is_refused() -> None:
    plan = TARGETS["sentinel"].plan(LogSource("azure", None, "riskdetection"))
    with pytest.raises(Refused):
        plan.native("Nonsense")


def test_schema_has_kusto_types() -> None:
    assert schema()["WindowsEvent"]["EventID"] == "int"
    assert schema()["WindowsEvent"]["EventData"] == "dynamic"
    kinds = {kind for columns in schema().values() for kind in columns.values()}
    assert kinds <= {"string", "int", "long", "real", "bool", "datetime", "dynamic"}
