"""The mapping of Elastic's targets, held against the documents that Elastic's own tests have.

What a rule asks of an event's field with the value that the event has must be found in the
document, and with another value it must not: or it is refused, or called approximate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from tests.witnesses.ingestion import MODEL
from tests.witnesses.test_ingestion import MODEL_READ, WITNESSES, Witness
from transpile.ir.nodes import (
    And,
    Equals,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Node,
    Not,
    Or,
    Type,
    Wildcard,
)
from transpile.targets import registry
from transpile.targets.plan import LogSource, Plan

TARGETS = ("elastic-lucene", "elastic-agent-lucene")
SUFFIX = ".caseless"
LIST = re.compile(r"\w+=[0-9A-F]+|%%\d+")
"""values that rules ask for in the middle of a text"""


def plan_of(witness: Witness, target: str) -> Plan:
    """The plan of the log source that has the event: in Sigma, 4688 is of the Security log, too."""
    source = LogSource("windows", None, "security")
    if witness.stream != "system.security":
        told = LOG_SOURCES[str(witness)]
        source = LogSource(told["product"], told.get("category"), told.get("service"))
    return registry.get(target).plan(source)


def _log_sources() -> Iterator[tuple[str, Mapping[str, str]]]:
    for file in sorted(MODEL.parent.glob("*.ndjson")):
        for line, text in enumerate(file.read_text("utf-8").splitlines(), 1):
            yield f"{file.stem}.ndjson:{line}", json.loads(text)["logsource"]


LOG_SOURCES = dict(_log_sources())


def sigma_name(witness: Witness, name: str) -> str:
    """The name that rules have for a field that Windows writes with spaces."""
    if witness.stream == "windows.windows_defender" and name not in MODEL_READ.system:
        return name.replace("_", "")
    return name


def questions(name: str, value: str) -> Iterator[tuple[str, FieldLeaf]]:
    """What rules ask about this value, each with the text that it stands for."""
    field = Field(name)
    if name in ("Hash", "Hashes", "AccessList"):
        for text in LIST.findall(value):
            yield text, Glob(field, (Wildcard.ANY_RUN, text, Wildcard.ANY_RUN))
    else:
        yield value, Equals(field, value)


def finds(node: Node, document: Mapping[str, Any]) -> bool:
    """Whether a query finds a document, by what Elasticsearch's types can tell."""
    if isinstance(node, (And, Or)):
        join = all if isinstance(node, And) else any
        return join(finds(operand, document) for operand in node.operands)
    if isinstance(node, Not):
        return not finds(node.operand, document)
    assert isinstance(node, (Equals, Glob, IsNull))
    held = document.get(_path(node.field))
    values = held if isinstance(held, list) else [] if held is None else [held]
    if isinstance(node, IsNull):
        return not values
    return any(_fits(node, value) for value in values)


def _path(field: Field) -> str:
    """The field of the document; a subfield in lower case must be one that the index has."""
    path = field.name.removesuffix(SUFFIX)
    if path != field.name:
        assert "caseless" in MODEL_READ.types[path].get("multi", {}), field.name
    return path


def _fits(leaf: Equals | Glob, value: Any) -> bool:
    if isinstance(leaf, Equals) and leaf.field.type is Type.IP:
        return ip_address(value) == _address(leaf.value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    parts = leaf.parts if isinstance(leaf, Glob) else (leaf.value,)
    runs = {Wildcard.ANY_RUN: ".*", Wildcard.ANY_ONE: "."}
    pattern = "".join(runs[p] if isinstance(p, Wildcard) else re.escape(p) for p in parts)
    flags = re.DOTALL if leaf.cased else re.DOTALL | re.IGNORECASE
    return re.fullmatch(pattern, text, flags) is not None


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None  # such a test is refused by every language


def _analysed(node: Node) -> bool:
    """Whether text is asked that is kept as words, of which no query can be exact."""
    if isinstance(node, (And, Or)):
        return any(map(_analysed, node.operands))
    return isinstance(node, (Equals, Glob)) and node.field.type is Type.TEXT


def faults(witness: Witness, target: str) -> Iterator[str]:
    """Fields that a query called exact asks of in the wrong place, or in the wrong form."""
    plan = plan_of(witness, target)
    dropped = {v for s in MODEL_READ.streams[witness.stream].steps for v in s.values}
    for name, held in witness.event.items():
        for value in held if isinstance(held, list) else [held]:
            if value == "" or value in dropped:
                continue
            for text, leaf in questions(sigma_name(witness, name), str(value)):
                mapped = plan.map(leaf)
                condition = mapped.search.condition
                if mapped.refusals or mapped.approximations or _analysed(condition):
                    continue
                told = f"{name} {text!r}: {', '.join(f.name for f in _asked(condition))}"
                if not finds(condition, witness.document):
                    yield f"{told}: not found"
                other = plan.map(_other(leaf))
                if not other.refusals and finds(other.search.condition, witness.document):
                    yield f"{told}: found for another value"


def _asked(node: Node) -> list[Field]:
    if isinstance(node, (And, Or)):
        return [field for operand in node.operands for field in _asked(operand)]
    return [node.field] if isinstance(node, (Equals, Glob)) else []


def _other(leaf: FieldLeaf) -> FieldLeaf:
    """The same question about a value that no event has."""
    assert isinstance(leaf, (Equals, Glob))
    if isinstance(leaf, Equals):
        return Equals(leaf.field, f"{leaf.value}9")
    text = str(leaf.parts[1])
    last = "1" if text[-1] != "1" else "2"
    return Glob(leaf.field, (leaf.parts[0], text[:-1] + last, leaf.parts[2]))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_what_an_event_has_is_found_where_the_document_has_it(
    witness: Witness, target: str
) -> None:
    assert list(faults(witness, target)) == []
