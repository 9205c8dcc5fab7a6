"""The Elasticsearch targets: names, types and scope, from the published pipelines and our table.

Expected names are those of the Elastic Common Schema and of Winlogbeat's modules.
"""

from __future__ import annotations

import pytest

from transpile.ir.nodes import And, Equals, Exists, Field, Glob, IsNull, Or, Type, Wildcard
from transpile.query import Refused
from transpile.targets import registry
from transpile.targets.plan import LogSource, Plan

PROCESS = LogSource("windows", "process_creation")
NETWORK = LogSource("windows", "network_connection")
SECURITY = LogSource("windows", None, "security")
SCRIPT = LogSource("windows", "ps_script")


def plan(logsource: LogSource, target: str = "elastic-lucene") -> Plan:
    return registry.get(target).plan(logsource)


def fields(logsource: LogSource, name: str, target: str = "elastic-lucene") -> list[Field]:
    return list(plan(logsource, target).resolve(name))


@pytest.mark.parametrize(
    ("logsource", "sigma", "name", "kind"),
    [
        (PROCESS, "Image", "process.executable", Type.KEYWORD),
        (PROCESS, "CommandLine", "process.command_line", Type.KEYWORD),
        (PROCESS, "ParentImage", "process.parent.executable", Type.KEYWORD),
        (PROCESS, "ProcessId", "process.pid", Type.LONG),
        (PROCESS, "OriginalFileName", "process.pe.original_file_name", Type.KEYWORD),
        (NETWORK, "DestinationIp", "destination.ip", Type.IP),
        (NETWORK, "DestinationPort", "destination.port", Type.LONG),
        (NETWORK, "Initiated", "network.direction", Type.KEYWORD),
        (SECURITY, "EventID", "event.code", Type.KEYWORD),
        (SECURITY, "TargetUserName", "winlog.event_data.TargetUserName", Type.KEYWORD),
        (SECURITY, "ParentProcessName", "process.parent.executable", Type.KEYWORD),
        (SCRIPT, "ScriptBlockText", "powershell.file.script_block_text", Type.TEXT),
        (LogSource("windows", "ps_module"), "Payload", "message", Type.TEXT),
        (LogSource("linux", "process_creation"), "Image", "process.executable", Type.KEYWORD),
        (LogSource("zeek", None, "smb_files"), "path", "zeek.smb_files.path", Type.KEYWORD),
        (
            LogSource("kubernetes", "application", "audit"),
            "verb",
            "kubernetes.audit.verb",
            Type.KEYWORD,
        ),
        (LogSource("okta", None, "okta"), "eventType", "eventType", Type.KEYWORD),
    ],
)
def test_names_and_types(logsource: LogSource, sigma: str, name: str, kind: Type) -> None:
    assert fields(logsource, sigma) == [Field(name, kind, sigma)]


def test_only_the_agent_has_caseless_subfields() -> None:
    assert fields(PROCESS, "Image", "elastic-agent-eql") == [
        Field("process.executable.caseless", Type.CASELESS, "Image")
    ]
    assert fields(PROCESS, "CommandLine", "elastic-agent-eql") == [
        Field("process.command_line", Type.KEYWORD, "CommandLine")
    ]


def test_a_subfield_that_only_the_published_name_has() -> None:
    endpoint = LogSource("macos", "process_creation", "endpointsecurity")
    name = "target.process.executable"
    assert fields(endpoint, "TargetImage") == [Field(name, Type.KEYWORD, "TargetImage")]
    (agent,) = fields(endpoint, "TargetImage", "elastic-agent-eql")
    assert agent.name == f"{name}.caseless"


def test_any_log_of_zeek_where_the_rule_names_none() -> None:
    dataset = Field("event.dataset", Type.KEYWORD)
    (node,) = plan(LogSource("zeek")).scope
    assert node == Glob(dataset, ("zeek.", Wildcard.ANY_RUN), cased=True)


def scope(logsource: LogSource) -> dict[str, list[str]]:
    """The values that the scope asks for, by field."""
    values: dict[str, list[str]] = {}
    for node in plan(logsource).scope:
        for leaf in node.operands if isinstance(node, Or) else (node,):
            assert isinstance(leaf, Equals)
            assert leaf.cased
            values.setdefault(leaf.field.name, []).append(leaf.value)
    return values


SYSMON = "Microsoft-Windows-Sysmon/Operational"


