"""What a rule's tags cover, from the pages of attack.mitre.org."""

from __future__ import annotations

import pytest

from transpile.attack import Coverage, Technique, cover, tactics, techniques
from transpile.attack.matrix import retired


def placed(coverage: Coverage) -> dict[str, list[str]]:
    return {tactic.name: [t.id for t in found] for tactic, found in coverage.by_tactic}


def test_the_matrix_is_whole() -> None:
    assert [tactic.id for tactic in tactics().values()] == [
        *("TA0043", "TA0042", "TA0001", "TA0002", "TA0003", "TA0004", "TA0005", "TA0112"),
        *("TA0006", "TA0007", "TA0008", "TA0009", "TA0011", "TA0010", "TA0040"),
    ]
    assert techniques()["T1059.001"] == Technique("T1059.001", "PowerShell", ("execution",))
    assert techniques()["T1059.001"].parent == "T1059"
    assert techniques()["T1059"].parent is None
    assert techniques()["T1059.001"].url == "https://attack.mitre.org/techniques/T1059/001/"
    assert tactics()["stealth"].url == "https://attack.mitre.org/tactics/TA0005/"


def test_techniques_stand_under_their_own_tactics_whatever_the_order_of_tags() -> None:
    tags = ["attack.t1003.001", "attack.execution", "attack.t1059.001", "attack.credential-access"]
    assert placed(cover(tags)) == {"Execution": ["T1059.001"], "Credential Access": ["T1003.001"]}


def test_a_technique_of_several_tactics_stands_under_those_that_the_rule_names() -> None:
    # T1053 serves execution, persistence and privilege escalation.
    assert placed(cover(["attack.persistence", "attack.t1053.005"])) == {
        "Persistence": ["T1053.005"]
    }


def test_a_technique_whose_tactics_are_not_named_stands_under_all_of_its_own() -> None:
    assert placed(cover(["attack.impact", "attack.t1053.005"])) == {
        "Execution": ["T1053.005"],
        "Persistence": ["T1053.005"],
        "Privilege Escalation": ["T1053.005"],
        "Impact": [],
    }


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["attack.defense-evasion"], {"Stealth": []}),
        (["attack.defense_evasion", "attack.t1112"], {"Defense Impairment": ["T1112"]}),
        (["attack.defense-evasion", "attack.t1036"], {"Stealth": ["T1036"]}),
        (
            ["attack.t1036", "attack.t1562.001", "attack.defense-evasion"],
            {"Stealth": ["T1036"], "Defense Impairment": ["T1685"]},
        ),
        (["attack.ta0006"], {"Credential Access": []}),
        (["attack.command_and_control"], {"Command and Control": []}),
    ],
)
def test_older_names_are_resolved(tags: list[str], expected: dict[str, list[str]]) -> None:
    assert placed(cover(tags)) == expected


def test_what_was_replaced_is_told() -> None:
    coverage = cover(["attack.defense-evasion", "attack.t1070.001", "attack.t1086"])
    assert coverage.replaced == {
        "T1070.001": ("T1685.005",),
        "T1086": ("T1059.001",),
        "defense-evasion": ("defense-impairment",),
    }
    assert [t.id for t in coverage.techniques] == ["T1059.001", "T1685.005"]


def test_unknown_tags_are_reported_as_written() -> None:
    tags = ["attack.T9999", "attack.persistance", "attack.", "cve.2021.1", "attack.s0190"]
    coverage = cover(tags)
    assert coverage.unknown == ("attack.T9999", "attack.persistance", "attack.")
    assert coverage.others == ("S0190",)
    assert coverage.by_tactic == ()


def test_every_successor_is_alive_and_every_retired_id_is_not() -> None:
    for old, new in retired()["techniques"].items():
        assert old not in techniques()
        assert new in techniques()
    for old, parts in retired()["tactics"].items():
        assert old not in tactics()
        assert set(parts) <= set(tactics())
