"""What a catalogue is made with."""

from __future__ import annotations

from typing import NamedTuple


class Recipe(NamedTuple):
    """What a catalogue is made with: targets, the user's pipelines, and the folder of rules."""

    targets: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    folder: str = ""
