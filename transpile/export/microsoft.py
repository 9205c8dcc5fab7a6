"""What Sentinel and Defender have in common: severities, and ATT&CK in their spelling."""

from __future__ import annotations

from transpile.attack import Coverage, Technique
from transpile.export.entities import table

SEVERITIES = {
    "informational": "Informational",
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "critical": "High",
}


def tactics(coverage: Coverage) -> tuple[str, ...]:
    """The tactics that a rule covers, in the order of the matrix."""
    spelled = table("microsoft")["tactics"]
    return tuple(dict.fromkeys(spelled[tactic.key] for tactic in coverage.tactics))


def techniques(coverage: Coverage) -> tuple[str, ...]:
    """The techniques and subtechniques that a rule covers, sorted."""
    return tuple(sorted(set(filter(None, map(_known, coverage.techniques)))))


def by_tactic(coverage: Coverage) -> dict[str, tuple[str, ...]]:
    """The techniques below each tactic."""
    spelled = table("microsoft")["tactics"]
    below: dict[str, set[str]] = {}
    for tactic, found in coverage.by_tactic:
        below.setdefault(spelled[tactic.key], set()).update(filter(None, map(_known, found)))
    return {tactic: tuple(sorted(found)) for tactic, found in below.items()}


def _known(technique: Technique) -> str:
    renamed: dict[str, str] = table("microsoft")["techniques"]
    return renamed.get(technique.id, technique.id)


def shortened(text: str, longest: int) -> str:
    """The text, cut where it is too long."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
