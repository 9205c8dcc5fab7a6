"""The log source of a rule: what it names of product, category and service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class LogSource(NamedTuple):
    """The log source of a rule, without its free text."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def __str__(self) -> str:
        return ", ".join(
            f"{name}: {value}" for name, value in self._asdict().items() if value is not None
        )


def log_source(section: Mapping[Any, Any]) -> LogSource:
    """The log source that a rule's section describes.

    Raises:
        SigmaError: it names none of the three, or one that is no text.
    """
    named = [section.get(key) for key in ("product", "category", "service")]
    for value in (*named, section.get("definition")):
        if value is not None and not isinstance(value, str):
            break
    else:
        if any(value is not None for value in named):
            return LogSource(*named)
    # pySigma says what is wrong, and takes zero and false for no name.
    from sigma.rule.logsource import SigmaLogSource  # noqa: PLC0415 (takes 0.1 s)

    found = SigmaLogSource.from_dict(dict(section))
    return LogSource(found.product, found.category, found.service)
