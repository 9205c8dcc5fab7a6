"""The reference meaning beside that of azuma, an evaluator of Sigma that is not of this project.

`python tests/verify/second_opinion.py RULES...` counts on the boundary events of every rule where
the two differ, by the class of the difference (docs/second-opinion.md says who is right and why).
"""

from __future__ import annotations

import copy
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import yaml
from azuma import Rule as AzumaRule
from azuma.parsers import apply_modifiers

from transpile.verify.events import boundary_events
from transpile.verify.reference import Meaning, NoMeaning

Document = Mapping[str, Any]
Event = Mapping[str, object]


@dataclass(frozen=True)
class Disagreement:
    """An event on which the two differ, the item that they differ on, and the class of it."""

    event: Event
    reference: bool
    azuma: bool | str
    item: str
    kind: str


def azuma_rule(document: Document) -> AzumaRule | None:
    """The rule for azuma; None where it does not support it."""
    try:
        return AzumaRule.model_validate(copy.deepcopy(dict(document)))
    except Exception:  # of pydantic, lark, azuma and regex
        return None


def opinion(rule: AzumaRule, event: Event) -> bool | str:
    """What azuma says of an event, or the name of what it raises."""
    try:
        return bool(rule.match(dict(event)))
    except Exception as error:  # from its lambdas
        return type(error).__name__


def disagreements(document: Document) -> Iterator[Disagreement]:
    """Where the two differ on the boundary events of a rule that both support."""
    with suppress(NoMeaning):
        meaning = Meaning.of(document)
        other = azuma_rule(document)
        if other is None:
            return
        for event in boundary_events(meaning):
            mine, its = meaning.matches(event), opinion(other, event)
            if mine != its:
                key, value = _item(document, event)
                kind = _kind(key, value, event) if key else _condition_kind(document)
                yield Disagreement(event, mine, its, key, kind)


def _item(document: Document, event: Event) -> tuple[str, object]:
    """The first item on which the two differ; an empty one where it is the condition."""
    for name, definition in document["detection"].items():
        if name in ("condition", "timeframe"):
            continue
        for key, value in _items(definition):
            detection = {"item": {key: value} if key else [value], "condition": "item"}
            alone = {"title": "x", "logsource": {"product": "x"}, "detection": detection}
            rule = azuma_rule(alone)
            if rule is None or Meaning.of(alone).matches(event) != opinion(rule, event):
                return key or "keywords", value
    return "", None


def _items(definition: object) -> Iterator[tuple[str, object]]:
    if isinstance(definition, Mapping):
        for key, held in definition.items():
            for value in held if isinstance(held, list) else [held]:
                yield str(key).replace("|all", ""), value
    elif isinstance(definition, list):
        for held in definition:
            yield from _items(held)
    else:
        yield "", definition


def _kind(key: str, value: object, event: Event) -> str:
    """What in an item, or in what the event holds, makes the difference."""
    field, *modifiers = ["", "contains"] if key == "keywords" else key.split("|")
    held = event.get(field)
    text = value if isinstance(value, str) else ""
    kinds = {
        "re-anchored": "re" in modifiers,
        "cidr-mapped": "cidr" in modifiers and _is_mapped(held),
        "cidr-no-address": "cidr" in modifiers,
        "pattern-as-text": isinstance(apply_modifiers(str(value), modifiers), str),
        "windash": "windash" in modifiers,
        "base64": "base64" in modifiers or "base64offset" in modifiers,
        "utf16-alone": bool({"utf16", "utf16le", "utf16be", "wide"} & {*modifiers}),
        "line-break-at-end": isinstance(held, str) and held.endswith("\n"),
        "escaped-backslash": "\\\\" in text,
        "full-case-folding": text.casefold() != text.lower(),
    }
    return next((kind for kind, holds in kinds.items() if holds), "other")


def _condition_kind(document: Document) -> str:
    """What differs where no item does."""
    definitions = [
        definition for name, definition in document["detection"].items() if name != "condition"
    ]
    if any(isinstance(one, Mapping) and "|all" in one for one in definitions):
        return "keywords-all"
    if re.search(r"\ball of\b", str(document["detection"]["condition"])):
        return "all-of-lists"
    return "condition"


def _is_mapped(held: object) -> bool:
    with suppress(ValueError):
        address = ip_address(str(held))
        return isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    return False


def main(paths: list[str]) -> None:
    """Count the classes over the rules of folders."""
    counts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    examples: dict[str, tuple[Path, Disagreement]] = {}
    for folder in paths:
        for path in sorted(Path(folder).rglob("*.yml")):
            document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            found = list(disagreements(document))
            counts.update(one.kind for one in found)
            rules.update({one.kind for one in found})
            for one in found:
                examples.setdefault(one.kind, (path, one))
    for kind, count in counts.most_common():
        path, one = examples[kind]
        line = f"{kind}: {count} events, {rules[kind]} rules; {path.name}: {one}\n"
        sys.stdout.write(line)


if __name__ == "__main__":
    main(sys.argv[1:])
