"""The targets that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from transpile.targets.target import Target

MODULES: Mapping[str, str] = {
    "splunk": "transpile.targets.splunk",
    "splunk-cim": "transpile.targets.splunk",
    "sentinel": "transpile.targets.sentinel",
    "elastic-eql": "transpile.targets.elastic",
    "elastic-lucene": "transpile.targets.elastic",
    "elastic-dsl": "transpile.targets.elastic",
    "elastic-agent-eql": "transpile.targets.elastic",
    "elastic-agent-lucene": "transpile.targets.elastic",
    "elastic-agent-dsl": "transpile.targets.elastic",
}
"""which module's TARGETS holds a target; loaded only when it is asked for"""

DEFAULTS = ("splunk", "sentinel", "elastic-eql", "elastic-lucene")
"""one target for each of the four languages"""


def get(name: str) -> Target:
    """The target of this name; KeyError where there is none."""
    targets: Mapping[str, Target] = import_module(MODULES[name]).TARGETS
    return targets[name]
