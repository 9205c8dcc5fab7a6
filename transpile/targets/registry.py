"""The targets that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transpile.targets.target import Target

_PACKAGE = "transpile.targets"
_TARGETS: Mapping[str, tuple[str, str]] = {
    "splunk": ("plans:splunk", "spl"),
    "splunk-cim": ("plans:splunk-cim", "spl"),
    "sentinel": ("sentinel", "kql"),
    "sentinel-securityevent": ("sentinel", "kql"),
    "sentinel-event": ("sentinel", "kql"),
    "defender": ("defender", "kql"),
    "asim": ("asim", "kql"),
    "elastic-eql": ("plans:elastic", "eql"),
    "elastic-lucene": ("plans:elastic", "lucene"),
    "elastic-dsl": ("plans:elastic", "json"),
    "elastic-agent-eql": ("plans:elastic-agent", "eql"),
    "elastic-agent-lucene": ("plans:elastic-agent", "lucene"),
    "elastic-agent-dsl": ("plans:elastic-agent", "json"),
}
"""for each target the module whose TARGETS holds it, or its `targets` of a folder of data, and the
ending of its files (without a dot)"""

MODULES: Mapping[str, str] = {name: f"{_PACKAGE}.{of}" for name, (of, _) in _TARGETS.items()}
"""which module's TARGETS holds a target; loaded only when it is asked for"""

DEFAULTS = ("splunk", "sentinel", "elastic-eql", "elastic-lucene")
"""one target for each of the four languages"""


class Ending(NamedTuple):
    """A target's name and the ending of its files, known without loading it."""

    name: str
    suffix: str


def ending(name: str) -> Ending:
    """The ending of this target's files."""
    return Ending(name, _TARGETS[name][1])


def get(name: str) -> Target:
    """The target of this name; KeyError where there is none."""
    path, _, folder = MODULES[name].partition(":")
    module = import_module(path)
    targets: Mapping[str, Target] = module.targets(folder) if folder else module.TARGETS
    return targets[name]
