"""Log sources and their events."""

from __future__ import annotations

from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping
from sigma.pipelines.windows.windows import windows_generic_category_channel_mapping

from transpile.explain.event_table import events, subject
from transpile.ir.nodes import Field, Not, NumberEquals
from transpile.load.logsource import LogSource


def listed(*logsource: str | None) -> list[tuple[str, str]]:
    return [(one.provider, one.id) for one in events(LogSource(*logsource), None)]


def test_every_windows_category_has_its_events() -> None:
    for category, published in sysmon_generic_logsource_eventid_mapping.items():
        ids = {str(one) for one in (published if isinstance(published, list) else [published])}
        known = {number for name, number in listed("windows", category) if name == "Sysmon"}
        assert ids <= known, category
        assert all(
            one.title and one.channel for one in events(LogSource("windows", category), None)
        )
    for category, entry in windows_generic_category_channel_mapping.items():
        assert {number for _, number in listed("windows", category)} == {str(entry["EventID"])}


def test_process_creation() -> None:
    assert listed("windows", "process_creation") == [
        ("Sysmon", "1"),
        ("Microsoft-Windows-Security-Auditing", "4688"),
    ]


def test_a_service_has_the_events_that_the_rule_names() -> None:
    source = LogSource("windows", None, "security")
    (named,) = events(source, NumberEquals(Field("EventID"), 4624))
    assert (named.id, named.title) == ("4624", "An account was successfully logged on")
    (whole,) = events(source, Not(NumberEquals(Field("EventID"), 4624)))
    assert whole.id == ""


def test_other_log_sources() -> None:
    assert listed("aws", None, "cloudtrail") == [("AWS CloudTrail", "")]
    assert listed("macos", "process_creation")[0][0] == "macOS Endpoint Security"
    assert listed("nobody", "knows") == []
    assert subject(LogSource("nobody", "knows")) == "events of nobody knows"
