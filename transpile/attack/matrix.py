"""The enterprise matrix: its tactics in their order, and the techniques that serve them.

https://attack.mitre.org/matrices/enterprise/
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from transpile.values import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RELEASE = "19"
"""the release of ATT&CK that the data is of"""

_ORDER = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)


@dataclass(frozen=True, slots=True)
class Tactic:
    """What an attacker is after; `key` is its name in a Sigma tag: `credential-access`."""

    key: str
    id: str
    name: str

    @property
    def url(self) -> str:
        return f"https://attack.mitre.org/tactics/{self.id}/"


@dataclass(frozen=True, slots=True)
class Technique:
    """How an attacker gets there: `T1059`, or a sub-technique, `T1059.001`.

    `tactics` are the keys of those that it serves, in the order of the matrix.
    """

    id: str
    name: str
    tactics: tuple[str, ...]

    @property
    def parent(self) -> str | None:
        """The id of the technique that this is a sub-technique of."""
        technique, dot, _ = self.id.partition(".")
        return technique if dot else None

    @property
    def url(self) -> str:
        return f"https://attack.mitre.org/techniques/{self.id.replace('.', '/')}/"


@cache
def tactics() -> Mapping[str, Tactic]:
    """Every tactic by its key, in the order of the matrix."""
    known = _data()["tactics"]
    return {key: Tactic(key, known[key]["id"], known[key]["name"]) for key in _ORDER}


@cache
def techniques() -> Mapping[str, Technique]:
    """Every technique and sub-technique by its id, sorted."""
    return {
        identifier: Technique(
            identifier, entry["name"], tuple(sorted(entry["tactics"], key=_ORDER.index))
        )
        for identifier, entry in sorted(_data()["techniques"].items())
    }


@cache
def retired() -> Mapping[str, Mapping[str, Any]]:
    """What older releases knew: `tactics`, `spellings` of their keys, and `techniques`."""
    return tomllib.loads((files("transpile.attack") / "data/retired.toml").read_text("utf-8"))


@cache
def _data() -> Mapping[str, Any]:
    text = (files("transpile.attack") / "data/attack.json").read_text("utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content
