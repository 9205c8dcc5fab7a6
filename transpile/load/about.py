"""What a rule says of itself, for those who read it in a SIEM or in a catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from transpile.values import dataclass

LEVELS = ("informational", "low", "medium", "high", "critical")
SETTINGS_KEY = "sigma-transpile"
"""the key of a rule that holds its own settings for exports"""
PARTS = ("detection", "logsource", "title", "description", "level", "tags", SETTINGS_KEY, "other")
"""what the parts of a digest are of; the last is all other keys together"""


@dataclass(frozen=True, slots=True)
class About:
    """The metadata of a rule, with what has an odd type left out.

    `level` is one of LEVELS or empty; `date` and `modified` are written as YYYY-MM-DD. `settings`
    is the content of the key `sigma-transpile`, whatever it is. `digest` has a part for each of
    PARTS, the same for files that say the same, whatever their layout and comments.
    """

    description: str = ""
    level: str = ""
    status: str = ""
    author: str = ""
    date: str = ""
    modified: str = ""
    license: str = ""
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    product: str = ""
    category: str = ""
    service: str = ""
    settings: Any = None
    digest: str = ""


def about(document: Mapping[str, Any]) -> About:
    """What the document of a rule says of it."""
    level = _text(document.get("level")).lower()
    logsource = document.get("logsource")
    if not isinstance(logsource, dict):
        logsource = {}
    return About(
        description=_text(document.get("description")),
        level=level if level in LEVELS else "",
        status=_text(document.get("status")).lower(),
        author=_text(document.get("author")),
        date=_text(document.get("date")),
        modified=_text(document.get("modified")),
        license=_text(document.get("license")),
        references=_texts(document.get("references")),
        false_positives=_texts(document.get("falsepositives")),
        tags=_texts(document.get("tags")),
        product=_text(logsource.get("product")),
        category=_text(logsource.get("category")),
        service=_text(logsource.get("service")),
        settings=document.get(SETTINGS_KEY),
        digest=_digest(document),
    )


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, values) if text)


def _digest(document: Mapping[str, Any]) -> str:
    """A hash of each part; keys and values may be of any type that YAML has, unlike JSON's."""
    others = {key: value for key, value in document.items() if key not in PARTS}
    parts = [*(document.get(key) for key in PARTS[:-1]), others]
    return "-".join(map(_hash, parts))


def _hash(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:8]
