"""The mapping of Splunk for hosts, web and network, held against what add-ons make of events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.splunk_hosts import (
    OF_SPLUNK,
    Witness,
    document,
    read_model,
    sourcetype_of,
    witnesses,
)
from transpile.ir.lower import lower
from transpile.ir.nodes import And, Equals, Keyword, Node, Not, Or
from transpile.ir.walk import leaves
from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome, Refused
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.plan import LogSource, Plan
from transpile.verify.engines.spl import Spl

MODEL = read_model()
WITNESSES = list(witnesses(MODEL))
GOLDEN = Path(__file__).parents[2] / "golden"
RAW = "_raw"


@cache
def _converter() -> Converter:
    return Converter(["splunk"])


def _rule(witness: Witness, selection: str, folder: Path) -> Rule:
    logsource = "".join(f"    {key}: {name}\n" for key, name in witness.logsource.items())
    path = folder / "rule.yml"
    path.write_text(
        f"title: T\nid: 0b5a6d5e-5f4e-4f5c-9a6b-1f2e3d4c5b6a\nlogsource:\n{logsource}"
        f"detection:\n    selection:\n{selection}    condition: selection\n",
        "utf-8",
    )
    (rule,) = load_file(RuleFile(str(path), path.name))
    assert isinstance(rule, Rule), rule
    return rule


def _rows(held: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with each value of the fields that have several: any of them may fit."""
    several = ([(k, v) for v in (x if isinstance(x, list) else [x])] for k, x in held.items())
    yield from (dict(row) for row in product(*several))


def _written(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    escaped = re.sub(r"\\(?=[\\*?]|$)|[*?]", r"\\\g<0>", text)
    return "'" + escaped.replace("'", "''") + "'"


def _selections(witness: Witness) -> Iterator[tuple[str, str, str]]:
    """For each field, and for a keyword of a line, what asks for it, and for something else."""
    for name, value in witness.event.items():
        for one in value if isinstance(value, list) else [value]:
            if name == RAW:
                word = str(one).rpartition(": ")[2]
                yield name, f"        - {_written(word)}\n", f"        - {_written(word + 'x')}\n"
            else:
                key = f"        {name}: "
                yield name, f"{key}{_written(one)}\n", f"{key}{_written(f'{one}9')}\n"


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_the_model_makes_of_an_event_what_a_search_gives(witness: Witness) -> None:
    made = document(MODEL[sourcetype_of(witness.document)], witness.event)
    added = {"name", "columns.event_type", "process", "pid"} - witness.event.keys()
    kept = {
        name: value
        for name, value in witness.document.items()
        if name not in OF_SPLUNK and name not in added - made.keys()
    }
    assert made == kept


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_what_an_event_has_is_found_in_its_document(witness: Witness, tmp_path: Path) -> None:
    for name, same, other in _selections(witness):
        (query,) = _converter().convert(_rule(witness, same, tmp_path)).queries
        assert query.text is not None, (name, query.reasons)
        assert _finds(query.text, witness), f"{name}: {query.text}"
        (query,) = _converter().convert(_rule(witness, other, tmp_path)).queries
        assert query.text is not None
        assert not _finds(query.text, witness), f"{name}: {query.text}"


def _finds(text: str, witness: Witness) -> bool:
    query = Spl.parse(text)
    return any(query.matches(row) for row in _rows(witness.document))


def test_a_dash_is_found_as_no_value(tmp_path: Path) -> None:
    asked = {"cs-referer": {"webserver"}, "cs-referrer": {"proxy"}}
    of = [w for w in WITNESSES if w.logsource.get("category") in ("webserver", "proxy")]
    assert len(of) >= 3
    for witness, (name, categories) in product(of, asked.items()):
        if witness.logsource["category"] in categories:
            (query,) = (
                _converter().convert(_rule(witness, f"        {name}: null\n", tmp_path)).queries
            )
            assert query.outcome is Outcome.EXACT
            assert _finds(query.text or "", witness)


# ------------------------------------------------------------- the names that queries ask for


def _files() -> list[Path]:
    """The golden rules, and those of a corpus beside the project where it is there."""
    corpora = (parent / "shared/corpus/rules" for parent in Path(__file__).parents)
    found = next((path for path in corpora if path.is_dir()), None)
    return [*GOLDEN.glob("*/rule.yml"), *(found.rglob("*.yml") if found else ())]


def _sourcetypes(plan: Plan) -> list[str]:
    """What the scope of a plan asks for, by the model's names."""
    found = []
    for leaf in (leaf for node in plan.scope for leaf in leaves(node)):
        if isinstance(leaf, Equals) and leaf.field.name == "sourcetype":
            found.append(leaf.value)
        if isinstance(leaf, Equals) and leaf.field.name == "tag":
            found.append(f"tag={leaf.value}")
    return found


@cache
def _known(sourcetypes: tuple[str, ...]) -> set[str]:
    """The fields that the model and the witnesses know of any of the sourcetypes."""
    of = {name: told for name, told in MODEL.items() if name in sourcetypes}
    known = {field for told in of.values() for field in told.get("fields", ())}
    for witness in WITNESSES:
        if sourcetype_of(witness.document) in of:
            known |= witness.document.keys()
    return known


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, (And, Or)):
        for operand in node.operands:
            yield from _names(operand)
    elif isinstance(node, Not):
        yield from _names(node.operand)
    elif not isinstance(node, Keyword):
        yield node.field.name


def _unknown(rule: Rule) -> Iterator[str]:
    """Names that a query asks for, and that nothing knows of its sourcetypes."""
    told = rule.sigma.logsource
    try:
        plan = registry.get("splunk").plan(LogSource(told.product, told.category, told.service))
        mapped = plan.map(lower(rule.sigma))
    except Refused:
        return
    sourcetypes = tuple(_sourcetypes(plan))
    told_so = any(reason.code == "ingested-otherwise" for reason in mapped.approximations)
    if mapped.refusals or told_so or not any(name in MODEL for name in sourcetypes):
        return
    known = _known(sourcetypes)
    yield from (name for name in _names(mapped.search.condition) if name not in known)


def test_queries_ask_for_fields_that_are_known() -> None:
    tried = 0
    for path in _files():
        if "product: windows" in path.read_text("utf-8"):
            continue
        for rule in load_file(RuleFile(str(path), path.name)):
            if isinstance(rule, Rule):
                tried += 1
                assert list(_unknown(rule)) == [], path
    assert tried >= 5


def test_each_entry_of_the_model_tells_where_it_was_read() -> None:
    for name, told in MODEL.items():
        assert told["kind"] in ("json", "pairs", "text"), name
        assert told["read"], name
