"""Where Microsoft Sentinel keeps the events of log sources."""

from __future__ import annotations

import pytest
from sigma.rule import SigmaRule

from backends.kql import Kql
from transpile.ir.lower import lower
from transpile.ir.nodes import Type
from transpile.ir.source import Member
from transpile.query import Refused
from transpile.targets import registry
from transpile.targets.plan import LogSource
from transpile.targets.sentinel import TARGETS, schema
from transpile.verify.devices import PLATFORMS
from transpile.verify.engines.kusto import KustoEngine


def devices(platform: str) -> str:
    inner = f'DeviceInfo | where OSPlatform !~ "{platform}" | distinct DeviceId'
    return f"| where DeviceId !in (({inner}))"


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
    assert lines(rule(logsource, "{Image: x}"), "sentinel-windowsevent")[:3] == [
        "WindowsEvent",
        f"| where {scope}",
        "| extend Image = tostring(EventData.Image)",
    ]


def test_a_scope_over_two_channels_is_broken_into_lines() -> None:
    logsource = "product: windows, category: ps_script"
    assert lines(rule(logsource, "{ScriptBlockText: x}"), "sentinel-windowsevent")[1:3] == [
        f"| where {POWERSHELL}",
        "  and EventID == 4104",
    ]


def test_windows_without_a_category_or_service_is_all_of_the_table() -> None:
    assert lines(rule("product: windows", "{EventID: 7}"), "sentinel-windowsevent") == [
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
    text = rule("product: windows, service: security", detection)
    assert lines(text, "sentinel-windowsevent")[2:] == [last]


SYSTEM = LogSource("windows", None, "system")


@pytest.mark.parametrize(
    ("logsource", "tables"),
    [
        ("product: windows, service: security", ["SecurityEvent"]),
        ("product: windows, category: process_creation", ["Event"]),
        ("product: windows, service: system", ["Event"]),
        ("product: windows, category: ps_script", ["Event"]),
        ("product: windows", ["SecurityEvent", "Event"]),
    ],
)
def test_each_channel_is_where_most_workspaces_have_it(logsource: str, tables: list[str]) -> None:
    found = lines(rule(logsource, "{EventID: 7}"))
    assert [line.strip() for line in found if line.strip() in schema()] == tables


@pytest.mark.parametrize(
    ("source", "field", "extend"),
    [
        (
            LogSource("windows", "process_creation"),
            "Image",
            r'Image = extract("<Data Name=\"Image\">([^<]*)<", 1, EventData)',
        ),
        # it may be below UserData
        (SYSTEM, "Image", r'Image = extract("[<\"]Image\"?>([^<]*)<", 1, EventData)'),
        # the table has a column of this name
        (
            SYSTEM,
            "UserName",
            r'EventData_UserName = extract("[<\"]UserName\"?>([^<]*)<", 1, EventData)',
        ),
        (
            SYSTEM,
            "Threat Name",
            r'["Threat Name"] = extract("<Data Name=\"Threat Name\">([^<]*)<", 1, EventData)',
        ),
        # data without a name
        (
            SYSTEM,
            "Data",
            r'Data = strcat_array(extract_all("<Data>([^<]*)<", EventData), "\n")',
        ),
    ],
)
def test_data_in_xml(source: LogSource, field: str, extend: str) -> None:
    named = {"category": source.category, "service": source.service}
    sigma = SigmaRule.from_dict(
        {
            "title": "t",
            "logsource": {"product": "windows"} | {k: v for k, v in named.items() if v},
            "detection": {"s": {field: "x"}, "condition": "s"},
        }
    )
    text = Kql().write(TARGETS["sentinel"].plan(source).map(lower(sigma)).search).text
    assert f"| extend {extend}" in str(text).replace("['Threat Name']", '["Threat Name"]')


@pytest.mark.parametrize(
    ("detection", "decodes"),
    [
        ("{A: x}", False),
        ("{A|endswith: 'x'}", False),
        ("{A|contains: 'x y'}", False),
        ("{A: 'x*y'}", False),
        ("{A: x&y}", True),
        ("{A|contains: 'm'}", True),  # of &amp;
        ("{A|contains: ';x'}", True),
        ("{A: 'x?y'}", True),
        ("{A|re: x.y}", True),
        ("{A: 'amp'}", False),  # all of a text is no part of an entity
    ],
)
def test_entities_are_told_only_where_it_matters(detection: str, decodes: bool) -> None:
    text = "\n".join(lines(rule("product: windows, service: system", detection)))
    assert ("&amp;" in text) is decodes


def test_what_the_table_does_not_keep_is_refused() -> None:
    assert lines(rule("product: windows, service: system", "{Keywords: x}")) == ["unmapped-field"]


@pytest.mark.parametrize(
    ("detection", "last"),
    [
        ("{EventID: 4720}", ["| where EventID == 4720"]),
        ("{LogonType: 3}", ["| where LogonType == 3"]),
        (
            "{TaskName: x}",
            [
                r'| extend TaskName = extract("[<\"]TaskName\"?>([^<]*)<", 1, EventData)',
                '| where TaskName =~ "x"',
            ],
        ),
        (
            "{Status: x}",
            [
                r'| extend Status = iff(isempty(Status), extract("[<\"]Status\"?>([^<]*)<", 1, '
                "EventData), Status)",
                '| where Status =~ "x"',
            ],
        ),
    ],
)
def test_data_of_the_security_log(detection: str, last: list[str]) -> None:
    assert lines(rule("product: windows, service: security", detection))[2:] == last


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
    assert lines(text, "sentinel-windowsevent")[2] == f"| extend {extend}"


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
    found = lines(text, "sentinel-windowsevent")[2:]
    assert found == [r'| where tostring(EventData) contains "a\\\\b"']
    assert lines(text)[2:] == [
        r'| where RenderedDescription contains "a\\b" or EventData contains "a\\b"'
    ]
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
                devices("Linux"),
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
                devices("macOS"),
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
            [
                "Syslog",
                '| where ProcessName =~ "sshd"',
                '| where SyslogMessage contains "x" or ProcessName contains "x" '
                'or HostName contains "x"',
            ],
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


@pytest.mark.parametrize(
    ("logsource", "detection", "last"),
    [
        (
            "service: auditlogs",
            "{initiatedBy.user.userPrincipalName: x}",
            '| where InitiatedBy_user_userPrincipalName =~ "x"',
        ),
        ("service: auditlogs", "{loggedbyservice: x}", '| where LoggedByService =~ "x"'),
        ("service: riskdetection", "{RISKSTATE: x}", '| where RiskState =~ "x"'),
    ],
)
def test_a_name_that_differs_by_case_only_is_the_column(
    logsource: str, detection: str, last: str
) -> None:
    assert lines(rule(f"product: azure, {logsource}", detection))[-1] == last


def test_the_names_of_members_count_with_their_case() -> None:
    found = lines(rule("product: azure, service: auditlogs", "{initiatedby.User.ID: x}"))
    assert found[-2] == "| extend InitiatedBy_User_ID = tostring(InitiatedBy.User.ID)"


def test_what_is_inside_of_a_column_is_not_taken_for_another_column() -> None:
    plan = registry.get("defender").plan(LogSource("aws", None, "cloudtrail"))
    (field,) = plan.resolve("userAgent")
    assert field.source == Member("RawEventData", ("userAgent",))


@pytest.mark.parametrize("name", ["targetresources.type", "TARGETRESOURCES.modifiedProperties.x"])
def test_lists_are_known_in_any_case(name: str) -> None:
    assert lines(rule("product: azure, service: auditlogs", f"{{{name}: x}}")) == ["list-member"]


def test_an_unknown_field_is_told_with_near_columns() -> None:
    plan = TARGETS["sentinel"].plan(LogSource("azure", None, "riskdetection"))
    with pytest.raises(Refused) as refused:
        plan.resolve("RiskLevels")
    assert str(refused.value) == (
        "AADUserRiskEvents has no column for the field RiskLevels; near it: RiskLevel, RiskDetail"
    )


def test_platforms_that_one_table_mixes_are_told() -> None:
    assert (
        approximations(rule("product: jvm, category: application", "[x]"))[0] == "other-platforms"
    )


@pytest.mark.parametrize("target", ["sentinel", "defender"])
@pytest.mark.parametrize(("product", "meant"), [("linux", {"Linux"}), ("macos", {"macOS"})])
def test_machines_of_other_systems_are_left_out_and_unknown_ones_stay(
    target: str, product: str, meant: set[str]
) -> None:
    sigma = SigmaRule.from_yaml(rule(f"product: {product}, category: file_event", "{Image: x}"))
    plan = registry.get(target).plan(LogSource(product, "file_event"))
    query = str(Kql().write(plan.map(lower(sigma)).search).text)
    row = {"ActionType": "FileCreated", "InitiatingProcessFolderPath": "x"}
    rows = [{**row, "DeviceId": f"machine-with-{one}"} for one in PLATFORMS]
    tables = registry.get(target).tables
    assert tables is not None
    found = KustoEngine(tables()).find(query, plan.table, [*rows, {**row, "DeviceId": "unknown"}])
    assert {[*PLATFORMS, "unknown"][number] for number in found} == {*meant, "unknown"}
    assert [reason.code for reason in plan.approximations] == ["other-platforms"]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ('type=EXECVE msg=audit(1.2:3): argc=2 a0="cat" a1="/etc/b"', True),
        ("type=EXECVE msg=audit(1.2:3): argc=2 a0=636174 a1=2F65746320 a2=62", False),
        ('type=EXECVE msg=audit(1.2:3): argc=2 a0="cat" a1=2F65746320C3A42F62', True),
        # of a system call, arguments are numbers
        ("type=SYSCALL msg=audit(1.2:3): a0=cat a1=2F6574632F62", False),
        ('type=EXECVE msg=audit(1.2:3): argc=2 a10="/etc/b" a0="cat"', False),
    ],
)
def test_words_of_auditd_in_quotes_and_in_hexadecimal(message: str, found: bool) -> None:
    detection = "{type: EXECVE, a0: cat, a1|startswith: /etc, a1|endswith: /b}"
    query = "\n".join(lines(rule("product: linux, service: auditd", detection)))
    row = {"ProcessName": "audisp-syslog", "SyslogMessage": message}
    assert KustoEngine(schema()).find(query, "Syslog", [row]) == ({0} if found else set())


def test_a_number_of_a_system_call() -> None:
    query = "\n".join(lines(rule("product: linux, service: auditd", "{type: SYSCALL, a1: '10'}")))
    row = {"ProcessName": "auditd", "SyslogMessage": 'type=SYSCALL a0=7f a1=10 a2=0 exe="/a"'}
    assert KustoEngine(schema()).find(query, "Syslog", [row]) == {0}


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
            ["Event", f"| where {SYSMON.replace('Channel', 'EventLog')}", "| where EventID == 11"],
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
    plan = TARGETS["sentinel-windowsevent"].plan(LogSource("windows", "process_creation", None))
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
