"""The detections of a rule: pySigma's values, with their modifiers applied, and their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sigma.modifiers import SigmaModifier
from sigma.types import SigmaType

from transpile.query import Place
from transpile.values import dataclass

Modifier: TypeAlias = type[SigmaModifier[Any, Any]]


@dataclass(slots=True, eq=False)
class Item:
    """A field, or None for a keyword, and what it is looked for.

    `every` asks for all the values rather than for any of them. `place` is that of the key,
    `places` those of the values. `written` are the values before the modifiers.
    """

    field: str | None
    modifiers: Sequence[Modifier]
    values: list[SigmaType]
    every: bool = False
    negated: bool = False
    place: Place | None = None
    places: Sequence[Place] = ()
    written: Sequence[SigmaType] = ()

    def place_of_each(self, count: int) -> Sequence[Place | None]:
        """The places of so many values: their own where the file has as many, else the key's."""
        return self.places if len(self.places) == count else [self.place] * count


@dataclass(slots=True, eq=False)
class Detection:
    """What a name of the condition stands for; `every` asks for all of its parts."""

    parts: Sequence[Item | Detection]
    every: bool
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The detections of a rule by name, and its conditions, any of which must hold."""

    named: Mapping[str, Detection]
    conditions: Sequence[str]
