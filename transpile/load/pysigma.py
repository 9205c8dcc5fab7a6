"""Rules as pySigma's objects, where its pipelines need them, and back again.

Imported only where it is needed: pySigma's rules load its parser of conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigma.conditions import ConditionAND, ConditionOR
from sigma.exceptions import SigmaRuleLocation
from sigma.rule import (
    SigmaDetection,
    SigmaDetectionItem,
    SigmaDetections,
    SigmaLogSource,
    SigmaRule,
)

from transpile.load.definitions import Detection, Detections, Item
from transpile.load.detections import kind
from transpile.load.modifiers import PUBLISHED
from transpile.load.places import ItemLocation
from transpile.query import Place


def fault(key: str, value: Any) -> str | None:
    """What pySigma has against one field of the metadata, in its words."""
    try:
        _, errors = SigmaRule.from_dict_common_params(
            {"title": "title", key: value}, collect_errors=True
        )
    except Exception:  # a value of an odd type
        return f"this must not be {kind(value)}"
    return str(errors[0].args[0]) if errors else None


def metadata(document: Mapping[Any, Any]) -> tuple[dict[str, Any], bool]:
    """The metadata as pySigma reads it, and whether it has anything against it.

    What it can't read at all is left out.
    """
    known = {key: value for key, value in document.items() if isinstance(key, str)}
    try:
        read, errors = SigmaRule.from_dict_common_params(known, collect_errors=True)
    except Exception:  # a value of an odd type
        known = {key: value for key, value in known.items() if fault(key, value) is None}
        read, _ = SigmaRule.from_dict_common_params(known, collect_errors=True)
        return read, True
    return read, bool(errors)


def rule(document: Mapping[Any, Any], title: str, detections: Detections, path: str) -> SigmaRule:
    """The rule of a document whose detections have been read.

    Of the fields that it lists only names are given on: pipelines look each up.
    """
    read, _ = metadata(document)
    fields = read["fields"] if isinstance(read["fields"], list) else []
    location = Path(path)
    return SigmaRule(
        **read | {"title": title, "fields": [one for one in fields if isinstance(one, str)]},
        logsource=SigmaLogSource.from_dict(document["logsource"]),
        detection=SigmaDetections(
            {name: _detection(one, location) for name, one in detections.named.items()},
            list(detections.conditions),
        ),
    )


def _detection(detection: Detection, path: Path) -> SigmaDetection:
    parts = [
        _item(part, path) if isinstance(part, Item) else _detection(part, path)
        for part in detection.parts
    ]
    return SigmaDetection(parts, _location(path, detection.place, ()))


def _item(item: Item, path: Path) -> SigmaDetectionItem:
    modifiers = [PUBLISHED.get(one, one) for one in item.modifiers]
    made = SigmaDetectionItem(
        item.field,
        modifiers,
        list(item.values),
        ConditionAND if item.every else ConditionOR,
        item.negated,
        _location(path, item.place, tuple(item.places)),
        auto_modifiers=False,
    )
    made.original_value = list(item.written)
    return made


def _location(path: Path, place: Place | None, values: tuple[Place, ...]) -> ItemLocation:
    if place is None:
        return ItemLocation(path, values=values)
    return ItemLocation(path, place.line, place.column, values)


def detections(rule: SigmaRule) -> Detections:
    """The detections and conditions of a rule as it is now."""
    named = {name: _read(one) for name, one in rule.detection.detections.items()}
    # Pipelines change the parsed conditions, not the list of texts beside them.
    return Detections(named, [one.condition for one in rule.detection.parsed_condition])


def _read(detection: SigmaDetection) -> Detection:
    parts = [
        _read_item(part) if isinstance(part, SigmaDetectionItem) else _read(part)
        for part in detection.detection_items
    ]
    return Detection(parts, detection.item_linking is ConditionAND, _place(detection.source))


def _read_item(item: SigmaDetectionItem) -> Item:
    source = item.source
    places = source.values if isinstance(source, ItemLocation) else ()
    every = item.value_linking is ConditionAND
    return Item(item.field, item.modifiers, item.value, every, item.negated, _place(source), places)


def _place(source: SigmaRuleLocation | None) -> Place | None:
    return source.place if isinstance(source, ItemLocation) else None
