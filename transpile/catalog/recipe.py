"""What a catalogue is made with."""

from __future__ import annotations

from typing import NamedTuple


class Recipe(NamedTuple):
    """Targets, the user's pipelines and schema, and the folder of rules."""

    targets: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    folder: str = ""
    schema: str = ""