@pytest.mark.parametrize(
    ("logsource", "expected"),
    [
        (PROCESS, {"winlog.channel": [SYSMON], "event.code": ["1"]}),
        (
            LogSource("windows", "registry_event"),
            {"winlog.channel": [SYSMON], "event.code": ["12", "13", "14"]},
        ),
        (SECURITY, {"winlog.channel": ["Security"]}),
        (
            SCRIPT,
            {
                "winlog.channel": [
                    "Microsoft-Windows-PowerShell/Operational",
                    "PowerShellCore/Operational",
                ],
                "event.code": ["4104"],
            },
        ),
        (
            LogSource("linux", "process_creation"),
            {"host.os.type": ["linux"], "event.category": ["process"], "event.type": ["start"]},
        ),
        (LogSource("zeek", None, "dns"), {"event.dataset": ["zeek.dns"]}),
        (LogSource("okta", None, "okta"), {}),
    ],
)
def test_scope(logsource: LogSource, expected: dict[str, list[str]]) -> None:
    assert scope(logsource) == expected


@pytest.mark.parametrize("category", ["file_access", "file_rename"])
def test_a_log_source_of_windows_without_an_event_log_is_refused(category: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(LogSource("windows", category))
    assert refused.value.reason.code == "unmapped-logsource"
    assert category in refused.value.reason.message


@pytest.mark.parametrize(
    ("service", "channel"),
    [
        ("iis-configuration", "Microsoft-IIS-Configuration/Operational"),
        ("ldap", "Microsoft-Windows-LDAP-Client/Debug"),
    ],
)
def test_channels_that_no_published_pipeline_names(service: str, channel: str) -> None:
    assert scope(LogSource("windows", None, service)) == {"winlog.channel": [channel]}


def test_any_event_of_windows() -> None:
    channel = Field("winlog.channel", Type.KEYWORD)
    made = plan(LogSource("windows"))
    assert [node for node in made.scope if node.field.name == channel.name] == list(made.scope)
    assert len(made.scope) == 1
    with pytest.raises(Refused) as refused:
        made.resolve("Image")
    assert refused.value.reason.code == "unmapped-field"


def test_a_value_that_ingestion_drops_is_asked_as_none() -> None:
    mapped = plan(PROCESS).map(Equals(Field("CommandLine"), "-"))
    command = Field("process.command_line", Type.KEYWORD, "CommandLine")
    assert mapped.search.condition == Or((Equals(command, "-"), IsNull(command)))
    (reason,) = mapped.approximations
    assert (reason.code, "'-'" in reason.message) == ("ingested-otherwise", True)
    none = IsNull(Field("CommandLine"))
    dropped = (Equals(Field("CommandLine"), "-"), Equals(Field("CommandLine"), ""))
    either = Or((*dropped, none))
    assert plan(PROCESS).map(either).approximations == ()
    for asked in (none, Exists(Field("CommandLine"))):
        (told,) = plan(PROCESS).map(asked).approximations
        assert told.message == (
            "CommandLine: ingestion drops '' and '-': events with such a value count as without"
        )
    (told,) = plan(PROCESS).map(Or((dropped[0], none))).approximations
    assert "drops '': " in told.message
    identifiers = plan(PROCESS).map(IsNull(Field("ProcessGuid"))).approximations
    assert "{00000000-" in identifiers[0].message
    both = And((either, Equals(Field("CommandLine"), "-")))
    assert plan(PROCESS).map(both).approximations == mapped.approximations
    number = plan(PROCESS).map(Equals(Field("ProcessId"), ""))
    assert number.search.condition == IsNull(Field("process.pid", Type.LONG, "ProcessId"))


def test_a_field_that_cannot_hold_the_value_is_not_asked() -> None:
    text = Field("winlog.event_data.IpAddress", Type.KEYWORD, "IpAddress")
    address = Field("source.ip", Type.IP, "IpAddress")
    asked = plan(SECURITY).map(Equals(Field("IpAddress"), "LOCAL")).search.condition
    assert asked == Equals(text, "LOCAL")
    either = plan(SECURITY).map(Equals(Field("IpAddress"), "192.0.2.1")).search.condition
    assert either == Or((Equals(address, "192.0.2.1"), Equals(text, "192.0.2.1")))


def test_a_log_source_that_no_mapping_knows_is_approximate() -> None:
    (reason,) = plan(LogSource("okta", None, "okta")).approximations
    assert reason.code == "unmapped-logsource"
    assert "okta" in reason.message
    assert plan(PROCESS).approximations == ()


def test_a_name_for_several_fields_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        plan(LogSource("zeek")).resolve("arg")
    assert refused.value.reason.code == "unmapped-field"
