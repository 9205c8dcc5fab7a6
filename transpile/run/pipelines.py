"""The user's own pySigma pipeline files, which change a rule before it is lowered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from itertools import chain
from typing import TYPE_CHECKING, Any

from sigma.exceptions import SigmaError
from yaml import MappingNode, Node

from transpile.load import documents
from transpile.load.definitions import Detection, Detections
from transpile.load.hints import did_you_mean
from transpile.load.logsource import LogSource
from transpile.load.problem import Problem, ProblemFound
from transpile.load.rules import Rule
from transpile.load.source import SourceText, place_of
from transpile.query import Refused
from transpile.run import pipeline_file
from transpile.run.pipeline_file import PipelineFile
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
        parsed = sorted(
            (_parse(pipeline_file.read(path)) for path in paths),
            key=lambda pipeline: pipeline.priority,
        )
        self._pipeline = sum(parsed[1:], parsed[0]) if parsed else None

    def apply(self, rule: Rule) -> Applied:
        """The rule after the pipelines; the given one stays as it is.

        Raises:
            Refused: nothing is left of a detection, or the pipeline stops by an error of its own.
            SigmaError: a pipeline fails the rule.
        """
        if self._pipeline is None:
            return Applied(rule.logsource, rule.detections, {})
        from transpile.load import pysigma  # noqa: PLC0415 (takes 0.1 s)

        changed = deepcopy(rule.sigma)
        try:
            self._pipeline.apply(changed)
        except SigmaError:
            raise
        except Exception as error:  # an item that meets what it was not written for
            message = f"the pipeline stops at this rule: {type(error).__name__}: {error}"
            raise Refused("pipeline-failure", message) from error
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


def _parse(file: PipelineFile) -> ProcessingPipeline:
    from sigma.processing.pipeline import ProcessingPipeline  # noqa: PLC0415 (takes 0.1 s)

    try:
        return ProcessingPipeline.from_dict(deepcopy(dict(file.data)))
    except Exception as error:  # pySigma lets KeyError, TypeError and others through
        transformations = documents.entry(file.node, "transformations")
        if transformations is not None:
            broken = _broken(transformations[1], file.data["transformations"])
            if broken is not None:
                raise ProblemFound(_problem(file.source, *broken)) from error
        message = _message(error)
        raise ProblemFound(
            file.source.problem("bad-pipeline", message, place_of(file.node))
        ) from error


def _broken(node: Node, items: Any) -> tuple[Node, Exception] | None:
    """The first of these transformations that pySigma can't read, and why; one inside another."""
    from sigma.processing.pipeline import ProcessingItem  # noqa: PLC0415 (takes 0.1 s)

    for item_node, item in zip(node.value, items, strict=True):
        try:
            ProcessingItem.from_dict(deepcopy(item))
        except Exception as cause:  # as above
            inner = documents.entry(item_node, "items")
            nested = item.get("items") if isinstance(item, dict) else None
            if inner is not None and isinstance(nested, list):
                return _broken(inner[1], nested) or (item_node, cause)
            return item_node, cause
    return None


_QUOTED = re.compile(r"'([^']+)'")
_REPEATED = re.compile(r"(Error in transformation: )+")
_UNEXPECTED = re.compile(r"\S+__init__\(\) got an unexpected keyword argument ('\w+').*")
_MISSING = re.compile(r"\S+__init__\(\) missing \d+ required positional arguments?: ")


def _problem(source: SourceText, node: Node, cause: Exception) -> Problem:
    """What is wrong with a transformation, at the name that pySigma complains of."""
    message = _REPEATED.sub("", _message(cause))
    message = _UNEXPECTED.sub(r"there is no parameter \1", message)
    message = _MISSING.sub("it lacks ", message)
    quoted = _QUOTED.search(message)
    if not isinstance(node, MappingNode):
        return source.problem("bad-pipeline", "a transformation is a map", place_of(node))
    place = source.find(node, rf"(?<!\w){re.escape(quoted[1])}(?!\w)") if quoted else None
    hint = _hint(message, quoted[1]) if quoted else ""
    return source.problem("bad-pipeline", message, place or place_of(node), hint=hint)


def _hint(message: str, name: str) -> str:
    """A hint at the type that an unknown one may be meant as, or at where it belongs."""
    from sigma.processing import conditions  # noqa: PLC0415 (takes 0.1 s)
    from sigma.processing.transformations import transformations  # noqa: PLC0415

    if message.startswith("Unknown transformation"):
        return did_you_mean(name, transformations)
    if not message.startswith("Unknown condition"):
        return ""
    kinds: dict[str, Iterable[str]] = {
        kind: getattr(conditions, f"{kind}_conditions") for kind in pipeline_file.KINDS
    }
    belongs = [f"{kind}_conditions" for kind, names in kinds.items() if name in names]
    if belongs:
        return f"it is one of the {' and '.join(belongs)}"
    return did_you_mean(name, chain.from_iterable(kinds.values()))


def _message(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    return text or type(error).__name__
