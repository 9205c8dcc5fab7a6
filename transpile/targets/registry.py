"""The targets that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transpile.targets.target import Target

_PACKAGE = "transpile.targets"
_TARGETS: Mapping[str, tuple[str, str]] = {
    "splunk": ("splunk", "spl"),
    "splunk-cim": ("splunk", "spl"),
    "sentinel": ("sentinel", "kql"),
    "sentinel-securityevent": ("sentinel", "kql"),
    "sentinel-event": ("sentinel", "kql"),
    "defender": ("defender", "kql"),
    "asim": ("asim", "kql"),
    "elastic-eql": ("elastic", "eql"),
    "elastic-lucene": ("elastic", "lucene"),
    "elastic-dsl": ("elastic", "json"),
    "elastic-agent-eql": ("elastic", "eql"),
    "elastic-agent-lucene": ("elastic", "lucene"),
    "elastic-agent-dsl": ("elastic", "json"),
}
"""for each target the module whose TARGETS holds it, and the ending of its files (without a dot)"""

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
    targets: Mapping[str, Target] = import_module(MODULES[name]).TARGETS
    return targets[name]
