"""What rules mean: hand-written trees for what pySigma's rules say."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from sigma.exceptions import SigmaConditionError
from sigma.rule import SigmaRule

from transpile.ir.lower import lower
from transpile.ir.nodes import (
    Anchor,
    And,
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
    Wildcard,
)
from transpile.query import Refused

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
F = Field("F")


def meaning(detection: str) -> Node:
    """The meaning of a rule with these lines under `detection`."""
    lines = "\n".join(f"    {line}" for line in detection.strip().splitlines())
    return lower(
        SigmaRule.from_yaml(f"title: t\nlogsource:\n    category: c\ndetection:\n{lines}\n")
    )


def of_item(item: str) -> Node:
    return meaning(f"sel:\n    {item}\ncondition: sel")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("F: abc", Equals(F, "abc")),
        ("F: ''", Equals(F, "")),
        ("F: a*b", Glob(F, ("a", RUN, "b"))),
        ("F: a?b", Glob(F, ("a", ONE, "b"))),
        ("F: a**b", Glob(F, ("a", RUN, "b"))),
        ("F: '*'", Exists(F)),
        ("F: '?*'", Glob(F, (ONE, RUN))),
        (r"F: a\*b", Equals(F, "a*b")),
        (r"F: a\?b", Equals(F, "a?b")),
        (r"F: a\\*b", Glob(F, ("a\\", RUN, "b"))),
        (r"F: C:\x", Equals(F, r"C:\x")),
        (r"F: \\\\srv\x", Equals(F, r"\\srv\x")),
        (r"F|endswith: \cmd.exe", Glob(F, (RUN, r"\cmd.exe"))),
        ("F|startswith: ab", Glob(F, ("ab", RUN))),
        ("F|contains: ab", Glob(F, (RUN, "ab", RUN))),
        ("F|contains: ''", Exists(F)),
        ("F|cased: Ab", Equals(F, "Ab", cased=True)),
        ("F|contains|cased: Ab", Glob(F, (RUN, "Ab", RUN), cased=True)),
        ("F: null", IsNull(F)),
        ("F: 5", NumberEquals(F, 5)),
        ("F: 5.5", NumberEquals(F, 5.5)),
        ("F: '5'", Equals(F, "5")),
        ("F: true", BooleanEquals(F, True)),
        ("F|exists: true", Exists(F)),
        ("F|exists: false", Not(Exists(F))),
        ("F|lt: 5", Compare(F, Comparison.LT, 5)),
        ("F|lte: -5", Compare(F, Comparison.LTE, -5)),
        ("F|gt: 5", Compare(F, Comparison.GT, 5)),
        ("F|gte: 5", Compare(F, Comparison.GTE, 5)),
        ("F|neq: a", Not(Equals(F, "a"))),
        ("F|cidr: 10.0.0.0/8", Cidr(F, ip_network("10.0.0.0/8"))),
        ("F|cidr: fe80::/10", Cidr(F, ip_network("fe80::/10"))),
        (r"F|re: a\\b.*", Regex(F, r"a\\b.*")),
        ("F|re|i: ab", Regex(F, "ab", "i")),
        ("F|re|s|m|i: ab", Regex(F, "ab", "ims")),
        ("F|fieldref: G", SameAs(F, Field("G"))),
        ("F|fieldref|startswith: G", SameAs(F, Field("G"), Anchor.START)),
        ("F|fieldref|endswith: G", SameAs(F, Field("G"), Anchor.END)),
        ("F|minute: 5", TimePartCompare(F, TimePart.MINUTE, Comparison.EQ, 5)),
        ("F|week: 5", TimePartCompare(F, TimePart.WEEK, Comparison.EQ, 5)),
        ("F|hour|gte: 5", TimePartCompare(F, TimePart.HOUR, Comparison.GTE, 5)),
        ("F|base64: foo", Equals(F, "Zm9v")),
    ],
)
def test_values(item: str, expected: Node) -> None:
    assert of_item(item) == expected


def test_a_list_of_values_is_any_of_them_and_all_makes_it_each() -> None:
    assert of_item("F: [a, b]") == Or((Equals(F, "a"), Equals(F, "b")))
    assert of_item("F|contains|all: [a, b]") == And(
        (Glob(F, (RUN, "a", RUN)), Glob(F, (RUN, "b", RUN)))
    )


def test_an_expansion_stays_any_of_inside_all() -> None:
    node = of_item("F|windash|contains|all: [' -a', ' -b']")
    assert isinstance(node, And)
    assert [len(part.operands) for part in node.operands if isinstance(part, Or)] == [5, 5]
    dashes = {leaf.parts[1] for leaf in node.operands[0].operands}  # type: ignore[union-attr]
    assert dashes == {" -a", " /a", " \u2013a", " \u2014a", " \u2015a"}


def test_a_map_is_all_of_its_items_and_a_list_of_maps_any() -> None:
    assert meaning("sel:\n    F: a\n    G: b\ncondition: sel") == And(
        (Equals(F, "a"), Equals(Field("G"), "b"))
    )
    assert meaning("sel:\n    - F: a\n    - G: b\ncondition: sel") == Or(
        (Equals(F, "a"), Equals(Field("G"), "b"))
    )


def test_conditions() -> None:
    names = "s1:\n    F: a\ns2:\n    F: b\n_s3:\n    F: c\n"
    a, b, c = Equals(F, "a"), Equals(F, "b"), Equals(F, "c")
    assert meaning(f"{names}condition: s1 and not s2") == And((a, Not(b)))
    assert meaning(f"{names}condition: s1 or s2 and _s3") == Or((a, And((b, c))))
    assert meaning(f"{names}condition: (s1 or s2) and _s3") == And((Or((a, b)), c))
    assert meaning(f"{names}condition: 1 of s*") == Or((a, b))
    assert meaning(f"{names}condition: all of them") == And((a, b))
    assert meaning(f"{names}condition: not 1 of s*") == Not(Or((a, b)))
    assert meaning(f"{names}condition: not not s1") == a
    assert meaning(f"{names}condition:\n    - s1\n    - s2") == Or((a, b))


def test_keywords() -> None:
    assert meaning("sel:\n    - foo\n    - '*b*r*'\ncondition: sel") == Or(
        (Keyword(("foo",)), Keyword(("b", RUN, "r")))
    )
    assert meaning("sel:\n    '|all': [a, 5]\ncondition: sel") == And(
        (Keyword(("a",)), Keyword(("5",)))
    )


@pytest.mark.parametrize(
    ("detection", "code"),
    [
        ("sel:\n    F|expand: '%admins%'\ncondition: sel", "unresolved-placeholder"),
        ("sel:\n    - '*'\ncondition: sel", "empty-keyword"),
        ("sel:\n    - null\n    - a\ncondition: sel", "keyword-kind"),
        ("sel:\n    F: a\ncondition: 1 of other*", "empty-selection"),
    ],
)
def test_refusals(detection: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        meaning(detection)
    assert refused.value.reason.code == code


def test_an_unknown_detection_is_an_error() -> None:
    with pytest.raises(SigmaConditionError, match="other"):
        meaning("sel:\n    F: a\ncondition: sel and other")
