"""The value modifiers of a rule: pySigma's, and ours where they differ from the specification.

Sigma specification 2.1, appendix "Modifiers": the UTF-16 modifiers and Base64 work on bytes. Bytes
are carried as text with one character each (Latin-1) until Base64 takes them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from sigma.exceptions import SigmaModifierError, SigmaTypeError, SigmaValueError
from sigma.modifiers import (
    SigmaContainsModifier,
    SigmaEndswithModifier,
    SigmaListModifier,
    SigmaModifier,
    SigmaStartswithModifier,
    SigmaValueModifier,
    SigmaWindowsDashModifier,
    modifier_mapping,
)
from sigma.types import (
    SigmaExpansion,
    SigmaString,
    SigmaStringPartType,
    SigmaType,
    SpecialChars,
    char_mapping,
    sigma_type,
)

from transpile.load.definitions import Item, Modifier
from transpile.query import Place

_OTHER_DASH = re.compile("\\B[\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}]\\b")


class Utf16LittleEndian(SigmaValueModifier[SigmaString, SigmaString]):
    """`wide` and `utf16le`: two bytes a character, the low one first."""

    encoding: ClassVar[str] = "utf-16le"
    mark: ClassVar[str] = ""

    def modify(self, val: SigmaString) -> SigmaString:
        parts: list[SigmaStringPartType] = [
            part.encode(self.encoding).decode("latin-1") if isinstance(part, str) else part
            for part in val.s
        ]
        return _string([self.mark, *parts] if self.mark else parts)


class Utf16BigEndian(Utf16LittleEndian):
    """`utf16be`: two bytes a character, the high one first."""

    encoding = "utf-16be"


class Utf16WithMark(Utf16LittleEndian):
    """`utf16`: little-endian behind its byte order mark."""

    mark = "\xff\xfe"


class Base64(SigmaValueModifier[SigmaString, SigmaString]):
    """`base64`: the value as it stands at the start of encoded data."""

    def modify(self, val: SigmaString) -> SigmaString:
        return _string([b64encode(_bytes(self, val)).decode()])


class Base64Offset(SigmaValueModifier[SigmaString, SigmaExpansion]):
    """`base64offset`: the value as it stands inside encoded data, at each of three offsets.

    Of the characters at either end only those are kept that no neighbouring byte changes.
    """

    def modify(self, val: SigmaString) -> SigmaExpansion:
        data = _bytes(self, val)
        if len(data) < 2:
            raise SigmaValueError("one byte can't be found at every offset of encoded data")
        encoded: list[SigmaType] = []
        for offset in range(3):
            first = -(-8 * offset // 6)
            last = 8 * (offset + len(data)) // 6
            text = b64encode(bytes(offset) + data).decode()[first:last]
            encoded.append(_string([text]))
        return SigmaExpansion(encoded)


class WindowsDash(SigmaWindowsDashModifier):
    """`windash`: a dash before a parameter is any of five, whichever of them the rule has."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        parts = [_OTHER_DASH.sub("-", p) if isinstance(p, str) else p for p in val.s]
        return super().modify(_string(parts))


def string(text: str) -> SigmaString:
    """As pySigma reads a text: `*` and `?` are wildcards unless a backslash escapes them."""
    made = SigmaString.__new__(SigmaString)
    made.original = text
    made.s = [text] if text else []
    if _SPECIAL.search(text) is None:
        return made
    made.s = []
    literal = ""
    for token in _TOKENS.findall(text):
        if token in char_mapping:
            if literal:
                made.s.append(literal)
            made.s.append(char_mapping[token])
            literal = ""
        else:
            literal += token[1:] if len(token) == 2 and token in _ESCAPED else token
    if literal:
        made.s.append(literal)
    return made


_SPECIAL = re.compile(r"[\\*?]")
_ESCAPED = frozenset((r"\\", r"\*", r"\?"))
_TOKENS = re.compile(r"\\[\\*?]|[*?]|\\|[^\\*?]+")


def _around(value: SigmaString, *, before: bool, after: bool) -> SigmaString:
    """The text with `*` at its ends, where it has none."""
    parts = value.s
    if before and (not parts or parts[0] is not SpecialChars.WILDCARD_MULTI):
        parts = [SpecialChars.WILDCARD_MULTI, *parts]
    if after and (not parts or parts[-1] is not SpecialChars.WILDCARD_MULTI):
        parts = [*parts, SpecialChars.WILDCARD_MULTI]
    if parts is value.s:
        return value
    made = _string(parts)
    return made if len(value.s) < 2 else made._merge_strs()


