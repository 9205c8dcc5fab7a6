"""Which part of a rule a wrong query goes wrong on.

Each value of a detection is made a rule of its own, and so is its negation and each whole
detection. The first whose own query differs from its own meaning on the event is to blame; where
there is none, it is how the condition joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from yaml import MappingNode, Node, SequenceNode

from transpile.load import documents
from transpile.load.rules import Rule, load_text
from transpile.load.source import SourceText, place_of
from transpile.query import Place
from transpile.run.convert import Converter
from transpile.values import dataclass
from transpile.verify.reference import NoMeaning
from transpile.verify.shrink import Difference
from transpile.verify.trial import Engine, Finding, Trial, judge, trial

MAX_PARTS = 1_000


@dataclass(frozen=True)
class Blame:
    """A part of a rule, in the rule's words, and where it stands."""

    part: str
    place: Place | None = None


@dataclass(frozen=True)
class _Part:
    blame: Blame
    detection: object
    negated: bool = False


def blame(
    subjects: Sequence[tuple[Rule, Trial, Difference]], converter: Converter, engine: Engine
) -> list[Blame]:
    """The part to blame for each difference; the engine is asked once for all of them."""
    asked: list[tuple[int, Blame, Trial]] = [
        (number, part.blame, alone)
        for number, (rule, one, difference) in enumerate(subjects)
        for part in _parts(rule)[:MAX_PARTS]
        if (alone := _trial(rule, part, one, difference, converter)) is not None
    ]
    found: dict[int, Blame] = {}
    verdicts = judge([alone for _, _, alone in asked], engine)
    for (number, part_blame, _), verdict in zip(asked, verdicts, strict=True):
        if verdict.finding is not Finding.EXACT:
            found.setdefault(number, part_blame)
    return [found.get(n) or _condition(rule) for n, (rule, _, _) in enumerate(subjects)]


def _trial(
    rule: Rule, part: _Part, whole: Trial, difference: Difference, converter: Converter
) -> Trial | None:
    """The trial of a part alone, on the one event; None where it can't be said alone."""
    condition = "not part" if part.negated else "part"
    document = {
        "title": rule.title,
        "logsource": rule.document["logsource"],
        "detection": {"part": part.detection, "condition": condition},
    }
    source = SourceText(rule.path, yaml.safe_dump(document, allow_unicode=True))
    (loaded,) = load_text(source, rule.file)
    if not isinstance(loaded, Rule):
        return None
    for query in converter.convert(loaded).queries:
        if query.target == whole.query.target and query.text is not None:
            try:
                alone = trial(query, whole.plan, loaded.document, [difference.event])
            except NoMeaning:
                return None
            return alone if alone.rows else None
    return None


def _parts(rule: Rule) -> list[_Part]:
    detections = {
        str(name): value
        for name, value in rule.document["detection"].items()
        if name not in ("condition", "timeframe")
    }
    node = _detection_node(rule)
    values = [
        part for name, value in detections.items() for part in _values(value, _entry(node, name))
    ]
    wholes = [
        _Part(Blame(name, _place(_entry(node, name))), value) for name, value in detections.items()
    ]
    return [
        *values,
        *(_Part(part.blame, part.detection, negated=True) for part in values),
        *wholes,
        *(_Part(part.blame, part.detection, negated=True) for part in wholes),
    ]


def _values(value: Any, node: Node | None) -> Iterator[_Part]:
    """Each value of a detection with the field that it is for."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            yield from _item(str(key), held, _entry(node, str(key)))
    elif isinstance(value, list):
        for position, held in enumerate(value):
            yield from _values(held, _element(node, position))
    else:
        yield _Part(Blame(f"keyword {value!r}", _place(node)), [value])


def _item(key: str, held: Any, node: Node | None) -> Iterator[_Part]:
    listed = held if isinstance(held, list) else [held]
    # `all` is for a list.
    name = "|".join(word for word in key.split("|") if word != "all")
    for position, value in enumerate(listed):
        place = _place(_element(node, position) if isinstance(held, list) else node)
        detection = {name: value} if name else [value]
        yield _Part(Blame(f"{key}: {value!r}", place), detection)


def _condition(rule: Rule) -> Blame:
    condition = rule.document["detection"]["condition"]
    place = _place(_entry(_detection_node(rule), "condition"))
    return Blame(f"condition: {condition}", place)


def blame_logsource(rule: Rule) -> Blame:
    """The part to blame for finding events of another kind."""
    words = ", ".join(f"{key}: {value}" for key, value in rule.document["logsource"].items())
    return Blame(f"logsource: {words}", _place(_entry(_whole_node(rule), "logsource")))


def _detection_node(rule: Rule) -> Node | None:
    return _entry(_whole_node(rule), "detection")


def _whole_node(rule: Rule) -> Node | None:
    nodes = list(documents.compose(rule.source))
    whole = nodes[rule.position - 1] if len(nodes) >= rule.position else None
    return whole if isinstance(whole, Node) else None


def _entry(node: Node | None, key: str) -> Node | None:
    if isinstance(node, MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == key:
                found: Node = value_node
                return found
    return None


def _element(node: Node | None, position: int) -> Node | None:
    if isinstance(node, SequenceNode) and position < len(node.value):
        found: Node = node.value[position]
        return found
    return None


def _place(node: Node | None) -> Place | None:
    return place_of(node) if node is not None else None
