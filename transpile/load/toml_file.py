"""TOML files of the user and of the targets: typed, with the place of whatever is wrong in them.

Values are read by the standard library's parser and checked by msgspec against a model. Where
something is wrong, or somebody asks where a value comes from, tree-sitter tells the places.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from transpile.load.hints import did_you_mean, instead_of
from transpile.load.problem import Problem, ProblemFound, Severity
from transpile.load.source import SourceText
from transpile.query import Place

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tree_sitter import Node

Model = TypeVar("Model")
KeyPath = Sequence["str | int"]
"""the keys that lead to a value, with the number of an item where there is a list"""
_AT = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_MISSING = re.compile(r"missing required field `(.*)`")
_KIND = re.compile(r"Expected `(.*)`, got `(.*)`")
_SYNTAX = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class TomlFile:
    """One TOML file, which `code` names the problems of."""

    def __init__(self, path: str, text: str, code: str) -> None:
        """Parse a text.

        Raises ProblemFound: it is no TOML.
        """
        self.path = path
        self._source = SourceText(path, text)
        self._code = code
        try:
            self.document: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ProblemFound(self._syntax(str(error))) from error

    @classmethod
    def read(cls, path: str | Path, code: str) -> TomlFile:
        """Read a file.

        Raises ProblemFound: it can't be read, or is no TOML.
        """
        name = Path(path).as_posix()
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except OSError as error:
            message = f"the file can't be read: {error.strerror}"
            raise ProblemFound(Problem(code, message, name)) from error
        except UnicodeDecodeError as error:
            message = f"the byte 0x{error.object[error.start]:02X} is not UTF-8"
            raise ProblemFound(
                Problem(code, message, name, hint="save the file as UTF-8")
            ) from error
        return cls(name, text, code)

    def convert(self, model: type[Model], keys: KeyPath = ()) -> Model:
        """The value under some keys as a model says that it is.

        Raises ProblemFound: it is something else; at the key that is to blame.
        """
        import msgspec  # noqa: PLC0415 (takes 10 ms)

        value = self.value(keys)
        try:
            return msgspec.convert(value, model)
        except msgspec.ValidationError as error:
            raise ProblemFound(self._invalid(model, value, keys, str(error))) from error

    def value(self, keys: KeyPath) -> Any:
        """The value under some keys; KeyError or IndexError where there is none."""
        value: Any = self.document
        for key in keys:
            value = value[key]
        return value

    def place(self, keys: KeyPath) -> Place | None:
        """Where the key stands that some keys lead to, or the nearest one before it."""
        for length in range(len(keys), 0, -1):
            if found := self._places.get(tuple(keys[:length])):
                return found
        return None

    def problem(
        self,
        message: str,
        keys: KeyPath = (),
        *,
        hint: str = "",
        severity: Severity = Severity.ERROR,
        code: str = "",
    ) -> Problem:
        """A problem of the value that some keys lead to."""
        place = self.place(keys)
        return self._source.problem(
            code or self._code, message, place, hint=hint, severity=severity
        )

    @cached_property
    def _places(self) -> Mapping[tuple[str | int, ...], Place]:
        import tree_sitter_toml  # noqa: PLC0415 (only where something is wrong)
        from tree_sitter import Language, Parser  # noqa: PLC0415

        data = self._source.text.encode()
        tree = Parser(Language(tree_sitter_toml.language())).parse(data)
        places: dict[tuple[str | int, ...], Place] = {}
        for keys, node in _document(tree.root_node):
            row, column = node.start_point
            line = data.split(b"\n")[row][:column].decode("utf-8", "replace")
            places.setdefault(keys, Place(row + 1, len(line) + 1))
        return places

    def _syntax(self, error: str) -> Problem:
        found = _SYNTAX.search(error)
        message = f"this is no TOML: {_SYNTAX.sub('', error)}"
        if found is None:
            return self._source.problem(self._code, message)
        if found[1] is None:
            lines = self._source.lines
            place = Place(len(lines), len(lines[-1]) + 1)
        else:
            place = Place(int(found[1]), int(found[2]))
        return self._source.problem(self._code, message, place)

    def _invalid(self, model: type[Any], value: Any, keys: KeyPath, error: str) -> Problem:
        found = _AT.search(error)
        inside = list(_inside(model, value, found[1] if found else ""))
        message = _AT.sub("", error)
        if unknown := _UNKNOWN.search(message):
            at = (*keys, *inside, unknown[1])
            hint = _instead_of(unknown[1], model, inside)
            return self.problem(f"there is no key {unknown[1]!r} here", at, hint=hint)
        return self.problem(_plain(message), (*keys, *inside))


_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "a text",
}
"""what msgspec calls the kinds of values, and what TOML's users do"""


