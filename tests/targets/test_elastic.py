"""The Elasticsearch targets: names, types and scope, from the published pipelines and our table.

Expected names are those of the Elastic Common Schema and of Winlogbeat's modules.
"""

from __future__ import annotations

import pytest

from transpile.ir.nodes import (
    And,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Or,
    Type,
    Wildcard,
)
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
        (LogSource("okta", None, "okta"), "eventType", "okta.event_type", Type.KEYWORD),
        (LogSource("okta", None, "okta"), "client.ipAddress", "okta.client.ip", Type.IP),
        (
            LogSource("okta", None, "okta"),
            "securityContext.isProxy",
            "okta.security_context.is_proxy",
            Type.BOOLEAN,
        ),
        (LogSource("aws", None, "cloudtrail"), "eventName", "event.action", Type.KEYWORD),
        (LogSource("zeek", None, "http"), "host", "url.domain", Type.KEYWORD),
        (LogSource("zeek", None, "ssl"), "next_protocol", "zeek.ssl.next_protocol", Type.KEYWORD),
        (LogSource("nobody", None, "knows"), "field", "field", Type.KEYWORD),
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
        (LogSource("okta", None, "okta"), {"event.dataset": ["okta.system"]}),
        (LogSource("nobody", None, "knows"), {}),
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
    (reason,) = plan(LogSource("nobody", None, "knows")).approximations
    assert reason.code == "unmapped-logsource"
    assert "nobody" in reason.message
    assert plan(PROCESS).approximations == ()


def test_a_name_for_several_fields_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        plan(LogSource("zeek")).resolve("arg")
    assert refused.value.reason.code == "unmapped-field"


CLOUDTRAIL = LogSource("aws", None, "cloudtrail")


def test_a_path_into_a_flattened_field() -> None:
    parameter = Field("requestParameters.a.b")
    key = Field("aws.cloudtrail.flattened.request_parameters.a.b", Type.FLATTENED, parameter.name)
    whole = Field("aws.cloudtrail.request_parameters", Type.KEYWORD, parameter.name)
    any_run = Wildcard.ANY_RUN
    for leaf, expected, codes in [
        (Equals(parameter, "12"), Equals(key, "12", cased=True), []),
        (Equals(parameter, "x", cased=True), Equals(key, "x", cased=True), []),
        (Equals(parameter, "x"), Equals(key, "x", cased=True), ["kept-in-parts"]),
        (
            Glob(parameter, ("x", any_run)),
            Glob(whole, (any_run, "x", any_run)),
            ["kept-in-parts"],
        ),
        (Glob(parameter, (any_run, any_run)), Exists(key), []),
        (Exists(parameter), Exists(key), ["ingested-otherwise"]),
    ]:
        mapped = plan(CLOUDTRAIL).map(leaf)
        assert mapped.search.condition == expected
        assert [reason.code for reason in mapped.approximations] == codes
        assert mapped.refusals == ()
    activity = plan(LogSource("azure", None, "activitylogs"))
    part = activity.map(Glob(Field("properties.message"), ("x", any_run)))
    assert [reason.code for reason in part.refusals] == ["kept-in-parts"]


def test_keywords_without_a_field_of_all_text_are_refused() -> None:
    refusals = plan(CLOUDTRAIL).map(Keyword(("x",))).refusals
    assert [reason.code for reason in refusals] == ["keyword-search"]
    assert "event.original" in refusals[0].message
    message = plan(LogSource("linux", None, "sshd")).map(Keyword(("x",))).search.condition
    assert message == Glob(Field("message", Type.TEXT), (Wildcard.ANY_RUN, "x", Wildcard.ANY_RUN))


def test_a_field_that_ingestion_leaves_nowhere_is_refused() -> None:
    with pytest.raises(Refused, match="removes it"):
        plan(LogSource("okta", None, "okta")).resolve("legacyEventType")
    with pytest.raises(Refused, match="no field of okta"):
        plan(LogSource("okta", None, "okta")).resolve("nothing.known")


def test_only_events_of_elastic_defend_have_subfields_in_lower_case() -> None:
    auditd = LogSource("linux", None, "auditd")
    (field,) = fields(auditd, "exe", "elastic-agent-lucene")
    assert field == Field("process.executable", Type.KEYWORD, "exe")
    (node,) = (
        one
        for one in plan(LogSource("linux", None, "sudo"), "elastic-agent-lucene").scope
        if isinstance(one, Equals)
    )
    assert node.field.name == "process.name"
