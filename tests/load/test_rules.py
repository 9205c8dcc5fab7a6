"""Rules as they are read: places of values, collections, and the whole of a corpus."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetectionItem

from transpile.load.files import RuleFile
from transpile.load.places import ItemLocation
from transpile.load.rules import BrokenRule, Rule, load, load_text
from transpile.load.source import SourceText
from transpile.query import Place

RULE = """\
title: A
id: C649A6C7-CD8C-4A78-9C04-000FC76DF954
logsource:
  product: windows
detection:
  selection:
    Image|endswith:
      - '\\a.exe'
      - '\\b.exe'
    CommandLine|contains: x
  maps:
    - User: a
      Computer: b
    - User: c
  keywords:
    - one
    - two
  condition: selection and 1 of maps or keywords
"""

COLLECTION = """\
action: global
title: Shared
logsource:
  product: windows
  category: process_creation
detection:
  condition: selection
---
id: 11111111-1111-1111-1111-111111111111
detection:
  selection:
    Image: a.exe
---
action: repeat
id: 22222222-2222-2222-2222-222222222222
logsource:
  category: image_load
---
action: reset
---
title: Alone
logsource:
  product: linux
detection:
  selection:
    Image: b
  condition: selection
"""


def read(text: str) -> list[Rule | BrokenRule]:
    return list(load_text(SourceText("rule.yml", text), RuleFile("rule.yml", "rule.yml")))


def items(rule: Rule | BrokenRule, name: str) -> list[SigmaDetectionItem]:
    assert isinstance(rule, Rule)
    found: list[SigmaDetectionItem] = []
    pending = [rule.sigma.detection.detections[name]]
    while pending:
        for item in pending.pop(0).detection_items:
            if isinstance(item, SigmaDetectionItem):
                found.append(item)
            else:
                pending.append(item)
    return found


def places(rule: Rule | BrokenRule, name: str) -> list[tuple[Place | None, tuple[Place, ...]]]:
    locations = [item.source for item in items(rule, name)]
    return [(at.place, at.values) for at in locations if isinstance(at, ItemLocation)]


def test_every_value_has_its_place() -> None:
    (rule,) = read(RULE)
    assert places(rule, "selection") == [
        (Place(7, 5), (Place(8, 9), Place(9, 9))),
        (Place(10, 5), (Place(10, 27),)),
    ]
    assert places(rule, "maps") == [
        (Place(12, 7), (Place(12, 13),)),
        (Place(13, 7), (Place(13, 17),)),
        (Place(14, 7), (Place(14, 13),)),
    ]
    assert places(rule, "keywords") == [(Place(16, 5), (Place(16, 7), Place(17, 7)))]


def test_what_a_rule_holds() -> None:
    (rule,) = read(RULE)
    assert isinstance(rule, Rule)
    assert (rule.id, rule.title) == ("c649a6c7-cd8c-4a78-9c04-000fc76df954", "A")
    assert (rule.path, rule.position, rule.alone) == ("rule.yml", 1, True)
    assert rule.sigma.id == UUID(rule.id or "")
    assert list(rule.document["detection"]) == ["selection", "maps", "keywords", "condition"]


def test_detections_are_those_of_pysigma() -> None:
    (rule,) = read(RULE)
    assert isinstance(rule, Rule)
    (theirs,) = SigmaCollection.from_yaml(RULE).rules
    assert rule.sigma == theirs


def test_collections_are_merged_as_pysigma_does() -> None:
    rules = read(COLLECTION)
    theirs = SigmaCollection.from_yaml(COLLECTION).rules
    assert [rule.sigma.title for rule in rules if isinstance(rule, Rule)] == [
        "Shared",
        "Shared",
        "Alone",
    ]
    for rule, other in zip(rules, theirs, strict=True):
        assert isinstance(rule, Rule)
        assert rule.sigma.detection == other.detection
        assert rule.sigma.logsource == other.logsource
        assert rule.sigma.id == other.id
    assert [rule.position for rule in rules] == [1, 2, 3]


def test_places_survive_a_merge() -> None:
    first, second, _ = read(COLLECTION)
    assert places(first, "selection") == [(Place(12, 5), (Place(12, 12),))]
    assert places(second, "selection") == [(Place(12, 5), (Place(12, 12),))]


def test_merge_keys_and_aliases() -> None:
    text = RULE.replace("  maps:\n    - User: a\n", "  maps:\n    - &map\n      User: a\n").replace(
        "    - User: c\n", "    - <<: *map\n      User: c\n"
    )
    (rule,) = read(text)
    fields = [(item.field, str(item.value[0])) for item in items(rule, "maps")]
    assert fields == [("User", "a"), ("Computer", "b"), ("User", "c"), ("Computer", "b")]


def test_correlations_and_filters_leave_the_others_alone() -> None:
    text = RULE + "---\ntitle: C\ncorrelation:\n  type: event_count\n---\n" + RULE
    rules = read(text)
    assert [isinstance(rule, Rule) for rule in rules] == [True, False, True]


def test_time_grows_with_the_text_only() -> None:
    hostile = [
        "a: &a {k: v}\n"
        + "".join(
            f"{c}: &{c} {{<<: [{', '.join(['*' + p] * 9)}], k{c}: v}}\n"
            for p, c in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "[" * 500_000,
        "- " * 500_000 + "a",
        "? " * 500_000 + "a",
        RULE.replace("selection and", "(" * 20_000 + " and"),
        RULE.replace("selection and", " ".join(["selection and"] * 20_000)),
    ]
    for text in hostile:
        assert all(isinstance(rule, BrokenRule) for rule in read(text))


@pytest.mark.corpus
def test_corpus_has_no_problem(corpus: Path) -> None:
    rules = list(load([str(corpus)]))
    assert len(rules) == len(list(corpus.glob("**/*.yml")))
    assert [rule.path for rule in rules if not isinstance(rule, Rule) or rule.warnings] == []
