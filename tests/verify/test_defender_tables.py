"""Rules in the columns of Defender's own tables, and of logs whose events stand there, executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome
from transpile.verify.engines.pool import Engines
from transpile.verify.foreign import foreign_rows
from transpile.verify.session import Result, Session
from transpile.verify.trial import Finding

RULES = Path(__file__).parent / "rules"


def verified(name: str) -> list[tuple[Rule, Result]]:
    path = RULES / name
    rules = [one for one in load_file(RuleFile(str(path), name)) if isinstance(one, Rule)]
    with Engines() as engines:
        results = [result for (result,) in Session(["defender"], engines).verify(rules)]
    return list(zip(rules, results, strict=True))


@pytest.fixture(scope="module")
def own_tables() -> list[tuple[Rule, Result]]:
    return verified("defender_tables.yml")


def test_rules_in_own_columns_find_what_they_mean(own_tables: list[tuple[Rule, Result]]) -> None:
    assert own_tables
    for rule, result in own_tables:
        assert result.query.outcome is Outcome.EXACT, (rule.title, result.query.reasons)
        assert result.finding is Finding.EXACT, (rule.title, result.detail)
        assert result.must_find, rule.title


def test_logs_find_what_they_mean_and_no_other_kind() -> None:
    for rule, result in verified("defender_logs.yml"):
        codes = {reason.code for reason in result.query.reasons}
        assert codes <= {"other-platforms", "other-kinds", "other-record"}, rule.title
        assert result.finding is Finding.EXACT, (rule.title, result.detail)
        assert result.must_find, rule.title
        assert not result.foreign_hits, rule.title


@pytest.mark.parametrize(
    ("service", "table", "column"),
    [
        ("security", "DeviceLogonEvents", "ActionType"),
        ("threat_management", "AlertInfo", "ServiceSource"),
    ],
)
def test_there_are_rows_of_other_kinds(service: str, table: str, column: str) -> None:
    others = [row for _, row in foreign_rows({"service": service}, table, [{column: "x"}])]
    assert others


def test_every_row_of_an_own_table_is_of_its_log_source() -> None:
    source = {"product": "defender", "service": "devicelogonevents"}
    assert not list(foreign_rows(source, "DeviceLogonEvents", [{"ActionType": "x"}]))
