"""YAML documents: composed once by libyaml, so that every value keeps its place.

Nothing here trusts its input: nesting, repeated aliases and the number of values are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml.constructor import SafeConstructor

from transpile.load.problem import Problem, ProblemFound
from transpile.load.source import SourceText, place_of
from transpile.query import Place

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

MAX_DEPTH = 40
"""levels of nesting in a document"""
MAX_VALUES = 200_000
"""values in a document, each alias counted as often as it is used"""
MAX_DIGITS = 500
"""characters of a whole number; a longer one is taken for text, as Python may not write it"""
MAX_SYNTAX_ERRORS = 20
"""broken documents in one file, after which the rest of it is given up"""

_TAG = "tag:yaml.org,2002:"
_STR, _SEQ, _MAP = _TAG + "str", _TAG + "seq", _TAG + "map"
_MERGE = _TAG + "merge"

_PLAIN: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    first: [*tags, *_SafeLoader.yaml_implicit_resolvers.get(None, ())]
    for first, tags in _SafeLoader.yaml_implicit_resolvers.items()
    if first is not None
}
"""by the first character of a plain scalar, what it may be besides text"""


class Loader(_SafeLoader):
    """PyYAML's, with a shorter way to the tags of its nodes."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        if kind is ScalarNode:
            if implicit[0]:
                for tag, pattern in _PLAIN.get(value[:1] if value else "", ()):
                    if pattern.match(value or ""):
                        return tag
            return _STR
        return _SEQ if kind is SequenceNode else _MAP


# libyaml's composer calls itself for each level and ends the process where the stack does, and its
# tree is large. A text with fewer openings and characters than these can't get too deep or large.
_SAFE_OPENINGS = 2000
_SAFE_LENGTH = 1_000_000
_OPENING = re.compile(r"[\[{]|[-?:][ \t]")


def compose(source: SourceText) -> Iterator[Node | Problem]:
    """The documents of a file, empty ones left out; after a broken one goes on with the next."""
    text = source.text
    for _ in range(MAX_SYNTAX_ERRORS):
        started = 0
        try:
            _check_bounds(source, text)
            loader = Loader(text)
            while loader.check_node():
                node = cast(Node, loader.get_node())
                started = node.end_mark.line
                if not (isinstance(node, ScalarNode) and node.tag == _TAG + "null"):
                    yield node
            return
        except ProblemFound as bad:
            yield bad.problem
            return
        except yaml.YAMLError as error:
            place, message = _read(error, text)
            yield source.problem("yaml-syntax", message, place, hint=_hint(source, place))
            rest = _next_document(source, max(started + 1, place.line - 1))
            if rest is None:
                return
            text = "\n" * rest + "\n".join(source.lines[rest:])


def _check_bounds(source: SourceText, text: str) -> None:
    """Look at large texts event by event first, which takes no stack and no memory."""
    if len(text) <= _SAFE_LENGTH and (
        sum(map(text.count, "[{-?:")) <= _SAFE_OPENINGS
        or len(_OPENING.findall(text)) <= _SAFE_OPENINGS
    ):
        return
    depth = values = 0
    start = Place(1, 1)
    try:
        for event in yaml.parse(text, Loader):
            place = Place(event.start_mark.line + 1, 1) if event.start_mark else start
            if isinstance(event, yaml.DocumentStartEvent):
                values, start = 0, place
            elif isinstance(event, yaml.NodeEvent):
                values += 1
                if values > MAX_VALUES:
                    raise _too_many(source, start)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise _too_deep(source, place)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return  # the composer stops at the same place, and says why


def _too_many(source: SourceText, place: Place) -> ProblemFound:
    message = f"the document holds more than {MAX_VALUES:,} values"
    hint = "an alias counts as often as it is used"
    return ProblemFound(source.problem("yaml-values", message, place, hint=hint))


def _too_deep(source: SourceText, place: Place) -> ProblemFound:
    message = f"the document is nested more than {MAX_DEPTH} levels deep"
    return ProblemFound(source.problem("yaml-depth", message, place))


def _read(error: yaml.YAMLError, text: str) -> tuple[Place, str]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "this is not YAML"
        if error.context and error.context.startswith("while"):
            message = f"{message}, {error.context}"
        return (Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)), message
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml gives the code point, the Python reader the character.
        point = error.character if isinstance(error.character, int) else ord(error.character)
        before = text[: max(text.find(chr(point)), 0)].split("\n")
        return Place(len(before), len(before[-1]) + 1), f"the character U+{point:04X} is no YAML"
    return Place(1, 1), str(error)


def _hint(source: SourceText, place: Place) -> str:
    line = source.line(place.line)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, YAML allows no tabs"
    if re.match(r"\s*-?\s*[^'\"#]+: [^'\"#]*: ", line):
        return "put a value that holds ': ' in quotes"
    if re.search(r":\s+[*%@`&!|>]", line):
        return "put a value that begins with a special character in quotes"
    return ""


def _next_document(source: SourceText, after: int) -> int | None:
    for number in range(after, len(source.lines)):
        if re.match(r"---(\s|$)", source.lines[number]):
            return number
    return None


