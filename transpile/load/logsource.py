"""The log source of a rule: what it names of product, category and service."""

from __future__ import annotations

from typing import NamedTuple


class LogSource(NamedTuple):
    """The log source of a rule, without its free text."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def __str__(self) -> str:
        return ", ".join(
            f"{name}: {value}" for name, value in self._asdict().items() if value is not None
        )
