"""Whether the metadata of a rule is in order.

pySigma judges metadata. Most rules have nothing that it could say anything against, which is seen
here at less cost; all that is doubtful is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STATUSES = frozenset(("unsupported", "deprecated", "experimental", "test", "stable"))
_LEVELS = frozenset(("informational", "low", "medium", "high", "critical"))
_RELATIONS = frozenset(("correlation", "derived", "merged", "obsolete", "renamed", "similar"))
_TEXTS = ("author", "description", "license")
_LISTS = ("fields", "falsepositives", "references", "scope")
_LONGEST_TITLE = 256


def is_in_order(document: Mapping[Any, Any]) -> bool:
    """Whether pySigma surely has nothing against the metadata."""
    get = document.get
    title = get("title")
    return (
        isinstance(title, str)
        and 0 < len(title) <= _LONGEST_TITLE
        and all(isinstance(get(key), (str, type(None))) for key in _TEXTS)
        and all(isinstance(get(key), (list, type(None))) for key in _LISTS)
        and all(_is_date(get(key)) for key in ("date", "modified"))
        and _is_one_of(get("status"), _STATUSES)
        and _is_one_of(get("level"), _LEVELS)
        and _is_id(get("id"))
        and ("name" not in document or _is_filled(get("name")))
        and ("taxonomy" not in document or _is_filled(get("taxonomy")))
        and _are_tags(get("tags"))
        and _are_related(get("related"))
    )


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_date(value: Any) -> bool:
    return value is None or isinstance(value, date)


def _is_one_of(value: Any, known: frozenset[str]) -> bool:
    return value is None or (isinstance(value, str) and value in known)


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str) and _UUID.fullmatch(value) is not None)


def _are_tags(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(tag, str) and "." in tag for tag in value)
    )


def _are_related(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and all(
            isinstance(item, dict)
            and isinstance(item.get("id"), str)
            and _is_id(item["id"])
            and isinstance(item.get("type"), str)
            and item["type"] in _RELATIONS
            for item in value
        )
    )
