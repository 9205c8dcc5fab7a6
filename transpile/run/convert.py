"""Rules to many targets."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigma.exceptions import SigmaError, SigmaTransformationError

import backends
from transpile.ir.lower import lower
from transpile.ir.nodes import Node
from transpile.load.about import about
from transpile.load.files import RuleFile
from transpile.load.logsource import LogSource
from transpile.load.rules import BrokenRule, Rule, load_bytes
from transpile.query import Outcome, Query, Reason, Refused
from transpile.run.conversion import Conversion, Converted, broken
from transpile.run.pipelines import Applied, UserPipelines
from transpile.targets import registry
from transpile.targets.plan import Mapped, Plan
from transpile.targets.target import Target

if TYPE_CHECKING:
    from transpile.targets.environment import Environment

__all__ = ["Conversion", "Converter"]


class Converter:
    """Converts rules for some targets, through the user's pipelines where there are any.

    Plans are made once for each target and log source.
    """

    def __init__(
        self,
        targets: Sequence[str],
        pipelines: Sequence[str] = (),
        *,
        tells: bool = True,
        schema: str | None = None,
        environment: Environment = (),
    ) -> None:
        """Get the targets by name and read the pipeline files.

        `tells` asks for what rules say of themselves, which only exports need. `schema` is a file
        that tells what fields there are, for Elastic targets. `environment` are settings of the
        user's installation.

        Raises:
            KeyError: no target has that name.
            ProblemFound: a pipeline file or the schema can't be used.
        """
        tables = [path for path in pipelines if path.endswith(".toml")]
        found = [registry.get(name) for name in targets]
        if environment:
            found = _settled(found, environment)
        self.targets = tuple(_with_tables(target, tables) for target in found)
        if environment:
            self.targets = _placed(self.targets, environment)
        if schema is not None:
            self.targets = _fitted(self.targets, schema)
        self._pipelines = UserPipelines([path for path in pipelines if path not in tables])
        self._plans: dict[tuple[str, LogSource], Plan | Reason] = {}
        self._tells = tells

    def convert_files(self, files: Iterable[tuple[bytes, RuleFile]]) -> list[list[Converted]]:
        """What comes out for each rule of each file, of which the bytes are given."""
        loaded = [list(load_bytes(data, file)) for data, file in files]
        conversions = iter(self.convert_all(rule for rules in loaded for rule in rules))
        return [[_converted(rule, next(conversions)) for rule in rules] for rules in loaded]

    def convert(self, rule: Rule | BrokenRule) -> Conversion:
        """The queries of a rule. Whatever goes wrong with it is in them; nothing is raised."""
        (conversion,) = self.convert_all([rule])
        return conversion

    def convert_all(self, rules: Iterable[Rule | BrokenRule]) -> list[Conversion]:
        """What `convert` gives for each rule.

        A step is taken for all of them before the next one: the same code many times over runs
        faster than all of the code for each rule.
        """
        begun = [self._begin(rule) for rule in rules]
        lowered = [one for one in begun if isinstance(one, _Lowered)]
        for target in self.targets:
            for one in lowered:
                one.queries.append(self._query(one, target))
        return [
            self._conversion(one.rule, one.queries, one.stacks)
            if isinstance(one, _Lowered)
            else one
            for one in begun
        ]

    def _begin(self, rule: Rule | BrokenRule) -> _Lowered | Conversion:
        """The rule, lowered; where that fails, there is its conversion already."""
        if isinstance(rule, BrokenRule):
            return self._broken(rule)
        try:
            applied = self._pipelines.apply(rule)
            return _Lowered(rule, applied, lower(applied.detections))
        except Refused as refused:
            return self._failed(rule, Outcome.REFUSED, refused.reason)
        except SigmaTransformationError as error:
            reason = Reason("pipeline-failure", _words(error))
            return self._failed(rule, Outcome.REFUSED, reason)
        except SigmaError as error:
            return self._failed(rule, Outcome.FAILED, Reason("sigma-error", _words(error)))
        except Exception as error:
            stack = traceback.format_exc()
            return self._failed(rule, Outcome.FAILED, _internal(error), stack)

    def _broken(self, rule: BrokenRule) -> Conversion:
        return broken(
            rule.file,
            [target.name for target in self.targets],
            rule.problems,
            position=rule.position,
            alone=rule.alone,
            id=rule.id,
            title=rule.title,
            outcome=rule.outcome,
        )

    def _failed(self, rule: Rule, outcome: Outcome, reason: Reason, *stacks: str) -> Conversion:
        queries = [_unconverted(rule, target, outcome, reason) for target in self.targets]
        return self._conversion(rule, queries, stacks)

    def _conversion(
        self, rule: Rule, queries: Sequence[Query], stacks: Sequence[str]
    ) -> Conversion:
        lines = {r.place.line for query in queries for r in query.reasons if r.place is not None}
        return Conversion(
            rule.file,
            rule.position,
            rule.alone,
            tuple(queries),
            rule.warnings,
            {line: rule.source.line(line) for line in sorted(lines)},
            "\n".join(stacks),
            about(rule.document) if self._tells else None,
        )

    def _query(self, lowered: _Lowered, target: Target) -> Query:
        try:
            return self._written(lowered, target)
        except Exception as error:
            lowered.stacks.append(traceback.format_exc())
            return _unconverted(lowered.rule, target, Outcome.FAILED, _internal(error))

    def _written(self, lowered: _Lowered, target: Target) -> Query:
        rule, applied = lowered.rule, lowered.applied
        plan = self.plan(target, applied.logsource)
        if isinstance(plan, Reason):
            return _unconverted(rule, target, Outcome.REFUSED, plan)
        mapped = lowered.map(plan)
        dialect = backends.get(target.dialect)
        named = {
            name: ", ".join(map(dialect.field, fields)) for name, fields in mapped.fields.items()
        }
        fields = _fields(named, applied.names)
        if mapped.refusals:
            reasons = _distinct(mapped.refusals)
            return _unconverted(rule, target, Outcome.REFUSED, *reasons, fields=fields)
        written = dialect.write(mapped.search)
        if written.text is None:
            reasons = _distinct(written.refusals)
            return _unconverted(rule, target, Outcome.REFUSED, *reasons, fields=fields)
        reasons = _distinct((*mapped.approximations, *written.approximations))
        outcome = Outcome.APPROXIMATE if reasons else Outcome.EXACT
        return Query(
            rule.id,
            rule.title,
            rule.path,
            target.name,
            outcome,
            reasons,
            _commented(rule, written.text) if target.comments else written.text,
            fields,
            mapped.search.table,
            written.columns,
        )

    def plan(self, target: Target, logsource: LogSource) -> Plan | Reason:
        """The plan of one of the targets, or why it has none."""
        try:
            return self._plans[target.name, logsource]
        except KeyError:
            pass
        plan: Plan | Reason
        try:
            plan = target.plan(logsource)
        except Refused as refused:
            plan = refused.reason
        self._plans[target.name, logsource] = plan
        return plan


@dataclass(slots=True, eq=False)
class _Lowered:
    """A rule on its way: what it means, and the queries so far."""

    rule: Rule
    applied: Applied
    meaning: Node
    queries: list[Query] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)
    mapped: tuple[Plan, Mapped] | None = None

    def map(self, plan: Plan) -> Mapped:
        """The meaning in a target's fields, which two languages of the same data share."""
        if self.mapped is None or self.mapped[0] is not plan:
            self.mapped = plan, plan.map(self.meaning, self.applied.mapped)
        return self.mapped[1]