def construct(node: Node, source: SourceText) -> Any:
    """The plain value of a document: dicts, lists, text, numbers, booleans, dates and None.

    Merge keys (`<<`) are resolved, in the node too: afterwards the pairs of each mapping node are
    those of its dict, in the same order.

    Raises ProblemFound: a key twice or one that is no scalar, a tag that is none of YAML's own,
    more levels or more values than the limits above.
    """
    return _Construction(node, source).value(node, 0)


class _Construction:
    def __init__(self, root: Node, source: SourceText) -> None:
        self._root = root
        self._source = source
        self._values = 0

    def value(self, node: Node, depth: int) -> Any:
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise self._too_much(node, depth)
        if isinstance(node, ScalarNode):
            if node.tag == _STR:
                return node.value
            return self._scalar(node)
        if node.tag not in (_SEQ, _MAP):
            raise self._bad_tag(node)
        if isinstance(node, SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _too_much(self, node: Node, depth: int) -> ProblemFound:
        if depth > MAX_DEPTH:
            return _too_deep(self._source, place_of(node))
        return _too_many(self._source, place_of(self._root))

    def _scalar(self, node: ScalarNode) -> Any:
        if node.tag not in _SCALARS:
            raise self._bad_tag(node)
        try:
            return _SCALARS[node.tag](node)
        except Exception:  # PyYAML lets any through that a text of another form leads to
            if not _looks_like(node):
                raise self._bad_text(node) from None
            return node.value  # looks like a number or a date, and is none: 2024-02-31

    def _bad_text(self, node: ScalarNode) -> ProblemFound:
        tag = node.tag.replace(_TAG, "!!")
        message = f"{node.value!r:.40} has the YAML tag {tag}, and is none"
        return ProblemFound(self._source.problem("yaml-tag", message, place_of(node)))

    def _bad_tag(self, node: Node) -> ProblemFound:
        tag = node.tag.replace(_TAG, "!!")
        message = f"the YAML tag {tag} means nothing in a rule"
        return ProblemFound(self._source.problem("yaml-tag", message, place_of(node)))

    def _mapping(self, node: Node, depth: int) -> dict[Any, Any]:
        if any(key.tag == _MERGE for key, _ in node.value):
            self._flatten(node, depth)
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                message = "a key must be a plain value, not a list or a map"
                raise ProblemFound(self._source.problem("yaml-key", message, place_of(key_node)))
            key = self.value(key_node, depth + 1)
            if key in result:
                raise self._twice(list(result).index(key), key_node, node)
            result[key] = self.value(value_node, depth + 1)
        return result

    def _twice(self, first: int, second: ScalarNode, mapping: Node) -> ProblemFound:
        line = place_of(mapping.value[first][0]).line
        return ProblemFound(
            self._source.problem(
                "duplicate-key",
                f"the key {second.value!r:.40} is already in line {line}",
                place_of(second),
                hint="only one of the two would count; join them or rename one",
            )
        )

    def _flatten(self, node: Node, depth: int) -> None:
        """Put the pairs of merged maps in place of `<<`; own keys and earlier maps win."""
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise self._too_much(node, depth)
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        seen = {key.value for key, _ in own if isinstance(key, ScalarNode)}
        added = []
        for key, value in node.value:
            if key.tag != _MERGE:
                continue
            for merged in value.value if isinstance(value, SequenceNode) else [value]:
                if not isinstance(merged, MappingNode):
                    message = "only a map can be merged"
                    raise ProblemFound(self._source.problem("yaml-key", message, place_of(key)))
                if any(inner.tag == _MERGE for inner, _ in merged.value):
                    self._flatten(merged, depth + 1)
                for pair in merged.value:
                    if isinstance(pair[0], ScalarNode) and pair[0].value not in seen:
                        seen.add(pair[0].value)
                        added.append(pair)
        node.value = [*own, *added]


def _looks_like(node: ScalarNode) -> bool:
    """Whether a plain text has the form of what its tag says it is."""
    known = _PLAIN.get(node.value[:1], ())
    return any(tag == node.tag and pattern.match(node.value) for tag, pattern in known)


def _null(node: ScalarNode) -> None:
    if node.value and not _looks_like(node):
        raise ValueError(node.value)


def _integer(node: ScalarNode) -> int:
    if len(node.value) > MAX_DIGITS:
        raise OverflowError
    return _CONSTRUCTOR.construct_yaml_int(node)


_CONSTRUCTOR = SafeConstructor()
_SCALARS: Mapping[str, Callable[[ScalarNode], Any]] = {
    _STR: lambda node: node.value,
    _TAG + "null": _null,
    _TAG + "bool": _CONSTRUCTOR.construct_yaml_bool,
    _TAG + "int": _integer,
    _TAG + "float": _CONSTRUCTOR.construct_yaml_float,
    _TAG + "timestamp": _CONSTRUCTOR.construct_yaml_timestamp,
}


def merged(base: Node, over: Node) -> Node:
    """Both maps as one; where both have a key the second one counts, maps are merged inside."""
    if not (isinstance(base, MappingNode) and isinstance(over, MappingNode)):
        return over
    pairs = {key.value: (key, value) for key, value in base.value}
    for key, value in over.value:
        known = pairs.get(key.value)
        pairs[key.value] = (key, merged(known[1], value) if known else value)
    return MappingNode(over.tag, list(pairs.values()), over.start_mark, over.end_mark)


def entry(node: Node, name: str) -> tuple[Node, Node] | None:
    """The key and the value of that name in a map."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == name:
                return key, value
    return None
