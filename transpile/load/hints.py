"""Hints that name what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """A hint that names what is spelled alike; empty for nothing."""
    close = _closest(name, known)
    return f"did you mean {close!r}?" if close else ""


def misspelt(name: str, given: Iterable[object]) -> str:
    """A hint that one of the keys given may be meant as the one that is missing."""
    close = _closest(name, given)
    return f"{close!r} should read {name!r}" if close else ""


def instead_of(name: str, known: Iterable[object]) -> str:
    """A hint that names what is spelled alike, or else what there is; empty for nothing."""
    known = tuple(known)
    if hint := did_you_mean(name, known):
        return hint
    names = ", ".join(map(str, known))
    return f"there is {names}" if 0 < len(names) < 80 else ""


def _closest(name: str, known: Iterable[object]) -> str:
    lower = {str(k).lower(): str(k) for k in known}
    close = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[close[0]] if close else ""
