"""Rules out of files and folders; what is wrong with one rule costs only that one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from transpile.load import documents, files
from transpile.load.conditions import check_condition
from transpile.load.definitions import Detections
from transpile.load.detections import DetectionReader
from transpile.load.files import RuleFile
from transpile.load.hints import did_you_mean, instead_of, misspelt
from transpile.load.logsource import LogSource
from transpile.load.metadata import is_in_order
from transpile.load.problem import Problem, ProblemFound, Severity
from transpile.load.source import SourceText, place_of
from transpile.query import Outcome, Place
from transpile.values import dataclass

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

_KEYS = ("title", "id", "status", "description", "logsource", "detection", "level", "tags")


@dataclass(frozen=True)
class Rule:
    """A rule that can be converted.

    `position` counts the rules of its file from 1, and `alone` tells whether it is the only one;
    `warnings` are the problems that don't keep it from being converted.
    """

    file: RuleFile
    position: int
    alone: bool
    id: str | None
    title: str
    logsource: LogSource
    detections: Detections
    document: dict[str, Any]
    source: SourceText
    place: Place
    """where the rule begins, or its id where it has one"""
    warnings: tuple[Problem, ...] = ()

    @property
    def path(self) -> str:
        return self.file.path

    @cached_property
    def sigma(self) -> SigmaRule:
        """The rule as pySigma's object."""
        from transpile.load import pysigma  # noqa: PLC0415 (takes 0.1 s)

        return pysigma.rule(self.document, self.title, self.detections, self.path)


@dataclass(frozen=True)
class BrokenRule:
    """A rule or a whole file that can't be converted, and why.

    `outcome` is refused for what is no mistake, only more than is supported.
    """

    file: RuleFile
    position: int
    alone: bool
    id: str | None
    title: str
    problems: tuple[Problem, ...]
    outcome: Outcome = Outcome.FAILED

    @property
    def path(self) -> str:
        return self.file.path


def load(paths: Sequence[str]) -> Iterator[Rule | BrokenRule]:
    """The rules of files, folders and `-`, in the order given; reads one file at a time."""
    for found in files.find(paths):
        yield from load_file(found)


def load_file(file: RuleFile | Problem) -> Iterator[Rule | BrokenRule]:
    """The rules of one file, at least one; broken is also what was found instead of a file."""
    if isinstance(file, Problem):
        yield BrokenRule(RuleFile(file.path, file.path), 1, True, None, "", (file,))
        return
    try:
        data = files.read_bytes(file)
    except ProblemFound as found:
        yield BrokenRule(file, 1, True, None, "", (found.problem,))
        return
    yield from load_bytes(data, file)


def load_bytes(data: bytes, file: RuleFile) -> Iterator[Rule | BrokenRule]:
    """The rules of one file that has been read, at least one."""
    try:
        source = files.decode(file, data)
    except ProblemFound as found:
        yield BrokenRule(file, 1, True, None, "", (found.problem,))
        return
    yield from load_text(source, file)


def load_text(source: SourceText, file: RuleFile) -> Iterator[Rule | BrokenRule]:
    """The rules of a text that was read from the file; holds two of its documents at a time."""
    parts = _merge_actions(documents.compose(source), source)
    first, second = next(parts, None), next(parts, None)
    if first is None:
        problem = source.problem("empty-file", "there is no rule in it")
        yield BrokenRule(file, 1, True, None, "", (problem,))
        return
    alone = second is None
    started = [first] if second is None else [first, second]
    for position, part in enumerate(chain(started, parts), 1):
        if isinstance(part, Problem):
            yield BrokenRule(file, position, alone, None, "", (part,))
        else:
            yield _load_document(part, source, file, position, alone=alone)


