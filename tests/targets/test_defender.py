"""Defender's and ASIM's tables."""

from __future__ import annotations

import pytest
from sigma.rule import SigmaRule

from backends.kql import Kql
from transpile.ir.lower import lower
from transpile.query import Refused
from transpile.targets import asim, defender
from transpile.targets.compiled import decoded
from transpile.targets.folder import log_sources
from transpile.targets.model import LogSourceFile
from transpile.targets.plan import LogSource


def lines(target: str, logsource: str, detection: str) -> list[str]:
    """The lines of the query; a refusal is its one line, by its code."""
    sigma = SigmaRule.from_yaml(
        f"title: t\nlogsource: {{{logsource}}}\ndetection: {{s: {detection}, condition: s}}\n"
    )
    source = sigma.logsource
    targets = {**defender.TARGETS, **asim.TARGETS}
    plan = targets[target].plan(LogSource(source.product, source.category, source.service))
    mapped = plan.map(lower(sigma))
    if mapped.refusals:
        return [mapped.refusals[0].code]
    written = Kql().write(mapped.search)
    return written.text.split("\n") if written.text else [written.refusals[0].code]


@pytest.mark.parametrize(
    ("logsource", "detection", "expected"),
    [
        (
            "product: windows, category: process_creation",
            "{Image|endswith: cmd.exe, OriginalFileName: Cmd.Exe}",
            [
                "DeviceProcessEvents",
                '| where ActionType =~ "ProcessCreated"',
                '| where FolderPath endswith "cmd.exe"',
                '| where ProcessVersionInfoOriginalFileName =~ "Cmd.Exe"',
            ],
        ),
        (
            "product: windows, category: process_creation",
            r"{User: 'NT AUTHORITY\SYSTEM'}",
            [
                "DeviceProcessEvents",
                '| where ActionType =~ "ProcessCreated"',
                r'| extend User = strcat(AccountDomain, "\\", AccountName)',
                r'| where User =~ "NT AUTHORITY\\SYSTEM"',
            ],
        ),
        (
            "product: windows, category: network_connection",
            "{Initiated: 'true', DestinationPort: 443}",
            [
                "DeviceNetworkEvents",
                "| where ActionType in~ (",
                '    "ConnectionSuccess",',
                '    "ConnectionFailed",',
                '    "ConnectionRequest",',
                '    "InboundConnectionAccepted"',
                "  )",
                "| where RemotePort == 443",
                '| extend Initiated = case(ActionType =~ "InboundConnectionAccepted", "false", '
                '"true")',
                '| where Initiated =~ "true"',
            ],
        ),
        (
            "product: okta, service: okta",
            "{outcome.result: FAILURE}",
            [
                "CloudAppEvents",
                '| where Application =~ "Okta"',
                '| where RawEventData has "failure"',
                "| extend RawEventData_outcome_result = "
                'tostring(RawEventData["outcome"]["result"])',
                '| where RawEventData_outcome_result =~ "FAILURE"',
            ],
        ),
        (
            "product: windows, category: process_creation",
            "{CurrentDirectory: x}",
            ["unmapped-field"],
        ),
        (
            "product: windows, category: process_creation",
            "{Hashes|contains: 'IMPHASH=0A'}",
            ["unmapped-field"],
        ),
        ("product: windows, category: image_load", "{OriginalFileName: x}", ["unmapped-field"]),
    ],
)
def test_defender(logsource: str, detection: str, expected: list[str]) -> None:
    assert lines("defender", logsource, detection) == expected


def test_asim_gives_the_parser_the_types_of_event() -> None:
    found = lines("asim", "product: windows, category: file_event", "{TargetFilename: x}")
    assert found == [
        '_Im_FileEvent(eventtype_in=dynamic(["FileCreated"]))',
        '| where EventType =~ "FileCreated"',
        '| where TargetFilePath =~ "x"',
    ]


