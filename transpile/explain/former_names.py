"""What tactics were called before the release of ATT&CK that the names here are of."""

from __future__ import annotations

from functools import cache

from transpile.attack import Tactic
from transpile.attack.matrix import retired


@cache
def former_name(tactic: Tactic) -> str:
    """The tactic that this one was part of: `Defense Evasion`; empty where there is none."""
    for old, parts in retired()["tactics"].items():
        if tactic.key in parts:
            return str(old).replace("-", " ").title()
    return ""
