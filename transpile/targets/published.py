"""What the published pySigma pipelines make of a log source and its fields.

A pipeline is asked rather than read: a probe rule that names the fields goes through it, and what
it has become tells the conditions that were added and the names that the fields got. That holds
for every pipeline whose mapping does not depend on the values of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from sigma.exceptions import SigmaTransformationError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import (
    SigmaDetection,
    SigmaDetectionItem,
    SigmaDetections,
    SigmaLogSource,
    SigmaRule,
)
from sigma.types import SigmaString

from transpile.ir.lower import lower
from transpile.ir.nodes import And, Equals, Node, Or
from transpile.query import Refused
from transpile.targets.plan import LogSource


class Published:
    """Published pipelines, in their order, as one mapping."""

    def __init__(self, *pipelines: Callable[[], ProcessingPipeline]) -> None:
        self._factories = pipelines

    @cached_property
    def _pipeline(self) -> ProcessingPipeline:
        made = sorted((make() for make in self._factories), key=lambda p: p.priority)
        return sum(made[1:], made[0])

    def scope(self, logsource: LogSource) -> tuple[Node, ...]:
        """The conditions that the pipelines add to every rule of a log source."""
        scope, _ = self._probe(logsource, ["probe"])
        return scope

    def names(self, logsource: LogSource, field: str) -> tuple[str, ...]:
        """What a field of a log source is called; several names mean any of them.

        Raises:
            Refused: `unmapped-field`, in the words of the pipeline that knows no such field.
        """
        try:
            _, names = self._probe(logsource, [field])
        except SigmaTransformationError as error:
            raise Refused("unmapped-field", f"{field}: {error}") from error
        return names[field]

    def _probe(
        self, logsource: LogSource, fields: Iterable[str]
    ) -> tuple[tuple[Node, ...], dict[str, tuple[str, ...]]]:
        marks = {f"probe {position}": field for position, field in enumerate(fields)}
        items = [
            SigmaDetectionItem(field, [], [SigmaString(mark)]) for mark, field in marks.items()
        ]
        rule = SigmaRule(
            title="probe",
            logsource=SigmaLogSource(logsource.category, logsource.product, logsource.service),
            detection=SigmaDetections({"probe": SigmaDetection([*items])}, ["probe"]),
        )
        self._pipeline.apply(rule)
        meaning = lower(rule)
        scope: list[Node] = []
        names: dict[str, tuple[str, ...]] = {}
        for operand in meaning.operands if isinstance(meaning, And) else (meaning,):
            leaves = operand.operands if isinstance(operand, Or) else (operand,)
            first = leaves[0]
            if isinstance(first, Equals) and first.value in marks:
                found = [leaf.field.name for leaf in leaves if isinstance(leaf, Equals)]
                names[marks[first.value]] = tuple(found)
            else:
                scope.append(operand)
        return tuple(scope), names
