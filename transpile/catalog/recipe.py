"""What a catalogue is made with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from transpile.targets.environment import Environment

if TYPE_CHECKING:
    from transpile.explain.explainer import Explainer


class Recipe(NamedTuple):
    """Targets, the folder of rules, and the user's pipelines, schema and installation."""

    targets: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    folder: str = ""
    schema: str = ""
    environment: Environment = ()


def explainer_of(recipe: Recipe) -> Explainer:
    """What explains rules by a recipe."""
    from transpile.explain.explainer import Explainer  # noqa: PLC0415 (loads pySigma)

    return Explainer(recipe.targets, recipe.pipelines, recipe.schema, recipe.environment)
