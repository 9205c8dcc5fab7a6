"""Annotations of GitHub Actions.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable

from transpile.check.drift import Drift
from transpile.check.reports.words import place, sentence


def commands(drifts: Iterable[Drift], out: str) -> str:
    """A command for each difference."""
    return "".join(_annotation(drift, out) for drift in drifts)


def _annotation(drift: Drift, out: str) -> str:
    path, line = place(drift, out)
    title = f"{drift.kind.value}: {drift.name}"
    return (
        f"::error file={_property(path)},line={line},title={_property(title)}"
        f"::{_data(sentence(drift))}\n"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
