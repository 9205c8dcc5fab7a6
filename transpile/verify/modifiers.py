"""Fields, modifiers and values of a detection as predicates (Sigma 2.1, modifiers appendix).

The modifiers apply in the order they are written. Each takes one draft of a value and returns
one or more; more than one are alternatives. ``all`` and ``neq`` concern the item as a whole.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Network, ip_network
from itertools import product

from transpile.values import dataclass
from transpile.verify.predicates import (
    Absent,
    Boolean,
    Cidr,
    Compare,
    Network,
    Number,
    Part,
    Predicate,
    Present,
    Regex,
    SameAs,
    Text,
    TimePart,
    Wild,
    text_of,
)
from transpile.verify.tree import Leaf, Node, NoMeaning, Not, all_of, any_of

_DASHES = "-/\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}"
_PARAMETER_DASH = re.compile(rf"\B[{_DASHES}]\b")
_PLACEHOLDER = re.compile(r"(?<!\\)%[^%]+%")
_WILDS = {"*": Wild.RUN, "?": Wild.ONE}


def item(key: str, values: object) -> Node:
    """One ``field|modifier|…: value or values`` of a map; an empty field name means keywords.

    Raises :class:`NoMeaning` for an unknown modifier or a value that a modifier can't take.
    """
    name, *modifiers = key.split("|")
    field = name or None
    listed = values if isinstance(values, list) else [values]
    if not listed:
        raise NoMeaning(f"{key}: the list of values is empty")
    steps = [modifier for modifier in modifiers if modifier not in ("all", "neq")]
    alternatives: list[Node] = []
    for value in listed:
        drafts = [_draft(key, value)]
        for step in steps:
            if field is None and step in _FIELD_ONLY:
                raise NoMeaning(f"{key}: {step} needs a field")
            drafts = [out for draft in drafts for out in _modify(key, step, draft)]
        alternatives.append(any_of([_leaf(key, field, draft.test) for draft in drafts]))
    linked = all_of(alternatives) if "all" in modifiers else any_of(alternatives)
    return Not(linked) if "neq" in modifiers else linked


def parse_text(text: str) -> tuple[Part, ...]:
    """The parts of a Sigma string (Sigma: Escaping).

    ``\\*``, ``\\?`` and ``\\\\`` are the plain second character; a backslash before anything else,
    or at the end, is itself.
    """
    parts: list[Part] = []
    plain = ""
    position = 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        if char == "\\" and following and following in "\\*?":
            plain += following
            position += 2
            continue
        if char in _WILDS:
            parts += [plain, _WILDS[char]] if plain else [_WILDS[char]]
            plain = ""
        else:
            plain += char
        position += 1
    return _tidy((*parts, plain))


def _tidy(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """*parts* without empty strings and without a ``*`` after a ``*``."""
    tidy: list[Part] = []
    for part in parts:
        if part == "" or (part is Wild.RUN and tidy and tidy[-1] is Wild.RUN):
            continue
        tidy.append(part)
    return tuple(tidy)


@dataclass(frozen=True)
class _Draft:
    """A value on its way through the modifiers."""

    raw: object
    test: Predicate
    untouched: bool = True
    octets: bool = False
    """The text stands for bytes, one character each."""


def _draft(key: str, value: object) -> _Draft:
    if value is None:
        return _Draft(value, Absent())
    if isinstance(value, bool):
        return _Draft(value, Boolean(value))
    if isinstance(value, int | float):
        return _Draft(value, Number(value))
    if isinstance(value, str):
        return _Draft(value, Text(parse_text(value)))
    raise NoMeaning(f"{key}: a value of type {type(value).__name__} has no meaning")


def _leaf(key: str, field: str | None, test: Predicate) -> Leaf:
    if field is not None:
        return Leaf(field, test)
    if isinstance(test, Number | Boolean):
        test = Text((text_of(test.value),))
    if isinstance(test, Text):
        return Leaf(None, replace(test, parts=_tidy((Wild.RUN, *test.parts, Wild.RUN))))
    if isinstance(test, Regex):
        return Leaf(None, test)
    raise NoMeaning(f"{key or 'keywords'}: null is no keyword")


def _modify(key: str, modifier: str, draft: _Draft) -> list[_Draft]:
    change = _MODIFIERS.get(modifier)
    if change is None:
        raise NoMeaning(f"{key}: unknown modifier {modifier!r}")
    try:
        return [replace(out, untouched=False) for out in change(draft)]
    except NoMeaning as error:
        raise NoMeaning(f"{key}: {modifier}: {error}") from error


def _text(draft: _Draft) -> Text:
    if isinstance(draft.test, Text):
        return draft.test
    if isinstance(draft.test, Number):
        return Text((text_of(draft.test.value),))
    raise NoMeaning("only a string can be modified so")


def _plain(draft: _Draft) -> str:
    text = _text(draft)
    if text.wildcards:
        raise NoMeaning("a string with wildcards can't be encoded")
    return "".join(part for part in text.parts if isinstance(part, str))


def _raw_text(draft: _Draft) -> str:
    if not draft.untouched or not isinstance(draft.raw, str):
        raise NoMeaning("only an unmodified string can be modified so")
    return draft.raw


def _anchor(draft: _Draft, how: str) -> list[_Draft]:
    test = draft.test
    if isinstance(test, SameAs):
        return [replace(draft, test=replace(test, how=how))]
    if isinstance(test, Regex) and how == "contains":
        return [draft]
    text = _text(draft)
    before = () if how == "startswith" else (Wild.RUN,)
    after = () if how == "endswith" else (Wild.RUN,)
    return [replace(draft, test=replace(text, parts=_tidy((*before, *text.parts, *after))))]


def _cased(draft: _Draft) -> list[_Draft]:
    if isinstance(draft.test, SameAs):
        return [replace(draft, test=replace(draft.test, cased=True))]
    return [replace(draft, test=replace(_text(draft), cased=True))]


def _regex(draft: _Draft) -> list[_Draft]:
    return [replace(draft, test=_compiled(Regex(_raw_text(draft))))]


def _regex_flag(draft: _Draft, flag: str) -> list[_Draft]:
    if not isinstance(draft.test, Regex):
        raise NoMeaning("only a regular expression has flags")
    return [replace(draft, test=_compiled(replace(draft.test, flags=draft.test.flags | {flag})))]


def _compiled(regex: Regex) -> Regex:
    try:
        regex.compiled  # noqa: B018 - compiling is the check
    except (re.error, OverflowError, RecursionError) as error:
        raise NoMeaning(f"{regex.pattern!r} is no regular expression: {error}") from error
    return regex


def _cidr(draft: _Draft) -> list[_Draft]:
    try:
        network: Network = ip_network(_raw_text(draft))
    except ValueError as error:
        raise NoMeaning(str(error)) from error
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            network = ip_network(f"{mapped}/{network.prefixlen - 96}")
    return [replace(draft, test=Cidr(network))]


def _windash(draft: _Draft) -> list[_Draft]:
    text = _text(draft)
    pieces: list[tuple[Part, ...]] = []
    for part in text.parts:
        if isinstance(part, Wild):
            pieces.append((part,))
            continue
        start = 0
        for found in _PARAMETER_DASH.finditer(part):
            pieces += [(part[start : found.start()],), tuple(_DASHES)]
            start = found.end()
        pieces.append((part[start:],))
    return [
        replace(draft, test=replace(text, parts=_joined(choice))) for choice in product(*pieces)
    ]


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return _tidy(tuple(joined))


def _utf16(draft: _Draft, order: str, mark: str = "") -> list[_Draft]:
    text = _text(draft)
    encoded = tuple(
        part if isinstance(part, Wild) else part.encode(f"utf-16-{order}").decode("latin-1")
        for part in text.parts
    )
    return [replace(draft, test=replace(text, parts=_joined((mark, *encoded))), octets=True)]


def _octets(draft: _Draft) -> bytes:
    return _plain(draft).encode("latin-1" if draft.octets else "utf-8")


def _base64(draft: _Draft) -> list[_Draft]:
    return [_encoded(draft, b64encode(_octets(draft)).decode())]


def _base64offset(draft: _Draft) -> list[_Draft]:
    """The characters that don't depend on the bytes around, for each of the three positions."""
    octets = _octets(draft)
    found = []
    for offset in range(3):
        encoded = b64encode(b"\0" * offset + octets).decode()
        first = -(-offset * 8 // 6)
        last = (offset + len(octets)) * 8 // 6
        if first >= last:
            raise NoMeaning("too short: in one position no character of the encoding is certain")
        found.append(_encoded(draft, encoded[first:last]))
    return found


def _encoded(draft: _Draft, text: str) -> _Draft:
    return replace(draft, test=replace(_text(draft), parts=_tidy((text,))), octets=False)


def _expand(draft: _Draft) -> list[_Draft]:
    test = draft.test
    texts = [test.pattern] if isinstance(test, Regex) else _text(draft).parts
    for part in texts:
        if isinstance(part, str) and (found := _PLACEHOLDER.search(part)):
            raise NoMeaning(f"the placeholder {found.group()} has no value")
    if isinstance(test, Regex):
        return [draft]
    parts = tuple(p.replace("\\%", "%") if isinstance(p, str) else p for p in _text(draft).parts)
    return [replace(draft, test=replace(_text(draft), parts=parts))]


def _compare(draft: _Draft, op: str) -> list[_Draft]:
    test = draft.test
    if isinstance(test, TimePart):
        return [replace(draft, test=replace(test, op=op))]
    if not isinstance(test, Number):
        raise NoMeaning("only a number can be compared")
    return [replace(draft, test=Compare(op, test.value))]


def _fieldref(draft: _Draft) -> list[_Draft]:
    name = _raw_text(draft)
    if not name or _text(draft).wildcards:
        raise NoMeaning(f"{name!r} is no field name")
    return [replace(draft, test=SameAs(_plain(draft)))]


def _exists(draft: _Draft) -> list[_Draft]:
    if not draft.untouched or not isinstance(draft.test, Boolean):
        raise NoMeaning("only true or false says whether a field exists")
    return [replace(draft, test=Present() if draft.test.value else Absent())]


def _time_part(draft: _Draft, part: str) -> list[_Draft]:
    if not draft.untouched or not isinstance(draft.test, Number):
        raise NoMeaning("only a number can be compared with a part of a date")
    return [replace(draft, test=TimePart(part, draft.test.value))]


_TIME_PARTS = ("minute", "hour", "day", "week", "month", "year")
_FIELD_ONLY = frozenset(
    ("startswith", "endswith", "cidr", "lt", "lte", "gt", "gte", "fieldref", "exists", *_TIME_PARTS)
)

_MODIFIERS: dict[str, Callable[[_Draft], list[_Draft]]] = {
    "contains": partial(_anchor, how="contains"),
    "startswith": partial(_anchor, how="startswith"),
    "endswith": partial(_anchor, how="endswith"),
    "cased": _cased,
    "re": _regex,
    "i": partial(_regex_flag, flag="i"),
    "ignorecase": partial(_regex_flag, flag="i"),
    "m": partial(_regex_flag, flag="m"),
    "multiline": partial(_regex_flag, flag="m"),
    "s": partial(_regex_flag, flag="s"),
    "dotall": partial(_regex_flag, flag="s"),
    "cidr": _cidr,
    "windash": _windash,
    "wide": partial(_utf16, order="le"),
    "utf16le": partial(_utf16, order="le"),
    "utf16be": partial(_utf16, order="be"),
    "utf16": partial(_utf16, order="le", mark="\xff\xfe"),
    "base64": _base64,
    "base64offset": _base64offset,
    "expand": _expand,
    "lt": partial(_compare, op="lt"),
    "lte": partial(_compare, op="lte"),
    "gt": partial(_compare, op="gt"),
    "gte": partial(_compare, op="gte"),
    "fieldref": _fieldref,
    "exists": _exists,
    **{part: partial(_time_part, part=part) for part in _TIME_PARTS},
}
