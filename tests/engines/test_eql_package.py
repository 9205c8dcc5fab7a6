"""The `eql` package's evaluator on the golden rules: where it differs from Elasticsearch, and why.

`evaluate` reads a query as Elasticsearch does, or with some of the package's ways. With none it
must find what the rules mean, with all what the package finds; so the ways are all there is.
`python -m tests.engines.test_eql_package` counts the differences for `docs/eql-engine.md`.
"""

from __future__ import annotations

import ipaddress
import operator
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from itertools import combinations

import pytest

from tests.test_golden import trials_in
from transpile.query import Outcome
from transpile.verify.engines import eql_syntax as syntax
from transpile.verify.engines.eql_package import EqlPackageEngine, nested
from transpile.verify.engines.errors import EngineError
from transpile.verify.trial import Trial

Row = Mapping[str, object]


class Way(Enum):
    """A way of the package that is not Elasticsearch's."""

    LINE_BREAK = "line-break-at-end"
    UNKNOWN = "unknown-under-not"
    NUMBER = "number-and-string"
    CASE = "case-ignored"
    PREFIX = "regex-of-a-start"
    QUESTION = "question-mark"
    FOLDING = "case-folding"
    MAPPED = "cidr-mapped"


PACKAGE = frozenset(Way)
ELASTICSEARCH: frozenset[Way] = frozenset()
COMPARE = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: syntax.Expression, row: Row, ways: frozenset[Way]) -> bool | None:
    """Whether the row is found; None is "unknown", of what is not there, a way of the package."""
    match expression:
        case syntax.Not(inner):
            truth = evaluate(inner, row, ways)
            return None if truth is None else not truth
        case syntax.And(inner):
            truths = {evaluate(one, row, ways) for one in inner}
            return False if False in truths else None if None in truths else True
        case syntax.Or(inner):
            truths = {evaluate(one, row, ways) for one in inner}
            return True if True in truths else None if None in truths else False
        case syntax.Comparison(syntax.Field(name), symbol, syntax.Literal(None)):
            return (name in row) is (symbol == "!=")
        case syntax.Comparison(syntax.Field(name), symbol, syntax.Literal(constant)):
            return _atom(row.get(name), symbol, (constant,), ways)
        case syntax.Predicate(syntax.Field(name), symbol, values):
            return _atom(row.get(name), symbol, _constants(values), ways)
        case syntax.Call("cidrMatch", _, (syntax.Field(name), *blocks)):
            return _in_networks(row.get(name), _constants(tuple(blocks)), ways)
    raise AssertionError(expression)


def _constants(values: tuple[syntax.Expression, ...]) -> tuple[syntax.Scalar, ...]:
    return tuple(one.value for one in values if isinstance(one, syntax.Literal))


def _atom(
    value: object, symbol: str, constants: tuple[syntax.Scalar, ...], ways: frozenset[Way]
) -> bool | None:
    if value is None:
        return None if Way.UNKNOWN in ways else False
    if isinstance(value, int) and isinstance(constants[0], str):
        if Way.NUMBER in ways:
            # `in` looks the value up in a set; all others are unknown for it
            return False if symbol.startswith("in") or Way.UNKNOWN not in ways else None
        value = str(value)
    if not isinstance(value, str):
        return any(COMPARE.get(symbol, operator.eq)(value, one) for one in constants)
    insensitive = Way.CASE in ways or symbol in (":", "in~", "like~", "regex~")
    return any(_matches(value, symbol, str(one), insensitive, ways) for one in constants)


def _matches(
    value: str, symbol: str, constant: str, insensitive: bool, ways: frozenset[Way]
) -> bool:
    flags = re.DOTALL | re.IGNORECASE if insensitive else re.DOTALL
    if symbol.startswith("regex"):
        match = re.match if Way.PREFIX in ways else re.fullmatch
        return bool(match(constant, value, flags))
    if insensitive and Way.FOLDING in ways:
        constant = constant.lower()
    elif insensitive:
        value, constant, flags = _folded(value), _folded(constant), re.DOTALL
    if symbol not in (":", "like", "like~"):
        return constant == (value.lower() if flags & re.IGNORECASE else value)
    pattern = re.escape(constant).replace(r"\*", ".*")
    if Way.QUESTION not in ways:
        pattern = pattern.replace(r"\?", ".")
    if Way.LINE_BREAK in ways:
        return bool(re.match(f"{pattern}$", value, flags))
    return bool(re.fullmatch(pattern, value, flags))


def _folded(text: str) -> str:
    """Lower case of ASCII letters only, as Lucene folds."""
    return "".join(one.lower() if one.isascii() else one for one in text)


def _in_networks(value: object, blocks: tuple[syntax.Scalar, ...], ways: frozenset[Way]) -> bool:
    if not isinstance(value, str):
        return False
    address = ipaddress.ip_address(value)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped and Way.MAPPED not in ways:
        address = mapped
    return any(address in ipaddress.ip_network(str(one), strict=False) for one in blocks)


def way_of(condition: syntax.Expression, row: Row, label: bool) -> str:
    """The fewest ways that alone make the difference; "" for none."""
    for size in range(1, len(Way) + 1):
        for some in combinations(Way, size):
            if bool(evaluate(condition, row, frozenset(some))) is not label:
                return " + ".join(way.value for way in some)
    return ""


def test_the_ways_are_all_there_is() -> None:
    trials = trials_in("eql", Outcome.EXACT)
    assert len(trials) >= 50
    for one, found in zip(trials, EqlPackageEngine().run(trials), strict=True):
        assert not isinstance(found, EngineError), found
        condition = syntax.parse(one.text).condition
        for position, (row, label) in enumerate(zip(one.rows, one.labels, strict=True)):
            assert bool(evaluate(condition, row, ELASTICSEARCH)) is label, (one.text, row)
            by_package = position in found
            assert bool(evaluate(condition, row, PACKAGE)) is by_package, (one.text, row)


def test_every_way_makes_a_difference() -> None:
    ways = {name for names, _, _ in differences() for name in names.split(" + ")}
    assert ways == {way.value for way in Way}


def test_a_query_that_the_package_refuses_is_an_error() -> None:
    (one, *_) = trials_in("eql", Outcome.EXACT)
    (found,) = EqlPackageEngine().run([replace(one, text="any where no_function(a)")])
    assert isinstance(found, EngineError)


def test_a_name_of_a_value_and_an_object_is_an_error() -> None:
    assert nested({"a.b": 1, "a.c": 2}) == {"a": {"b": 1, "c": 2}}
    for row in ({"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}):
        with pytest.raises(EngineError):
            nested(row)


def differences() -> Iterator[tuple[str, Trial, Row]]:
    """Each row on which the package differs from the rule, with the ways that make it so."""
    trials = trials_in("eql", Outcome.EXACT)
    for one, found in zip(trials, EqlPackageEngine().run(trials), strict=True):
        assert not isinstance(found, EngineError), found
        condition = syntax.parse(one.text).condition
        for position, (row, label) in enumerate(zip(one.rows, one.labels, strict=True)):
            if (position in found) is not label:
                yield way_of(condition, row, label), one, row


def main() -> None:
    events: Counter[str] = Counter()
    queries: dict[str, set[str]] = {}
    for ways, one, _ in differences():
        events[ways] += 1
        queries.setdefault(ways, set()).add(one.text)
    for ways, count in events.most_common():
        sys.stdout.write(f"{ways}: {count} events, {len(queries[ways])} queries\n")


if __name__ == "__main__":
    main()
