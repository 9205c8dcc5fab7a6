"""What the ATT&CK tags of a rule cover."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field

from transpile.attack.matrix import Tactic, Technique, retired, tactics, techniques
from transpile.values import dataclass

_NAMESPACE = "attack."
_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?")
_OTHER = re.compile(r"(s|g|m|c)\d{4}|ds\d{4}|dc\d{4}|det\d{4}")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a rule covers, in the order of the matrix and by id.

    `by_tactic` has each technique under those of its own tactics that the rule names; under all
    of its own where the rule names none of them. `others` are ids of software, groups, campaigns
    and the like, `unknown` the tags that ATT&CK doesn't have, as written, and `replaced` gives for
    each retired name or id what stands for it here.
    """

    by_tactic: tuple[tuple[Tactic, tuple[Technique, ...]], ...] = ()
    techniques: tuple[Technique, ...] = ()
    others: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tactics(self) -> tuple[Tactic, ...]:
        return tuple(tactic for tactic, _ in self.by_tactic)


def cover(tags: Iterable[str]) -> Coverage:
    """What the tags of a rule cover; tags of other namespaces than `attack.` are passed over."""
    reader = _TagReader()
    for tag in tags:
        if tag.lower().startswith(_NAMESPACE):
            reader.read(tag)
    return reader.coverage()


class _TagReader:
    def __init__(self) -> None:
        self._tactics: set[str] = set()
        self._split: list[str] = []
        self._techniques: set[str] = set()
        self._others: dict[str, None] = {}
        self._unknown: dict[str, None] = {}
        self._replaced: dict[str, tuple[str, ...]] = {}

    def read(self, tag: str) -> None:
        name = tag[len(_NAMESPACE) :].lower().replace("_", "-")
        if _TECHNIQUE.fullmatch(name):
            self._technique(tag, name.upper())
        elif _OTHER.fullmatch(name):
            self._others[name.upper()] = None
        else:
            self._tactic(tag, name)

    def _technique(self, tag: str, identifier: str) -> None:
        successor = retired()["techniques"].get(identifier)
        if successor is not None:
            self._replaced[identifier] = (successor,)
            identifier = successor
        if identifier in techniques():
            self._techniques.add(identifier)
        else:
            self._unknown[tag] = None

    def _tactic(self, tag: str, name: str) -> None:
        by_id = {tactic.id.lower(): key for key, tactic in tactics().items()}
        key = by_id.get(name) or retired()["spellings"].get(name, name)
        if key in tactics():
            self._tactics.add(key)
        elif key in retired()["tactics"]:
            self._split.append(key)
        else:
            self._unknown[tag] = None

    def coverage(self) -> Coverage:
        found = [techniques()[identifier] for identifier in sorted(self._techniques)]
        for name in self._split:
            parts = tuple(retired()["tactics"][name])
            meant = tuple(
                part for part in parts if any(part in technique.tactics for technique in found)
            )
            self._replaced[name] = meant or parts[:1]
            self._tactics.update(self._replaced[name])
        return Coverage(
            self._by_tactic(found),
            tuple(found),
            tuple(self._others),
            tuple(self._unknown),
            self._replaced,
        )

    def _by_tactic(
        self, found: list[Technique]
    ) -> tuple[tuple[Tactic, tuple[Technique, ...]], ...]:
        under: dict[str, list[Technique]] = {key: [] for key in self._tactics}
        for technique in found:
            named = [key for key in technique.tactics if key in self._tactics]
            for key in named or technique.tactics:
                under.setdefault(key, []).append(technique)
        return tuple(
            (tactic, tuple(under[key])) for key, tactic in tactics().items() if key in under
        )
