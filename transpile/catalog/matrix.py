"""The ATT&CK matrix of a catalogue, as a heat map and as a layer for MITRE's Navigator."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import NamedTuple

from transpile.attack import RELEASE, Tactic, Technique, tactics, techniques
from transpile.catalog.collection import Collection, is_hidden

_HEAT = (1, 3, 8, 20, 50)
"""from how many rules on a cell is how hot"""


class Cell(NamedTuple):
    """A technique under a tactic: `rules` are those of the technique and of its sub-techniques."""

    technique: Technique
    rules: int
    heat: int
    parts: tuple[Cell, ...]


class Column(NamedTuple):
    """A tactic with its techniques; `rules` are those that name it or cover one of them."""

    tactic: Tactic
    rules: int
    covered: int
    cells: tuple[Cell, ...]


def matrix(collection: Collection) -> list[Column]:
    """The matrix, with the rules that cover each cell; hidden rules don't count."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    whole: dict[str, set[str]] = defaultdict(set)
    for slug, rule in collection.rules.items():
        if is_hidden(rule):
            continue
        for tactic, covered in rule.attack.by_tactic:
            whole[tactic.key].add(slug)
            for technique in covered:
                found[tactic.key, technique.id].add(slug)
                if technique.parent is not None:
                    found[tactic.key, technique.parent].add(slug)
    columns = []
    for key, tactic in tactics().items():
        cells = tuple(_cells(key, found))
        covered_cells = sum(cell.rules > 0 for cell in cells)
        columns.append(Column(tactic, len(whole[key]), covered_cells, cells))
    return columns


def _cells(tactic: str, found: dict[tuple[str, str], set[str]]) -> list[Cell]:
    parts: dict[str, list[Cell]] = defaultdict(list)
    parents = []
    for technique in techniques().values():
        if tactic not in technique.tactics:
            continue
        if technique.parent is None:
            parents.append(technique)
        else:
            parts[technique.parent].append(_cell(technique, found[tactic, technique.id]))
    return [_cell(one, found[tactic, one.id], tuple(parts[one.id])) for one in parents]


def _cell(technique: Technique, rules: set[str], parts: tuple[Cell, ...] = ()) -> Cell:
    heat = sum(len(rules) >= limit for limit in _HEAT)
    return Cell(technique, len(rules), heat, parts)


def navigator_layer(collection: Collection, name: str) -> str:
    """A layer for the ATT&CK Navigator: each technique scored by its rules.

    The format is version 4.5 of github.com/mitre-attack/attack-navigator, layers/spec.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for slug, rule in collection.rules.items():
        if not is_hidden(rule):
            for technique in rule.attack.techniques:
                found[technique.id].add(slug)
    most = max((len(rules) for rules in found.values()), default=1)
    layer = {
        "name": name,
        "versions": {"attack": RELEASE, "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "Rules for each technique",
        "sorting": 3,
        "hideDisabled": False,
        "gradient": {"colors": ["#fff7e6", "#b3261e"], "minValue": 0, "maxValue": most},
        "techniques": [
            {"techniqueID": one, "score": len(found[one]), "showSubtechniques": "." in one}
            for one in sorted(found)
        ],
    }
    return json.dumps(layer, indent=1) + "\n"
