"""A difference in words, the same in every report."""

from __future__ import annotations

from collections.abc import Iterable

from transpile.check.drift import Cause, Drift, Kind

SAID = {
    Kind.CHANGED: "is not what the rules give now",
    Kind.MISSING: "is not there",
    Kind.ORPHANED: "is given by no rule",
    Kind.LEFTOVER: "is a temporary file",
    Kind.LOCK: "can't be read",
}


def sentence(drift: Drift) -> str:
    """What differs and why, on one line."""
    return f"{drift.name} {SAID[drift.kind]}: {'; '.join(map(text_of, drift.causes))}"


def text_of(cause: Cause) -> str:
    """A cause, with its place where it has one."""
    return f"{cause.text} ({cause.path}:{cause.line})" if cause.path else cause.text


def place(drift: Drift, out: str) -> tuple[str, int]:
    """Where to point at: at the rule if that made the difference, or else at the file."""
    pointed = (cause for cause in drift.causes if cause.path)
    first = next(pointed, None)
    return (first.path, first.line) if first else (f"{out.rstrip('/')}/{drift.name}", 1)


def counted(drifts: Iterable[Drift]) -> str:
    """How many of each kind."""
    kinds = [drift.kind for drift in drifts]
    return ", ".join(f"{kinds.count(kind)} {kind.value}" for kind in Kind if kind in kinds)