class Contains(SigmaContainsModifier):
    """pySigma's `contains`, with a shorter way for plain text, like the two after it."""

    def apply(self, val: Any) -> Any:
        if type(val) is SigmaString:
            return [_around(val, before=True, after=True)]
        return super().apply(val)


class StartsWith(SigmaStartswithModifier):
    """`startswith`"""

    def apply(self, val: Any) -> Any:
        return (
            [_around(val, before=False, after=True)]
            if type(val) is SigmaString
            else super().apply(val)
        )


class EndsWith(SigmaEndswithModifier):
    """`endswith`"""

    def apply(self, val: Any) -> Any:
        return (
            [_around(val, before=True, after=False)]
            if type(val) is SigmaString
            else super().apply(val)
        )


class Every(SigmaListModifier[Any, Any]):
    """`all`: every value is asked for. pySigma's own loads its parser of conditions."""

    def modify(self, val: Any) -> Any:
        item: Any = self.detection_item
        item.every = True
        return val


def _bytes(modifier: SigmaModifier[Any, Any], value: SigmaString) -> bytes:
    if not all(isinstance(part, str) for part in value.s):
        raise SigmaValueError("text with wildcards can't be encoded")
    of_bytes = any(issubclass(one, Utf16LittleEndian) for one in modifier.applied_modifiers)
    return "".join(map(str, value.s)).encode("latin-1" if of_bytes else "utf-8")


def _string(parts: list[SigmaStringPartType]) -> SigmaString:
    string = SigmaString()
    string.s = parts
    return string


MODIFIERS: Mapping[str, Modifier] = {
    **modifier_mapping,
    "all": Every,
    "contains": Contains,
    "startswith": StartsWith,
    "endswith": EndsWith,
    "base64": Base64,
    "base64offset": Base64Offset,
    "utf16": Utf16WithMark,
    "utf16be": Utf16BigEndian,
    "utf16le": Utf16LittleEndian,
    "wide": Utf16LittleEndian,
    "windash": WindowsDash,
}

PUBLISHED: Mapping[Modifier, Modifier] = {
    MODIFIERS[name]: modifier_mapping[name]
    for name in ("all", "contains", "startswith", "endswith")
}
"""pySigma's own in place of ours that mean the same"""

_OF_TEXT = frozenset(
    (
        *("base64", "base64offset", "contains", "endswith", "startswith"),
        *("utf16", "utf16be", "utf16le", "wide", "windash"),
    )
)
"""modifiers that take a number for the text that spells it"""


def detection_item(
    key: str | None, value: Any, place: Place | None = None, places: Sequence[Place] = ()
) -> Item:
    """The item for a `field|modifier|...` and its value or values; None as key is a keyword.

    Raises:
        SigmaError: a modifier that there isn't, or a value that it can't take.
    """
    name, *names = (key or "").split("|")
    unknown = [one for one in names if one not in MODIFIERS]
    if unknown:
        raise SigmaModifierError(f"Unknown modifier {unknown[0]}")
    values = value if isinstance(value, list) else [value]
    written: list[SigmaType]
    if "re" in names:
        if not all(isinstance(one, str) for one in values):
            raise SigmaTypeError("a regular expression is incompatible to value type")
        written = [SigmaString.from_str(one) for one in values]
    else:
        if names and names[0] in _OF_TEXT:
            values = [str(one) if type(one) in (int, float) else one for one in values]
        written = [string(one) if type(one) is str else sigma_type(one) for one in values]
    modifiers = [MODIFIERS[one] for one in names]
    item = Item(name or None, modifiers, written, place=place, places=places, written=written)
    _apply(item)
    return item


def _apply(item: Item) -> None:
    """As SigmaDetectionItem.apply_modifiers does it."""
    applied: list[Modifier] = []
    for modifier in item.modifiers:
        instance = modifier(cast(Any, item), applied)
        if isinstance(instance, SigmaValueModifier):
            item.values = [one for value in item.values for one in instance.apply(value)]
        else:
            item.values = cast(Any, instance).apply(item.values)
        applied.append(modifier)
