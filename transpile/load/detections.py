"""Reads the detections of a rule, each item with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any

from sigma.exceptions import SigmaError, SigmaRegularExpressionError
from yaml import Node, SequenceNode

from transpile.load.definitions import Detection, Item
from transpile.load.hints import instead_of
from transpile.load.modifiers import MODIFIERS, detection_item
from transpile.load.problem import Problem
from transpile.load.source import SourceText, place_of
from transpile.query import Place

_PLAIN = (str, int, float, bool, type(None))


class DetectionReader:
    """Reads the detections of one rule and collects what is wrong with them in `problems`.

    The nodes are those of the YAML tree, the values what `documents.construct` made of them.
    """

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self.problems: list[Problem] = []

    def detection(self, name: str, key: Node, node: Node, value: Any) -> Detection | None:
        """The detection of that name; None where it has a problem."""
        if value is None or value in ([], {}):
            self._problem("empty-detection", f"the detection {name!r} is empty", place_of(key))
            return None
        known = len(self.problems)
        detection = self._definition(node, value)
        return detection if len(self.problems) == known else None

    def _definition(self, node: Node, value: Any) -> Detection | None:
        # The cases are those of SigmaDetection.from_definition.
        items: list[Item | Detection | None]
        if isinstance(value, dict):
            items = [
                self._item(key_node, key, value_node, values)
                for (key_node, value_node), (key, values) in zip(
                    node.value, value.items(), strict=True
                )
            ]
        elif isinstance(value, list) and not all(isinstance(v, _PLAIN) for v in value):
            items = [self._definition(n, v) for n, v in zip(node.value, value, strict=True)]
        else:
            items = [self._item(None, None, node, value)]
        sound = [item for item in items if item is not None]
        if not items:
            self._problem("empty-detection", "the list or map is empty", place_of(node))
        if not sound or len(sound) < len(items):
            return None
        every = any(isinstance(item, Item) for item in sound)
        return Detection(sound, every, place_of(node))

    def _item(self, key_node: Node | None, key: Any, node: Node, value: Any) -> Item | None:
        if key_node is not None and not isinstance(key, str):
            message = f"a field's name must be text, this is {kind(key)}"
            self._problem("key-type", message, place_of(key_node), "put it in quotes")
            return None
        if isinstance(node, SequenceNode):
            places = [place_of(one) for one in node.value]
        else:
            places = [place_of(node)]
        try:
            return detection_item(key, value, place_of(key_node or node), places)
        except Exception as error:  # pySigma lets TypeError and others through
            self.problems.extend(self._culprits(key_node, key, node, value, error))
            return None

    def _culprits(
        self, key_node: Node | None, key: str | None, node: Node, value: Any, error: Exception
    ) -> Iterator[Problem]:
        """Which modifier or value an item is broken by, found by trying them one by one."""
        modifiers = [] if key is None else key.split("|")[1:]
        unknown = [name for name in modifiers if name not in MODIFIERS]
        if key_node is not None and unknown:
            for name in unknown:
                yield self._unknown_modifier(name, key_node)
            return
        found = False
        many = isinstance(value, list)
        nodes, values = (node.value, value) if many else ([node], [value])
        for one_node, one in zip(nodes, values, strict=True):
            try:
                detection_item(key, [one])
            except Exception as cause:  # as above
                found = True
                yield self._bad_value(modifiers, one_node, one, cause)
        if not found:
            place = place_of(key_node or node)
            yield self._source.problem("modifier-use", _message(error), place)

    def _unknown_modifier(self, name: str, key_node: Node) -> Problem:
        place = self._source.find(key_node, rf"\|{re.escape(name)}(?![\w])")
        if place is not None:
            place = Place(place.line, place.column + 1)
        hint = instead_of(name, MODIFIERS)
        message = f"there is no modifier {name!r}" if name else "a modifier is missing after '|'"
        return self._source.problem(
            "unknown-modifier", message, place or place_of(key_node), hint=hint
        )

    def _bad_value(self, modifiers: list[str], node: Node, value: Any, error: Exception) -> Problem:
        place = place_of(node)
        if not isinstance(value, _PLAIN):
            message = f"a value must be text, a number, true, false or null, not {kind(value)}"
            hint = "put it in quotes" if isinstance(value, date) else ""
            return self._source.problem("value-type", message, place, hint=hint)
        if "cidr" in modifiers and isinstance(value, str):
            message = f"{value!r} is no address range: {_cidr_fault(value)}"
            return self._source.problem("bad-cidr", message, place, hint=_cidr_hint(value))
        if isinstance(error, SigmaRegularExpressionError):
            fault = error.__cause__ or _message(error)
            message = f"{value!r} is no regular expression: {fault}"
            return self._source.problem("bad-regex", message, place)
        return self._source.problem("modifier-use", self._misuse(modifiers, value, error), place)

    def _misuse(self, modifiers: list[str], value: Any, error: Exception) -> str:
        for count in range(1, len(modifiers) + 1):
            try:
                detection_item("|".join(["field", *modifiers[:count]]), value)
            except Exception as cause:  # as above
                message = _message(cause)
                if "incompatible to value type" in message or not isinstance(cause, SigmaError):
                    what = kind(value) if count == 1 else f"what '{modifiers[count - 2]}' makes"
                    return f"the modifier {modifiers[count - 1]!r} can't be used on {what}"
                return f"the modifier {modifiers[count - 1]!r}: {message}"
        return _message(error)

    def _problem(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self.problems.append(self._source.problem(code, message, place, hint=hint))


def _message(error: Exception) -> str:
    """pySigma's words without the place that it adds."""
    text = str(error.args[0]) if error.args else type(error).__name__
    return text[:1].lower() + text[1:]


_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
    dict: "a map",
    list: "a list",
}


def kind(value: Any) -> str:
    """The type of a value, in words."""
    return "a date" if isinstance(value, date) else _KINDS.get(type(value), type(value).__name__)


def _cidr_fault(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        if "host bits" in str(error):
            return "it has bits set behind its prefix"
        address, _, prefix = value.partition("/")
        if prefix.isdecimal() and _is_address(address):
            return f"/{prefix} is longer than the address"
        return "it is not written as an IPv4 or IPv6 network"
    return "a range is written as plain text"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _cidr_hint(value: str) -> str:
    try:
        return f"did you mean '{ip_network(value, strict=False)}'?"
    except ValueError:
        return "write it as 10.0.0.0/8 or fe80::/10"
