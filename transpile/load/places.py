"""Where in its file each detection item stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from sigma.exceptions import SigmaRuleLocation

from transpile.query import Place


@dataclass
class ItemLocation(SigmaRuleLocation):
    """pySigma's location of a detection item, with the place of each of its values.

    pySigma carries it along as the item's `source`, through copies and pipelines.
    """

    values: tuple[Place, ...] = field(default=(), compare=False)

    @property
    def place(self) -> Place | None:
        """The place of the item's key, if it is known."""
        if self.line is None:
            return None
        return Place(self.line, self.char or 1)
