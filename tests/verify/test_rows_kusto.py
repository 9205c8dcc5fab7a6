"""How events stand in Kusto tables, and the rows of other kinds of event."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from transpile.targets.plan import LogSource
from transpile.targets.sentinel import TARGETS
from transpile.verify.foreign import foreign_rows
from transpile.verify.rows import NoRow, cells
from transpile.verify.rows_kusto import kusto_row


def stored(source: LogSource, event: Mapping[str, object]) -> dict[str, object]:
    plan = TARGETS["sentinel-windowsevent"].plan(source)
    return kusto_row(plan, cells(plan, event, list(event)))


def test_event_data_is_an_object_of_texts() -> None:
    event = {"Image": "a", "Threat Name": "b", "ProcessId": 5, "Level": 2}
    assert stored(LogSource("windows", "process_creation"), event) == {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "EventLevel": 2,
        "EventData": {"Image": "a", "Threat Name": "b", "ProcessId": "5"},
    }


def test_json_in_a_text_column() -> None:
    event = {"requestParameters.attribute": "userData", "eventName": "x"}
    assert stored(LogSource("aws", None, "cloudtrail"), event) == {
        "EventName": "x",
        "RequestParameters": '{"attribute": "userData"}',
    }


def test_a_value_of_the_scope_that_the_event_has_stays() -> None:
    event = {"EventID": 14, "TargetObject": "x"}
    assert stored(LogSource("windows", "registry_event"), event)["EventID"] == 14


@pytest.mark.parametrize("event", [{"EventID": "x"}, {"EventID": 99}])
def test_no_row(event: Mapping[str, object]) -> None:
    with pytest.raises(NoRow):
        stored(LogSource("windows", "process_creation"), event)


def test_foreign_rows_are_of_every_other_kind() -> None:
    row = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 12, "EventData": {"a": 1}}
    source = {"product": "windows", "category": "registry_delete"}
    others = [other for _, other in foreign_rows(source, "WindowsEvent", [row])]
    kinds = {(other["Channel"], other["EventID"]) for other in others}
    assert ("Microsoft-Windows-Sysmon/Operational", 13) in kinds
    assert ("Security", 4688) in kinds
    (created,) = [other for other in others if other["EventID"] == 12]
    assert created["EventData"] == {"a": 1, "EventType": "CreateKey"}


def test_all_of_windows_knows_no_foreign_rows() -> None:
    assert list(foreign_rows({"product": "windows"}, "WindowsEvent", [{"EventID": 1}])) == []


def test_parsers_return_events_of_other_types() -> None:
    source = {"product": "windows", "category": "registry_set"}
    others = [row for _, row in foreign_rows(source, "_Im_RegistryEvent", [{"RegistryKey": "a"}])]
    assert [other["EventType"] for other in others] == [
        "RegistryKeyCreated",
        "RegistryKeyDeleted",
        "RegistryKeyRenamed",
        "RegistryValueDeleted",
    ]
