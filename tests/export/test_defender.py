"""Custom detections of Defender, after the documentation of Microsoft Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from transpile.export.defender import frequency
from transpile.export.duration import Duration


def test_a_rule(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    done = export_rules("defender-rules")
    assert set(done.files) == {"0.json"}
    rule = json.loads(done.only)
    valid("defender_rule", rule)
    assert rule["queryCondition"]["queryText"] == done.queries["Something Odd"]
    assert rule["displayName"] == "Something Odd"
    assert rule["status"] == "enabled"
    assert rule["schedule"] == {"frequency": "PT1H"}
    alert = rule["detectionAction"]["alertTemplate"]
    assert alert["severity"] == "high"
    assert alert["tactics"] == [
        {"tactic": "Execution", "techniques": [{"technique": "T1059.001"}]},
        {
            "tactic": "DefenseEvasion",
            "techniques": [{"technique": "T1036"}, {"technique": "T1036.005"}],
        },
    ]
    assert alert["entityMappings"]["hosts"] == [
        {"deviceIdColumn": "DeviceId", "nameColumn": "DeviceName"}
    ]
    assert alert["entityMappings"]["accounts"] == [
        {
            "nameColumn": "AccountName",
            "ntDomainColumn": "AccountDomain",
            "sidColumn": "AccountSid",
            "upnColumn": "AccountUpn",
            "aadUserIdColumn": "AccountObjectId",
        },
        {
            "nameColumn": "InitiatingProcessAccountName",
            "ntDomainColumn": "InitiatingProcessAccountDomain",
            "sidColumn": "InitiatingProcessAccountSid",
            "upnColumn": "InitiatingProcessAccountUpn",
            "aadUserIdColumn": "InitiatingProcessAccountObjectId",
        },
    ]
    assert alert["entityMappings"]["files"] == [
        {"nameColumn": "FileName", "sha1Column": "SHA1", "sha256Column": "SHA256"}
    ]


MAIL = """
title: Mail From Outside
id: 6b0f4f6a-0c41-4d2c-9d0e-0c8f3f5d7a11
level: medium
logsource: {product: defender, service: emailevents}
detection:
  sel: {Subject|contains: invoice, EmailDirection: Inbound}
  condition: sel
"""


def test_mail_names_mailboxes_and_messages(
    export_rules: Callable[..., Any], valid: Callable[..., None]
) -> None:
    rule = json.loads(export_rules("defender-rules", MAIL).only)
    valid("defender_rule", rule)
    assert rule["detectionAction"]["alertTemplate"]["entityMappings"] == {
        "mailboxes": [{"primaryAddressColumn": "RecipientEmailAddress"}],
        "mailMessages": [
            {
                "networkMessageIdColumn": "NetworkMessageId",
                "recipientColumn": "RecipientEmailAddress",
                "senderColumn": "SenderFromAddress",
                "subjectColumn": "Subject",
            }
        ],
    }


def test_a_table_without_the_columns_is_refused(
    export_rules: Callable[..., Any],
) -> None:
    """A table of Sentinel has neither Timestamp nor ReportId."""
    done = export_rules("defender-rules", target="sentinel")
    assert done.files == {}
    (problem,) = done.problems
    assert problem.code == "export-columns"
    assert problem.message == (
        "Event lacks Timestamp, ReportId, which a custom detection must return"
    )


@pytest.mark.parametrize(
    ("every", "runs"),
    [("5m", "1h"), ("1h", "1h"), ("2h", "1h"), ("6h", "3h"), ("12h", "12h"), ("1d", "1d")],
)
def test_frequencies_are_never_less_often(every: str, runs: str) -> None:
    assert frequency(Duration.parse(every)) == Duration.parse(runs)