@pytest.mark.parametrize(
    ("logsource", "detection", "expected"),
    [
        (
            "product: windows, category: process_creation",
            "{Image|endswith: [\\at.exe, \\wmic.exe], CommandLine|contains: ' \\wmic.exe '}",
            [
                '_Im_ProcessCreate(commandline_has_any=dynamic(["wmic"]))',
                '| where EventType =~ "ProcessCreated"',
            ],
        ),
        (
            "product: windows, category: process_creation",
            "{Image|endswith: [\\wmic.exe, /ftp], CommandLine|contains|all: [' abc ', ' bcd ']}",
            [
                "_Im_ProcessCreate(",
                '  commandline_has_all=dynamic(["abc", "bcd"]),',
                '  targetprocess_has_any=dynamic(["wmic", "ftp"])',
                ")",
                '| where EventType =~ "ProcessCreated"',
                '| where TargetProcessName endswith "\\\\wmic.exe" '
                'or TargetProcessName endswith "/ftp"',
            ],
        ),
        # no parameter filters by this column, nor by either of two
        (
            "product: windows, category: process_creation",
            "{OriginalFileName|startswith: wmic.}",
            [
                "_Im_ProcessCreate()",
                '| where EventType =~ "ProcessCreated"',
                '| where TargetProcessFileOriginalName has "wmic"',
            ],
        ),
        (
            "product: windows, category: process_creation",
            "[{Image|endswith: \\wmic.exe}, {CommandLine|contains: ' ftp '}]",
            [
                "_Im_ProcessCreate()",
                '| where EventType =~ "ProcessCreated"',
                '| where TargetProcessName has "wmic" or TargetProcessCommandLine has "ftp"',
            ],
        ),
        (
            "category: dns",
            "{query|endswith: .evil.com}",
            ['_Im_Dns(domain_has_any=dynamic(["evil"]))'],
        ),
    ],
)
def test_asim_gives_the_parser_the_terms(
    logsource: str, detection: str, expected: list[str]
) -> None:
    assert lines("asim", logsource, detection)[: len(expected)] == expected


@pytest.mark.parametrize("target", ["defender", "asim"])
def test_no_table(target: str) -> None:
    with pytest.raises(Refused):
        lines(target, "product: windows, service: ldap", "{a: b}")


@pytest.mark.parametrize("table", defender.schema())
def test_every_table_is_a_log_source_of_its_own_columns(table: str) -> None:
    for service in (table, table.lower()):
        plan = defender.TARGETS["defender"].plan(LogSource("defender", None, service))
        assert plan.table == table
        assert not plan.scope
        assert [plan.resolve(column)[0].name for column in defender.schema()[table]]


@pytest.mark.parametrize("logsource", ["service: emailevent", "category: emailevents"])
def test_no_table_of_that_name(logsource: str) -> None:
    with pytest.raises(Refused, match="no table of advanced hunting"):
        lines("defender", f"product: defender, {logsource}", "{Subject: x}")


def test_the_name_of_a_table_that_is_near() -> None:
    with pytest.raises(Refused, match="near it: emailevents"):
        lines("defender", "product: defender, service: emailevent", "{Subject: x}")


LOGONS = "product: windows, service: security"


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        (
            "{EventID: 4624, LogonType: 10, IpAddress: '-'}",
            [
                "DeviceLogonEvents",
                '| where ActionType =~ "LogonSuccess"',
                '| where LogonType =~ "RemoteInteractive"',
                '| extend IpAddress = iff(isempty(RemoteIP), "-", RemoteIP)',
                '| where IpAddress =~ "-"',
            ],
        ),
        ("[{EventID: 4624, LogonType: 3}, {EventID: 4625, TargetUserName: x}]", []),
        ("[{EventID: 4624, LogonType: 3}, {TargetUserName: x}]", ["part-of-log"]),
        ("{TargetUserName: x}", ["part-of-log"]),
        ("{EventID: [4625, 4776]}", ["untranslated-value"]),
        ("{EventID: 4688}", ["untranslated-value"]),
        ("{EventID: 4624, LogonType: 9}", ["untranslated-value"]),
        ("{EventID: 4624, AuthenticationPackageName: NTLM}", ["unmapped-field"]),
    ],
)
def test_logons_are_all_of_the_security_log(detection: str, expected: list[str]) -> None:
    found = lines("defender", LOGONS, detection)
    if expected:
        assert found == expected
    else:
        assert found[0] == "DeviceLogonEvents"


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("{ResultType: 53003}", ["| where ErrorCode == 53003"]),
        (
            "{Status: Success}",
            [
                '| extend Status = case(ErrorCode == 0, "Success", "Failure")',
                '| where Status =~ "Success"',
            ],
        ),
    ],
)
def test_codes_of_sign_ins(detection: str, expected: list[str]) -> None:
    found = lines("defender", "product: azure, service: signinlogs", detection)
    assert found == ["EntraIdSignInEvents", *expected]


@pytest.mark.parametrize(
    ("detection", "code"),
    [
        ("{Status|contains: MFA}", "untranslated-value"),
        ("{ResultDescription: x}", "unmapped-field"),
    ],
)
def test_what_the_table_of_sign_ins_cant_tell(detection: str, code: str) -> None:
    assert lines("defender", "product: azure, service: signinlogs", detection) == [code]


def test_every_field_that_the_data_names_is_in_the_schema() -> None:
    for target, module in (("defender", defender), ("asim", asim)):
        file = decoded(f"{target}/logsources", LogSourceFile)
        for entry in file.logsource:
            for named in log_sources(entry):
                plan = module.TARGETS[target].plan(LogSource(*(name or None for name in named)))
                for name in (*entry.fields, *(n for s in entry.inherits for n in file.fieldset[s])):
                    assert plan.resolve(name)
            assert entry.table in module.schema()
