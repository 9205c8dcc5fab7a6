"""The user's own pySigma pipeline files, which change a rule before it is lowered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml import Node

from transpile.load import documents, files
from transpile.load.definitions import Detection, Detections
from transpile.load.files import RuleFile
from transpile.load.logsource import LogSource
from transpile.load.problem import Problem, ProblemFound
from transpile.load.rules import Rule
from transpile.load.source import SourceText, place_of
from transpile.query import Refused
from transpile.values import dataclass

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline


@dataclass(frozen=True)
class Applied:
    """A rule as the pipelines left it; `names` gives the fields that each renamed field became."""

    logsource: LogSource
    detections: Detections
    names: Mapping[str, tuple[str, ...]]

    @property
    def mapped(self) -> frozenset[str]:
        """The fields that have the target's names already."""
        return frozenset(name for names in self.names.values() for name in names)


class UserPipelines:
    """Pipeline files as one pipeline, by their priority and then in the order given."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Read the files.

        Raises ProblemFound: a file that can't be read, is no pipeline, or asks for something that
        changes the text of a query (`postprocessing`, `finalizers`).
        """
        parsed = sorted(map(_read, paths), key=lambda pipeline: pipeline.priority)
        self._pipeline = sum(parsed[1:], parsed[0]) if parsed else None

    def apply(self, rule: Rule) -> Applied:
        """The rule after the pipelines; the given one stays as it is.

        Raises:
            Refused: nothing is left of a detection.
            SigmaError: a pipeline fails the rule.
        """
        if self._pipeline is None:
            return Applied(rule.logsource, rule.detections, {})
        from transpile.load import pysigma  # noqa: PLC0415 (takes 0.1 s)

        changed = deepcopy(rule.sigma)
        self._pipeline.apply(changed)
        detections = pysigma.detections(changed)
        for name, detection in detections.named.items():
            if _is_empty(detection):
                raise Refused("emptied-detection", f"the pipeline drops all of {name!r}")
        names = {
            source: tuple(sorted(targets))
            for source, targets in self._pipeline.field_mappings.items()
            if source is not None
        }
        source = changed.logsource
        return Applied(
            LogSource(source.product, source.category, source.service), detections, names
        )


def _is_empty(detection: Detection) -> bool:
    parts = detection.parts
    return not parts or any(isinstance(one, Detection) and _is_empty(one) for one in parts)


def _read(path: str) -> ProcessingPipeline:
    source = files.read(RuleFile(Path(path).as_posix(), path))
    parts = list(documents.compose(source))
    if len(parts) != 1:
        raise ProblemFound(source.problem("bad-pipeline", "a pipeline file holds one document"))
    node = parts[0]
    if isinstance(node, Problem):
        raise ProblemFound(node)
    data = documents.construct(node, source)
    if not isinstance(data, dict):
        raise ProblemFound(source.problem("bad-pipeline", "a pipeline is a map", place_of(node)))
    for key in ("postprocessing", "finalizers"):
        if data.get(key) and (found := documents.entry(node, key)) is not None:
            message = f"{key} would change the text of finished queries and is not supported"
            hint = "take it out of this file"
            raise ProblemFound(
                source.problem("pipeline-postprocessing", message, place_of(found[0]), hint=hint)
            )
    return _parse(node, data, source)


def _parse(node: Node, data: dict[Any, Any], source: SourceText) -> ProcessingPipeline:
    from sigma.processing.pipeline import ProcessingPipeline  # noqa: PLC0415 (takes 0.1 s)

    try:
        return ProcessingPipeline.from_dict(deepcopy(data))
    except Exception as error:  # pySigma lets KeyError, TypeError and others through
        for item_node, item in _transformations(node, data):
            try:
                ProcessingPipeline.from_dict({"transformations": [deepcopy(item)]})
            except Exception as cause:  # as above
                problem = source.problem("bad-pipeline", _message(cause), place_of(item_node))
                raise ProblemFound(problem) from error
        problem = source.problem("bad-pipeline", _message(error), place_of(node))
        raise ProblemFound(problem) from error


def _transformations(node: Node, data: dict[Any, Any]) -> Iterator[tuple[Node, Any]]:
    found, items = documents.entry(node, "transformations"), data.get("transformations")
    if found is not None and isinstance(items, list):
        yield from zip(found[1].value, items, strict=True)


def _message(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    text = text.split(": ", 1)[1] if text.startswith("Error in processing rule ") else text
    return text or type(error).__name__