def _merge_actions(parts: Iterator[Node | Problem], source: SourceText) -> Iterator[Node | Problem]:
    """Rules with what `action: global`, `repeat` and `reset` lend them, as pySigma merges them."""
    shared: Node | None = None
    previous: Node | None = None
    for part in parts:
        if isinstance(part, Problem):
            previous = None
            yield part
            continue
        action = documents.entry(part, "action")
        try:  # what is sound and bounded can be merged
            if shared is not None or action is not None:
                documents.construct(part, source)
            if previous is not None and action is not None and action[1].value == "repeat":
                documents.construct(previous, source)
        except ProblemFound as bad:
            previous = None
            yield bad.problem
            continue
        if action is None:
            single = documents.entry(part, "correlation") or documents.entry(part, "filter")
            previous = part if shared is None or single else documents.merged(part, shared)
            yield previous
            continue
        _, kind = action
        part.value = [pair for pair in part.value if pair[0].value != "action"]
        if kind.value == "global":
            shared = previous = part
        elif kind.value == "reset":
            shared = None
        elif kind.value == "repeat" and previous is not None:
            previous = documents.merged(previous, part)
            yield previous
        else:
            yield _bad_action(kind, source)


def _bad_action(kind: Node, source: SourceText) -> Problem:
    if kind.value == "repeat":
        message, hint = "there is no sound rule before it to repeat", ""
    else:
        named = repr(kind.value) if isinstance(kind, ScalarNode) else "a list or a map"
        message = f"an action is global, repeat or reset, not {named}"
        hint = instead_of(str(kind.value), ("global", "repeat", "reset"))
    return source.problem("unknown-action", message, place_of(kind), hint=hint)


def _load_document(
    node: Node, source: SourceText, file: RuleFile, position: int, *, alone: bool
) -> Rule | BrokenRule:
    try:
        document = documents.construct(node, source)
    except ProblemFound as bad:
        title, identifier = _scalar(node, "title"), _scalar(node, "id") or None
        return BrokenRule(file, position, alone, identifier, title, (bad.problem,))
    return _Reader(node, document, source, file).rule(position, alone=alone)


def _scalar(node: Node, name: str) -> str:
    found = documents.entry(node, name)
    return str(found[1].value) if found and isinstance(found[1], ScalarNode) else ""


