"""The indexes and tables that a configuration names, checked, with the log sources they are for."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_INDEX = re.compile(r"[a-z0-9_*][a-z0-9_*-]*")
"""https://help.splunk.com/splunk-enterprise/administer/manage-indexers-and-indexer-clusters/9.4/manage-indexes/create-custom-indexes"""

_MACRO = re.compile(r"`[A-Za-z0-9_-]+`")
"""https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/use-search-macros"""


class Mistake(NamedTuple):
    """A mistake in the value of a setting, and the keys that lead to it there."""

    keys: tuple[str, ...]
    message: str
    hint: str


def mistake_of_index(value: Any) -> Mistake | None:
    """A mistake in an index, or in one of a table of them by log sources."""
    named = {(key,): one for key, one in value.items()} if isinstance(value, dict) else {(): value}
    for keys, name in named.items():
        if keys and (mistake := _mistake_of_source(*keys)):
            return mistake
        if not _INDEX.fullmatch(name) and not _MACRO.fullmatch(name):
            message = f"{name!r} can be no name of an index"
            hint = "names are in small letters, digits, _ and -, with * for any text"
            return Mistake(keys, message, f"{hint}; search macros stand between backticks")
    return None


def mistake_of_windows(value: Any) -> Mistake | None:
    """A mistake in what has Windows events: a table, a list of them, or these by log sources."""
    from transpile.load.hints import instead_of  # noqa: PLC0415
    from transpile.targets.environment import TABLES  # noqa: PLC0415

    named = {(key,): one for key, one in value.items()} if isinstance(value, dict) else {(): value}
    for keys, one in named.items():
        if keys and (mistake := _mistake_of_windows_source(*keys)):
            return mistake
        for name in [one] if isinstance(one, str) else one:
            if name not in TABLES:
                hint = instead_of(name, tuple(TABLES)) or f"there are {', '.join(TABLES)}"
                return Mistake(keys, f"there is no table {name!r}", hint)
    return None


def _mistake_of_windows_source(key: str) -> Mistake | None:
    """A mistake in a service, a category or a channel of Windows; `*` is all others."""
    from transpile.load.hints import instead_of  # noqa: PLC0415
    from transpile.targets.environment import OTHERS  # noqa: PLC0415
    from transpile.targets.folder import windows_conditions  # noqa: PLC0415
    from transpile.targets.shown import log_sources  # noqa: PLC0415

    known = {OTHERS: None}
    for source, _ in log_sources():
        if source.product == "windows":
            known |= dict.fromkeys(one for one in (source.service, source.category) if one)
            channels = windows_conditions(source).get("Channel", ())
            known |= dict.fromkeys(map(str, channels))
    if key in known:
        return None
    hint = instead_of(key, tuple(known)) or "a log source is named as rules name it"
    message = f"windows has no service, no category and no channel {key!r}"
    return Mistake((key,), message, hint)


def _mistake_of_source(key: str) -> Mistake | None:
    """A mistake in PRODUCT, PRODUCT/SERVICE or PRODUCT/CATEGORY."""
    from transpile.load.hints import instead_of  # noqa: PLC0415
    from transpile.targets.shown import log_sources  # noqa: PLC0415

    sources = [source for source, _ in log_sources()]
    product, slash, part = key.partition("/")
    products = dict.fromkeys(source.product for source in sources if source.product)
    if product not in products:
        hint = instead_of(product, products) or "a log source is named as rules name it"
        return Mistake((key,), f"there is no product {product!r}", hint)
    parts = dict.fromkeys(
        one
        for source in sources
        if source.product == product
        for one in (source.service, source.category)
        if one
    )
    if slash and part not in parts:
        hint = instead_of(part, parts) or "a log source is named as rules name it"
        message = f"{product} has no service and no category {part!r}"
        return Mistake((key,), message, hint)
    return None