def _converted(rule: Rule | BrokenRule, conversion: Conversion) -> Converted:
    if isinstance(rule, BrokenRule) or rule.id is None:
        return Converted(conversion)
    return Converted(conversion, rule.place, rule.source.line(rule.place.line))


def _commented(rule: Rule, text: str) -> str:
    """The query under its rule's title and id."""
    told = [f"// {' '.join(line.split())}" for line in (rule.title, rule.id or "") if line]
    return "\n".join([*told, text])


def _with_tables(target: Target, paths: Sequence[str]) -> Target:
    """The target with the user's own tables."""
    if not paths:
        return target
    from transpile.targets.mapping import mapped  # noqa: PLC0415 (loads the tables)

    return mapped(target, paths)


def _settled(targets: Iterable[Target], environment: Environment) -> list[Target]:
    """The targets for the user's installation."""
    from transpile.targets.environment import settled  # noqa: PLC0415 (most have no settings)

    return [settled(target, environment) for target in targets]


def _placed(targets: Iterable[Target], environment: Environment) -> tuple[Target, ...]:
    """The targets where the user's installation keeps what they look for."""
    from transpile.targets.environment import placed  # noqa: PLC0415 (most have no settings)

    return tuple(placed(target, environment) for target in targets)


def _fitted(targets: Sequence[Target], schema: str) -> tuple[Target, ...]:
    """The targets for the fields that a schema file tells of."""
    from transpile.schema.file import load  # noqa: PLC0415 (most have none)
    from transpile.targets.fitted import Fitting  # noqa: PLC0415

    fitting = Fitting(load(schema))
    return tuple(fitting.target(target) for target in targets)


def _unconverted(
    rule: Rule,
    target: Target,
    outcome: Outcome,
    *reasons: Reason,
    fields: Mapping[str, str] | None = None,
) -> Query:
    return Query(rule.id, rule.title, rule.path, target.name, outcome, reasons, None, fields or {})


def _words(error: SigmaError) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def _internal(error: Exception) -> Reason:
    return Reason(
        "internal-error",
        f"{type(error).__name__}: {error}; this is a fault of the program, please report the rule",
    )


def _fields(fields: Mapping[str, str], names: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """The fields under the names that the rule itself uses."""
    if not names:
        return fields
    result: dict[str, str] = {}
    renamed = {name for targets in names.values() for name in targets}
    for sigma, targets in names.items():
        if found := [fields[name] for name in targets if name in fields]:
            result[sigma] = ", ".join(dict.fromkeys(found))
    return result | {name: target for name, target in fields.items() if name not in renamed}


def _distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