def _plain(message: str) -> str:
    """A message of msgspec in TOML's words."""
    if found := _MISSING.search(message):
        return f"the key {found[1]!r} is missing here"
    if message.endswith("of length >= 1"):
        return "this must not be empty"
    if found := _KIND.fullmatch(message):
        wanted, given = (
            " or ".join(_KINDS.get(kind, kind) for kind in part.split(" | ") if kind != "null")
            for part in found.groups()
        )
        return f"this must be {wanted}, not {given}"
    return message.replace("`", "")


def _inside(model: type[Any], value: Any, path: str) -> Iterator[str | int]:
    """The keys of a path as msgspec writes it, which has no names of keys of a map."""
    import msgspec  # noqa: PLC0415

    keys: list[str | int] = []
    for step in _STEP.finditer(path):
        if step[1] is not None:
            keys.append(step[1])
        elif step[2] is not None:
            keys.append(int(step[2]))
        else:
            here = _at(value, keys)
            for key in here:
                try:
                    msgspec.convert(_only(value, keys, key), model)
                except msgspec.ValidationError as error:
                    if "[...]" in str(error):
                        keys.append(key)
                        break
    yield from keys


def _at(value: Any, keys: KeyPath) -> Any:
    for key in keys:
        value = value[key]
    return value


def _only(value: Any, keys: KeyPath, kept: str) -> Any:
    """The value with one key only in the map that some keys lead to."""
    if not keys:
        return {kept: value[kept]}
    first, *rest = keys
    if isinstance(value, list):
        inner = _only(value[int(first)], rest, kept)
        return [*value[: int(first)], inner, *value[int(first) + 1 :]]
    return {**value, first: _only(value[first], rest, kept)}


def _instead_of(name: str, model: type[Any], keys: KeyPath) -> str:
    """A hint on a key that there isn't: what is there in its table, or the tables that have it."""
    import msgspec.inspect  # noqa: PLC0415

    top: list[Any] = [msgspec.inspect.type_info(model)]
    here = top
    for key in keys:
        here = [inner for one in here for inner in _step(one, key)]
    known = sorted(key for one in here for key in _fields(one))
    if hint := did_you_mean(name, known):
        return hint
    homes = [
        f"[{table}]"
        for table, types in _fields(top[0]).items()
        if any(name in _fields(one) for one in _flat(types))
    ]
    if homes:
        return f"it is a key of {' and '.join(homes)}"
    if name in _fields(top[0]):
        return "it belongs above the first table"
    return instead_of(name, known)


def _step(info: Any, key: str | int) -> Iterator[Any]:
    """The types that a key leads to."""
    for one in _flat(info):
        if key in (fields := _fields(one)):
            yield from _flat(fields[str(key)])
        for name in ("item_type", "value_type"):
            if inner := getattr(one, name, None):
                yield from _flat(inner)


def _flat(info: Any) -> Iterator[Any]:
    """The types that a union is of, or the one that is described."""
    inner = getattr(info, "types", None) or ([info.type] if hasattr(info, "extra") else [])
    for one in inner:
        yield from _flat(one)
    if not inner:
        yield info


def _fields(info: Any) -> dict[str, Any]:
    """The type of each key of a table."""
    import msgspec.inspect  # noqa: PLC0415

    if not isinstance(info, msgspec.inspect.StructType):
        return {}
    return {one.encode_name: one.type for one in info.fields}


def _document(root: Node) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """Every key of a document with the keys before it, and the node that writes it."""
    counts: dict[tuple[str | int, ...], int] = {}
    for node in root.named_children:
        if node.type == "pair":
            yield from _pair(node, ())
        elif node.type in ("table", "table_array_element"):
            header, *pairs = node.named_children
            keys = _numbered(_names(header), counts)
            if node.type == "table_array_element":
                counts[keys] = counts.get(keys, -1) + 1
                yield keys, header
                keys = (*keys, counts[keys])
            yield keys, header
            for pair in pairs:
                yield from _pair(pair, keys)


def _numbered(
    names: Sequence[str], counts: Mapping[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    """The names of a header, with the number of the last item of each list that they lead into."""
    keys: tuple[str | int, ...] = ()
    for position, name in enumerate(names):
        keys = (*keys, name)
        if keys in counts and position < len(names) - 1:
            keys = (*keys, counts[keys])
    return keys


def _pair(
    node: Node, before: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    if node.type != "pair":
        return
    key, value = node.named_children[0], node.named_children[-1]
    names = _names(key)
    for length in range(1, len(names) + 1):
        yield (*before, *names[:length]), key
    yield from _value(value, (*before, *names))


def _value(node: Node, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    if node.type == "inline_table":
        for pair in node.named_children:
            yield from _pair(pair, keys)
    elif node.type == "array":
        items = [child for child in node.named_children if child.type != "comment"]
        for number, item in enumerate(items):
            yield (*keys, number), item
            yield from _value(item, (*keys, number))


def _names(node: Node) -> list[str]:
    """The names of a key, of which a dotted one has several."""
    if node.type == "dotted_key":
        return [name for child in node.named_children for name in _names(child)]
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "quoted_key":
        (name,) = tomllib.loads(f"{text} = 0")
        return [name]
    return [text]
