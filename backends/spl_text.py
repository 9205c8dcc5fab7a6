"""What search terms and `where` expressions of SPL have in common: names, strings, subnets.

The manual's pages are named in `backends.spl`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from transpile.ir.networks import MAPPED
from transpile.ir.nodes import Field, Network
from transpile.query import Place, Refused

_PLAIN_NAME = re.compile(r"(?!(?i:and|or|not|in|xor|by|where|from)\Z)[\w.]+", re.ASCII)
_UNSAYABLE_NAME = re.compile(r"""["'\\*`|\x00-\x1f\x7f]|\A\Z""")
_MODIFIERS = frozenset(
    (
        *("earliest", "latest", "_index_earliest", "_index_latest", "timeformat"),
        *("starttime", "endtime", "starttimeu", "endtimeu", "savedsearch", "savedsplunk"),
        *("eventtypetag", "hosttag"),
        *(f"{end}{unit}ago" for end in ("start", "end") for unit in ("days", "hours", "minutes")),
        *(f"{end}monthsago" for end in ("start", "end")),
        *(f"searchtimespan{unit}" for unit in ("days", "hours", "minutes", "months")),
    )
)
"""SEARCH, "Time options" and "Search modifiers": these before a `=` are no field"""


def nameable(field: Field) -> bool:
    """Whether a search can name the field at all."""
    return _is_nameable(field.name)


@lru_cache(maxsize=1024)  # the same few names over and over
def _is_nameable(name: str) -> bool:
    return not _UNSAYABLE_NAME.search(name) and name not in _MODIFIERS


def checked(field: Field, place: Place | None) -> str:
    """The field's name, or a refusal."""
    if not nameable(field):
        raise Refused("field-name", f"a search can't name the field {field.name!r}", place)
    return field.name


def search_name(field: Field, place: Place | None) -> str:
    """A field's name before an operator; in double quotes where it is no plain word."""
    return _spelled(checked(field, place))


@lru_cache(maxsize=1024)
def _spelled(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f'"{name}"'


def quoted(text: str) -> str:
    """BACKSLASH: `\\` and `"` take a backslash; nothing else is special between double quotes.

    Macros "inside of quoted values are not expanded" (Use search macros in searches), and `|` and
    `[` are text there (SEARCH, "Quotes and escaping characters").
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def decimal(number: int | float) -> str:
    """SEARCH: `=` compares text, so that `1` does not match `1.0`."""
    return str(int(number)) if number == int(number) else str(number)


def subnets(network: Network) -> tuple[str, ...]:
    """The network for both ways to write its addresses: IPv4 also mapped (RFC 4291, 2.5.5.2).

    A search compares addresses with IPv4 and with IPv6 subnets (SEARCH), each with its own.
    """
    if network == MAPPED:
        return ("::ffff:0:0/96",)  # which Python writes with dots from 3.13 on
    if network.version == 6:
        return (str(network),)
    return (str(network), f"::ffff:{network.network_address}/{96 + network.prefixlen}")


ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""how XML writes these characters"""
