"""MITRE ATT&CK, carried with the program: tactics, techniques, and what a rule's tags cover.

coverage = cover(["attack.persistence", "attack.t1053.005"])
for tactic, techniques in coverage.by_tactic:
    print(tactic.id, tactic.name, [technique.id for technique in techniques])
"""

from __future__ import annotations

from transpile.attack.coverage import Coverage, cover
from transpile.attack.matrix import RELEASE, Tactic, Technique, tactics, techniques

__all__ = ["RELEASE", "Coverage", "Tactic", "Technique", "cover", "tactics", "techniques"]
