"""What holds of every dialect: nothing is left unsaid, and nothing vanishes."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from itertools import count
from pathlib import Path

import pytest
import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

import backends
from backends.dialect import Dialect
from transpile.ir.lower import lower
from transpile.ir.nodes import (
    LEAVES,
    And,
    AnyLeaf,
    BooleanEquals,
    Cidr,
    Compare,
    Comparison,
    Equals,
    Exists,
    Field,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    TimePart,
    TimePartCompare,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.ir.simplify import map_leaves
from transpile.ir.walk import leaves
from transpile.query import Refused

DIALECTS = [backends.get(name) for name in ("spl", "kql", "eql", "lucene", "dsl")]
F, G = Field("alpha", Type.KEYWORD), Field("beta", Type.KEYWORD)
EXAMPLES: tuple[AnyLeaf, ...] = (
    Equals(F, "v"),
    Glob(F, ("v", Wildcard.ANY_RUN)),
    Regex(F, "v"),
    NumberEquals(F, 1),
    BooleanEquals(F, True),
    Cidr(F, ip_network("10.0.0.0/8")),
    Compare(F, Comparison.GT, 1),
    TimePartCompare(F, TimePart.HOUR, Comparison.EQ, 1),
    IsNull(F),
    Exists(F),
    SameAs(F, G),
    Keyword(("v",)),
)


def test_there_is_an_example_of_every_leaf() -> None:
    assert {type(example) for example in EXAMPLES} == set(LEAVES)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.NAME)
@pytest.mark.parametrize("leaf", EXAMPLES, ids=lambda leaf: type(leaf).__name__)
@pytest.mark.parametrize("negated", [False, True])
def test_every_leaf_is_said_or_refused(dialect: Dialect, leaf: AnyLeaf, negated: bool) -> None:
    written = dialect.write(Search(Not(leaf) if negated else leaf, table="Events"))
    assert (written.text is None) is bool(written.refusals)
    if written.text is not None and not isinstance(leaf, Keyword):
        assert "alpha" in written.text


def _distinct_fields(node: Node) -> Node:
    """The same tree with a field of its own in each leaf."""
    numbers = count()

    def rename(leaf: AnyLeaf) -> Node:
        if isinstance(leaf, Keyword):
            return Keyword((f"leaf{next(numbers)}x",))
        field = Field(f"leaf{next(numbers)}x", Type.STRING)
        if isinstance(leaf, SameAs):
            return replace(leaf, field=field, other=Field(f"leaf{next(numbers)}x", Type.STRING))
        return replace(leaf, field=field)

    return map_leaves(node, rename)


def _names(node: Node) -> set[str]:
    names: set[str] = set()
    for leaf in leaves(node):
        if isinstance(leaf, Keyword):
            names.update(str(part) for part in leaf.parts)
        else:
            names.add(leaf.field.name)
            if isinstance(leaf, SameAs):
                names.add(leaf.other.name)
    return names


def _rules() -> list[Path]:
    root = Path(__file__).parents[2]
    golden = sorted((root / "golden").glob("*/rule.yml"))
    return golden + sorted((root.parent / "shared" / "corpus" / "rules").rglob("*.yml"))


@cache
def _meanings() -> dict[str, Node]:
    """Each rule's meaning with a field of its own in each leaf, by the rule's file."""
    meanings: dict[str, Node] = {}
    for path in _rules():
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        with suppress(SigmaError, Refused):
            meanings[str(path)] = _distinct_fields(lower(SigmaRule.from_dict(document)))
    return meanings


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.NAME)
def test_no_leaf_of_any_rule_vanishes(dialect: Dialect) -> None:
    said = 0
    for path, node in _meanings().items():
        written = dialect.write(Search(node, table="Events"))
        if written.text is not None:
            said += 1
            assert set(re.findall(r"leaf\d+x", written.text)) == _names(node), path
    assert said > 50


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.NAME)
def test_deep_trees_are_written(dialect: Dialect) -> None:
    node: Node = Equals(F, "v")
    for level in range(60):
        other = Equals(Field(f"f{level}", Type.STRING), "v")
        node = Not(And((node, other))) if level % 2 else Or((node, other))
    assert dialect.write(Search(node, table="Events")).text
