"""Where events are in Splunk and what their fields are called there."""

from __future__ import annotations

import pytest

from backends.spl import Spl
from transpile.ir.nodes import BooleanEquals, Equals, Field, Glob, Node, NumberEquals, Wildcard
from transpile.query import Refused
from transpile.targets import registry
from transpile.targets.plan import LogSource
from transpile.verify.engines.spl import Spl as Engine

RUN = Wildcard.ANY_RUN


def query(target: str, logsource: LogSource, condition: Node) -> str:
    mapped = registry.get(target).plan(logsource).map(condition)
    assert not mapped.refusals
    text = Spl().write(mapped.search).text
    assert text is not None
    Engine.parse(text)
    return text


def windows(category: str | None = None, service: str | None = None) -> LogSource:
    return LogSource("windows", category, service)


SYSMON = 'source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"'
POWERSHELL = (
    'source IN ("XmlWinEventLog:Microsoft-Windows-PowerShell/Operational",'
    ' "XmlWinEventLog:PowerShellCore/Operational")'
)
SCOPES = [
    (windows("process_creation"), f"{SYSMON} AND EventCode=1"),
    (windows("process_creation", "sysmon"), f"{SYSMON} AND EventCode=1"),
    (windows("registry_set"), f"{SYSMON} AND EventCode=13"),
    (windows("pipe_created"), f"{SYSMON} AND EventCode IN (17, 18)"),
    (windows(service="sysmon"), SYSMON),
    (windows(service="security"), 'source="XmlWinEventLog:Security"'),
    (windows("ps_script"), f"{POWERSHELL} AND EventCode=4104"),
    (windows("ps_classic_start"), 'source="XmlWinEventLog:Windows PowerShell" AND EventCode=400'),
    (windows(service="ldap"), 'source="XmlWinEventLog:Microsoft-Windows-LDAP-Client/Debug"'),
    (windows(), 'source="XmlWinEventLog:*"'),
]


@pytest.mark.parametrize(("logsource", "scope"), SCOPES)
def test_events_of_windows_by_source_and_event_code(logsource: LogSource, scope: str) -> None:
    text = query("splunk", logsource, Equals(Field("Image"), "x"))
    assert " ".join(text.split()).replace("( ", "(").replace(" )", ")") == f'{scope} AND Image="x"'


def test_names_that_the_add_on_for_windows_gives() -> None:
    security = windows(service="security")
    event_id = NumberEquals(Field("EventID"), 4688)
    assert query("splunk", security, event_id).endswith("AND EventCode=4688")
    provider = Equals(Field("Provider_Name"), "x")
    assert query("splunk", security, provider).endswith('AND Name="x"')
    initiated = BooleanEquals(Field("Initiated"), True)
    assert query("splunk", windows("network_connection"), initiated).endswith('Initiated="true"')


def test_other_log_sources_keep_their_names_and_have_no_scope() -> None:
    other = LogSource("example", None, "log")
    assert query("splunk", other, Equals(Field("eventName"), "x")) == 'eventName="x"'


def service(product: str, name: str, category: str | None = None) -> LogSource:
    return LogSource(product, category, name)


AUDIT, SIGNIN = service("azure", "auditlogs"), service("azure", "signinlogs")
CLOUDS = [
    (service("aws", "cloudtrail"), "eventName", 'sourcetype="aws:cloudtrail" AND eventName="x"'),
    (
        service("aws", "cloudtrail"),
        "resources.ARN",
        'sourcetype="aws:cloudtrail" AND "resources{}.ARN"="x"',
    ),
    (
        AUDIT,
        "Category",
        'sourcetype="azure:monitor:aad" AND category="AuditLogs" AND properties.category="x"',
    ),
    (
        SIGNIN,
        "DeviceDetail.trusttype",
        'sourcetype="azure:monitor:aad" AND category="SignInLogs"'
        ' AND properties.deviceDetail.trustType="x"',
    ),
    (
        service("azure", "activitylogs"),
        "operationName",
        'sourcetype IN ("azure:monitor:activity", "mscs:azure:audit")'
        ' AND (operationName="x" OR operationName.value="x")',
    ),
    (
        service("m365", "threat_management"),
        "eventName",
        'sourcetype="o365:management:activity" AND Workload="SecurityComplianceCenter"'
        ' AND Name="x"',
    ),
    (
        service("gcp", "gcp.audit"),
        "gcp.audit.method_name",
        'sourcetype IN ("google:gcp:pubsub:message", "google:gcp:pubsub:audit:*")'
        ' AND data.protoPayload.methodName="x"',
    ),
    (
        service("okta", "okta"),
        "target.displayName",
        'sourcetype="OktaIM2:log" AND "target{}.displayName"="x"',
    ),
    (
        service("github", "audit"),
        "action",
        'sourcetype="github:cloud:audit" AND vendor_action="x"',
    ),
    (service("cisco", "duo"), "reason", 'sourcetype="cisco:duo:*" AND reason="x"'),
    (
        service("kubernetes", "audit", "application"),
        "hostPath",
        'apiVersion="audit.k8s.io/*" AND kind="Event"'
        ' AND "requestObject.spec.volumes{}.hostPath.path"="x"',
    ),
]


@pytest.mark.parametrize(("logsource", "field", "expected"), CLOUDS)
def test_clouds_and_services_by_sourcetype(logsource: LogSource, field: str, expected: str) -> None:
    assert " ".join(query("splunk", logsource, Equals(Field(field), "x")).split()) == expected


