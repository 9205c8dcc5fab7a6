"""What the published pySigma pipelines make of a log source and its fields.

A pipeline is asked rather than read: a probe rule that names a field goes through it, and what it
has become tells the conditions that were added and the names that the field got. That holds for
every pipeline whose mapping does not depend on the values of a rule.

Loading the pipelines takes longer than converting a rule. Their answers are recorded in
`data/published.json`, and taken from there as long as the pipelines are those that gave them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from transpile.ir.lower import lower
from transpile.ir.nodes import And, Equals, Node, Or
from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets import recorded

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

SYSMON = "sigma.pipelines.sysmon.sysmon:sysmon_pipeline"
WINDOWS_LOGSOURCES = "sigma.pipelines.windows.windows:windows_logsource_pipeline"
REGISTRY_EVENT_TYPES = "transpile.targets.windows:registry_event_types"


class Published:
    """Published pipelines, in their order, as one mapping."""

    def __init__(self, *pipelines: str) -> None:
        """Name the functions that make the pipelines, each as `module:function`."""
        self.pipelines = pipelines
        self._recorded = recorded.answers(pipelines)

    def scope(self, logsource: LogSource) -> tuple[Node, ...]:
        """The conditions that the pipelines add to every rule of a log source."""
        known = self._recorded.scope(logsource)
        return self.ask_scope(logsource) if known is None else known

    def names(self, logsource: LogSource, field: str) -> tuple[str, ...]:
        """What a field of a log source is called; several names mean any of them.

        Raises:
            Refused: `unmapped-field`, in the words of the pipeline that knows no such field.
        """
        known = self._recorded.names(logsource, field)
        return self.ask_names(logsource, field) if known is None else known

    def ask_scope(self, logsource: LogSource) -> tuple[Node, ...]:
        """As `scope`, from the pipelines themselves."""
        scope, _ = self._probe(logsource, ["probe"])
        return scope

    def ask_names(self, logsource: LogSource, field: str) -> tuple[str, ...]:
        """As `names`, from the pipelines themselves."""
        return self.ask_all_names(logsource, [field])[field]

    def ask_all_names(
        self, logsource: LogSource, fields: Iterable[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """What several fields are called, by one probe; raises Refused where one is unmapped."""
        from sigma.exceptions import SigmaTransformationError  # noqa: PLC0415

        fields = list(fields)
        try:
            _, names = self._probe(logsource, fields)
        except SigmaTransformationError as error:
            raise Refused("unmapped-field", f"{', '.join(fields)}: {error}") from error
        return names

    @cached_property
    def pipeline(self) -> ProcessingPipeline:
        """All of them as one."""
        made = sorted((constant(name)() for name in self.pipelines), key=lambda p: p.priority)
        whole: ProcessingPipeline = sum(made[1:], made[0])
        return whole

    def _probe(
        self, logsource: LogSource, fields: Iterable[str]
    ) -> tuple[tuple[Node, ...], dict[str, tuple[str, ...]]]:
        from sigma.rule import (  # noqa: PLC0415 (takes 0.1 s)
            SigmaDetection,
            SigmaDetectionItem,
            SigmaDetections,
            SigmaLogSource,
            SigmaRule,
        )
        from sigma.types import SigmaString  # noqa: PLC0415

        marks = {f"probe {position}": field for position, field in enumerate(fields)}
        items = [
            SigmaDetectionItem(field, [], [SigmaString(mark)]) for mark, field in marks.items()
        ]
        rule = SigmaRule(
            title="probe",
            logsource=SigmaLogSource(logsource.category, logsource.product, logsource.service),
            detection=SigmaDetections({"probe": SigmaDetection([*items])}, ["probe"]),
        )
        self.pipeline.apply(rule)
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


def constant(path: str) -> Any:
    """What a published module holds under a name, given as `module:name`."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def mapping(path: str) -> Any:
    """A table of a published module, given as `module:name`."""
    known = recorded.mapping(path)
    return constant(path) if known is None else known