class _Reader:
    """Reads one document and collects everything that is wrong with it."""

    def __init__(self, node: Node, document: Any, source: SourceText, file: RuleFile) -> None:
        self._node = node
        self._document = document
        self._source = source
        self._file = file
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []

    def rule(self, position: int, *, alone: bool) -> Rule | BrokenRule:
        place = place_of(self._node)
        if not isinstance(self._node, MappingNode):
            self._fail("not-a-rule", "a rule is a map with logsource and detection", place)
            return BrokenRule(self._file, position, alone, None, "", tuple(self._problems))
        title, identifier = self._metadata()
        if (unsupported := self._unsupported()) is not None:
            return BrokenRule(
                self._file, position, alone, identifier, title, (unsupported,), Outcome.REFUSED
            )
        if self._is_foreign():
            self._fail("not-a-rule", "this has neither logsource nor detection", place)
            return BrokenRule(self._file, position, alone, identifier, title, tuple(self._problems))
        if (found := documents.entry(self._node, "id")) is not None:
            place = place_of(found[1])
        logsource = self._logsource()
        detection = self._detections()
        if logsource is None or detection is None or self._problems:
            problems = (*self._problems, *self._warnings)
            return BrokenRule(self._file, position, alone, identifier, title, problems)
        return Rule(
            self._file,
            position,
            alone,
            identifier,
            title,
            logsource,
            detection,
            self._document,
            self._source,
            place,
            tuple(self._warnings),
        )

    def _fail(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self._problems.append(self._source.problem(code, message, place, hint=hint))

    def _unsupported(self) -> Problem | None:
        for key, code, what in (
            ("correlation", "correlation-rule", "correlation rules"),
            ("filter", "sigma-filter", "Sigma filters"),
        ):
            if found := documents.entry(self._node, key):
                message = f"{what} are not supported yet"
                return self._source.problem(code, message, place_of(found[0]))
        return None

    def _is_foreign(self) -> bool:
        return "logsource" not in self._document and "detection" not in self._document

    # -- metadata: what is wrong here is told, and keeps no rule from being converted

    def _metadata(self) -> tuple[str, str | None]:
        """The title and the id."""
        if is_in_order(self._document):
            identifier = self._document.get("id")
            return self._document["title"], None if identifier is None else identifier.lower()
        from transpile.load import pysigma  # noqa: PLC0415 (takes 0.1 s)

        metadata, faulty = pysigma.metadata(self._document)
        if faulty:
            self._find_faults()
        title, identifier = metadata["title"], metadata["id"]
        if title is None or title == "":
            title = PurePath(self._file.path).stem
            others = (key for key in self._document if key not in _KEYS)
            hint = misspelt("title", others)
            self._warn("missing-title", "the rule has no title", place_of(self._node), hint)
        return str(title), None if identifier is None else str(identifier)

    def _find_faults(self) -> None:
        from transpile.load.pysigma import fault  # noqa: PLC0415 (takes 0.1 s)

        for (_, value_node), (key, value) in zip(
            self._node.value, self._document.items(), strict=True
        ):
            if not isinstance(key, str) or (message := fault(key, value)) is None:
                continue
            place = place_of(value_node)
            if isinstance(value, list) and isinstance(value_node, SequenceNode):
                for item, one in zip(value_node.value, value, strict=True):
                    if (found := fault(key, [one])) is not None:
                        place, message = place_of(item), found
                        break
            self._warn("metadata", f"{key}: {message}", place)

    def _warn(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self._warnings.append(
            self._source.problem(code, message, place, hint=hint, severity=Severity.WARNING)
        )

    # -- what the rule means

    def _section(self, name: str, code: str) -> tuple[Node, Any] | None:
        found = documents.entry(self._node, name)
        if found is None:
            hint = misspelt(name, (key for key in self._document if key not in _KEYS))
            self._fail(code, f"the rule has no {name}", place_of(self._node), hint)
            return None
        value = self._document[name]
        if not isinstance(value, dict) or not value:
            self._fail(code, f"{name} must be a map", place_of(found[1]))
            return None
        return found[1], value

    def _logsource(self) -> LogSource | None:
        found = self._section("logsource", "bad-logsource")
        if found is None:
            return None
        node, value = found
        for (_, value_node), (key, one) in zip(node.value, value.items(), strict=True):
            if key in (*LogSource._fields, "definition") and not isinstance(one, (str, type(None))):
                self._fail("bad-logsource", f"{key} must be text", place_of(value_node))
        source = LogSource(*map(value.get, LogSource._fields))
        if source == LogSource():
            message = "logsource has no product, category or service"
            others = (key for key in value if key not in LogSource._fields)
            spelled = (did_you_mean(str(key), LogSource._fields) for key in others)
            hint = next(filter(None, spelled), "")
            self._fail("bad-logsource", message, place_of(node), hint)
        return source

    def _detections(self) -> Detections | None:
        found = self._section("detection", "missing-detection")
        if found is None:
            return None
        node, value = found
        reader = DetectionReader(self._source)
        detections = {}
        names: dict[str, None] = {}
        condition_node = None
        for (key_node, value_node), (name, definition) in zip(
            node.value, value.items(), strict=True
        ):
            if name == "condition":
                condition_node = value_node
            elif name == "timeframe":
                message = "timeframe means nothing outside a correlation rule and is ignored"
                self._warn("timeframe", message, place_of(key_node))
            else:
                if str(name) in names:
                    message = f"the detection {str(name)!r} is there twice, as text and as none"
                    self._fail("duplicate-key", message, place_of(key_node))
                names[str(name)] = None
                detection = reader.detection(str(name), key_node, value_node, definition)
                if detection is not None:
                    detections[str(name)] = detection
        self._problems += reader.problems
        conditions = self._conditions(node, condition_node, names)
        if not names:
            self._fail("missing-detection", "the rule defines no detection", place_of(node))
        if self._problems or not conditions:
            return None
        return Detections(detections, conditions)

    def _conditions(self, section: Node, node: Node | None, names: dict[str, None]) -> list[str]:
        if node is None:
            hint = misspelt("condition", names)
            self._fail(
                "missing-condition", "the detection has no condition", place_of(section), hint
            )
            return []
        value = self._document["detection"]["condition"]
        texts = value if isinstance(value, list) else [value]
        nodes = node.value if isinstance(value, list) else [node]
        if not texts:
            self._fail("missing-condition", "the condition is an empty list", place_of(node))
        for text, text_node in zip(texts, nodes, strict=True):
            if isinstance(text, str):
                self._problems += check_condition(text, text_node, names, self._source)
            else:
                self._fail("condition-syntax", "a condition must be text", place_of(text_node))
        return texts
