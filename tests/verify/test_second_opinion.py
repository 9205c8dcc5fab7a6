"""Every difference from azuma on the golden rules is of a class that the specification settles.

docs/second-opinion.md tells them one by one.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from tests.verify.second_opinion import azuma_rule, disagreements

ROOT = Path(__file__).parents[2]
SETTLED = {
    "line-break-at-end",
    "re-anchored",
    "pattern-as-text",
    "escaped-backslash",
    "base64",
    "keywords-all",
    "all-of-lists",
    "cidr-mapped",
    "cidr-no-address",
    "utf16-alone",
    "windash",
    "full-case-folding",
}


def test_every_difference_is_settled() -> None:
    kinds: Counter[str] = Counter()
    compared = 0
    for path in sorted(ROOT.glob("golden/*/rule.yml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        compared += azuma_rule(document) is not None
        found = list(disagreements(document))
        assert {one.kind for one in found} <= SETTLED, (path, found[:2])
        kinds.update(one.kind for one in found)
    assert compared > 150
    assert kinds.keys() == SETTLED


def test_every_class_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "second-opinion.md").read_text("utf-8")
    assert [kind for kind in sorted(SETTLED) if f"`{kind}`" not in page] == []
