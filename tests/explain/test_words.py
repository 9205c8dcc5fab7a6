"""Sentences, compared with those that were read and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.explain.explainer import Explainer
from transpile.load.rules import Rule, load

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "words"
RULES = (
    "base64-offset",
    "cased-startswith-endswith",
    "cidr-ipv4",
    "compare-port-range",
    "condition-list",
    "condition-nested",
    "condition-not-all-of",
    "contains-all",
    "control-characters",
    "double-not",
    "empty-or-null",
    "exists-true",
    "fieldref-startswith",
    "keywords-and-fields",
    "list-of-maps",
    "neq",
    "or-of-nots",
    "process-creation-full",
    "re-two-flags",
    "time-hour-gte",
    "wildcard-mixed",
    "windash",
    "wuauclt-network-connection",
)


@pytest.mark.parametrize("name", RULES)
def test_the_sentence(name: str, request: pytest.FixtureRequest) -> None:
    rule = next(load([str(ROOT / "golden" / name / "rule.yml")]))
    assert isinstance(rule, Rule)
    words = Explainer([]).explain(rule).words
    kept = KEPT / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        kept.write_text(words + "\n", "utf-8", newline="\n")
    assert kept.read_text("utf-8") == words + "\n"
