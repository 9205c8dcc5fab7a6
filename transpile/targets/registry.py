"""The targets that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transpile.targets.target import Target

MODULES: Mapping[str, str] = {
    "splunk": "transpile.targets.splunk",
    "splunk-cim": "transpile.targets.splunk",
    "sentinel": "transpile.targets.sentinel",
    "sentinel-securityevent": "transpile.targets.sentinel",
    "sentinel-event": "transpile.targets.sentinel",
    "defender": "transpile.targets.defender",
    "asim": "transpile.targets.asim",
    "elastic-eql": "transpile.targets.elastic",
    "elastic-lucene": "transpile.targets.elastic",
    "elastic-dsl": "transpile.targets.elastic",
    "elastic-agent-eql": "transpile.targets.elastic",
    "elastic-agent-lucene": "transpile.targets.elastic",
    "elastic-agent-dsl": "transpile.targets.elastic",
}
"""which module's TARGETS holds a target; loaded only when it is asked for"""

_SUFFIXES = {"eql": "eql", "lucene": "lucene", "dsl": "json", "splunk": "spl", "cim": "spl"}
"""by the last part of a target's name; KQL is the ending of all others"""

DEFAULTS = ("splunk", "sentinel", "elastic-eql", "elastic-lucene")
"""one target for each of the four languages"""


class Ending(NamedTuple):
    """A target's name and the ending of its files, known without loading it."""

    name: str
    suffix: str


def ending(name: str) -> Ending:
    """The ending of this target's files."""
    return Ending(name, _SUFFIXES.get(name.rpartition("-")[2], "kql"))


def get(name: str) -> Target:
    """The target of this name; KeyError where there is none."""
    targets: Mapping[str, Target] = import_module(MODULES[name]).TARGETS
    return targets[name]