REFUSED = [
    (service("aws", "cloudtrail"), "requestParameters", "x", "unmapped-field"),
    (AUDIT, "Target", "x", "unmapped-field"),
    (AUDIT, "NoSuchField", "x", "unmapped-field"),
    (AUDIT, "properties.message", '"displayName":"UserType"', "unmapped-field"),
    (AUDIT, "targetResources.type", "x", "untranslated-value"),
    (SIGNIN, "Status", "Failure", "untranslated-value"),
]


@pytest.mark.parametrize(("logsource", "field", "value", "code"), REFUSED)
def test_what_events_of_clouds_do_not_have_is_refused(
    logsource: LogSource, field: str, value: str, code: str
) -> None:
    (reason,) = registry.get("splunk").plan(logsource).map(Equals(Field(field), value)).refusals
    assert reason.code == code


def test_fields_that_no_published_list_has_are_told() -> None:
    plan = registry.get("splunk").plan(service("aws", "cloudtrail"))
    (reason,) = plan.map(Equals(Field("requestParameters.x.y"), "x")).approximations
    assert reason.code == "ingested-otherwise"
    assert reason.message.startswith("requestParameters.x.y: no published list")
    assert plan.map(Equals(Field("userIdentity.sessionContext.x"), "x")).approximations == ()


def test_where_an_expression_has_a_list_it_is_told() -> None:
    plan = registry.get("splunk").plan(service("okta", "okta"))
    cased = Spl().write(plan.map(Equals(Field("target.id"), "x", cased=True)).search)
    assert [reason.code for reason in cased.approximations] == ["several-values"]
    assert Spl().write(plan.map(Equals(Field("target.id"), "x")).search).approximations == ()


@pytest.mark.parametrize("logsource", [windows("file_access"), windows(service="no-such-log")])
def test_a_log_of_windows_that_is_not_known_is_refused(logsource: LogSource) -> None:
    with pytest.raises(Refused) as refused:
        registry.get("splunk").plan(logsource)
    assert refused.value.reason.code == "unmapped-logsource"


def where_clause(logsource: LogSource, condition: Node) -> tuple[str, str]:
    """The dataset and the `where` of tstats."""
    first, where, *_ = query("splunk-cim", logsource, condition).split("\n  ")
    return first.rpartition("datamodel=")[2], where.removeprefix("where ")


def contains(field: str, text: str) -> Glob:
    return Glob(Field(field), (RUN, text, RUN))


MODELS = [
    (
        windows("process_creation"),
        contains("CommandLine", "x"),
        ("Endpoint.Processes", 'Processes.process="*x*"'),
    ),
    (
        LogSource("linux", "process_creation"),
        contains("ParentImage", "x"),
        ("Endpoint.Processes", 'Processes.parent_process_path="*x*"'),
    ),
    # The path of the key and the value; registry_key_name is the last segment only.
    (
        windows("registry_set"),
        contains("TargetObject", "x"),
        ("Endpoint.Registry", 'Registry.action="modified" AND Registry.registry_path="*x*"'),
    ),
    (
        windows("registry_event"),
        Equals(Field("EventType"), "CreateKey"),
        ("Endpoint.Registry", 'Registry.action="created"'),
    ),
    (
        windows("file_event"),
        contains("TargetFilename", "x"),
        ("Endpoint.Filesystem", 'Filesystem.action="created" AND Filesystem.file_path="*x*"'),
    ),
    # Proxy is no root dataset: tstats finds it by nodename.
    (
        LogSource(None, "proxy"),
        contains("c-useragent", "x"),
        ("Web.Web", 'nodename="Web.Proxy" AND Web.http_user_agent="*x*"'),
    ),
    (
        LogSource(None, "webserver"),
        NumberEquals(Field("sc-status"), 404),
        ("Web.Web", "Web.status=404"),
    ),
    (LogSource(None, "dns"), contains("query", "x"), ("Network_Resolution.DNS", 'DNS.query="*x*"')),
]


@pytest.mark.parametrize(("logsource", "condition", "expected"), MODELS)
def test_data_models(logsource: LogSource, condition: Node, expected: tuple[str, str]) -> None:
    assert where_clause(logsource, condition) == expected


REFUSED_FIELDS = [
    (windows("process_creation"), "User", "carries no domain"),
    (windows("process_creation"), "Description", "no field in the data model Endpoint.Processes"),
    (windows("registry_set"), "User", "carries no domain"),
    (windows("dns_query"), "Image", "no field in the data model Network_Resolution.DNS"),
]


@pytest.mark.parametrize(("logsource", "field", "message"), REFUSED_FIELDS)
def test_fields_that_no_data_model_has(logsource: LogSource, field: str, message: str) -> None:
    (reason,) = registry.get("splunk-cim").plan(logsource).map(Equals(Field(field), "x")).refusals
    assert reason.code == "unmapped-field"
    assert message in reason.message


def test_a_deleted_key_is_not_told_from_a_deleted_value() -> None:
    plan = registry.get("splunk-cim").plan(windows("registry_delete"))
    (reason,) = plan.map(Equals(Field("EventType"), "DeleteKey")).refusals
    assert reason.code == "untranslated-value"


@pytest.mark.parametrize(
    "logsource", [windows("image_load"), LogSource("aws", None, "cloudtrail"), LogSource()]
)
def test_log_sources_without_a_data_model_are_refused(logsource: LogSource) -> None:
    with pytest.raises(Refused) as refused:
        registry.get("splunk-cim").plan(logsource)
    assert refused.value.reason.code == "unmapped-logsource"
