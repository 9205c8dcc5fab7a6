"""One rule to many targets."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence

from sigma.exceptions import SigmaError, SigmaTransformationError

import backends
from transpile.ir.lower import lower
from transpile.ir.nodes import Node
from transpile.load.about import about
from transpile.load.logsource import LogSource
from transpile.load.rules import BrokenRule, Rule
from transpile.query import Outcome, Query, Reason, Refused
from transpile.run.conversion import Conversion, broken
from transpile.run.pipelines import Applied, UserPipelines
from transpile.targets import registry
from transpile.targets.plan import Mapped, Plan
from transpile.targets.target import Target

__all__ = ["Conversion", "Converter"]


class Converter:
    """Converts rules for some targets, through the user's pipelines where there are any.

    Plans are made once for each target and log source.
    """

    def __init__(
        self, targets: Sequence[str], pipelines: Sequence[str] = (), *, tells: bool = True
    ) -> None:
        """Get the targets by name and read the pipeline files.

        `tells` asks for what rules say of themselves, which only exports need.

        Raises:
            KeyError: no target has that name.
            ProblemFound: a pipeline file can't be used.
        """
        tables = [path for path in pipelines if path.endswith(".toml")]
        self.targets = tuple(_with_tables(registry.get(name), tables) for name in targets)
        self._pipelines = UserPipelines([path for path in pipelines if path not in tables])
        self._plans: dict[tuple[str, LogSource], Plan | Reason] = {}
        self._tells = tells
        self._last: tuple[Plan, Node, Mapped] | None = None

    def convert(self, rule: Rule | BrokenRule) -> Conversion:
        """The queries of a rule. Whatever goes wrong with it is in them; nothing is raised."""
        if isinstance(rule, BrokenRule):
            return self._broken(rule)
        stacks: list[str] = []
        queries = self._queries(rule, stacks)
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

    def _queries(self, rule: Rule, stacks: list[str]) -> list[Query]:
        try:
            applied = self._pipelines.apply(rule)
            meaning = lower(applied.detections)
        except Refused as refused:
            return self._all(rule, Outcome.REFUSED, refused.reason)
        except SigmaTransformationError as error:
            return self._all(rule, Outcome.REFUSED, Reason("pipeline-failure", _words(error)))
        except SigmaError as error:
            return self._all(rule, Outcome.FAILED, Reason("sigma-error", _words(error)))
        except Exception as error:
            stacks.append(traceback.format_exc())
            return self._all(rule, Outcome.FAILED, _internal(error))
        queries = []
        for target in self.targets:
            try:
                queries.append(self._query(rule, applied, meaning, target))
            except Exception as error:
                stacks.append(traceback.format_exc())
                queries.append(_unconverted(rule, target, Outcome.FAILED, _internal(error)))
        return queries

    def _all(self, rule: Rule, outcome: Outcome, reason: Reason) -> list[Query]:
        return [_unconverted(rule, target, outcome, reason) for target in self.targets]

    def _query(self, rule: Rule, applied: Applied, meaning: Node, target: Target) -> Query:
        plan = self._plan(target, applied)
        if isinstance(plan, Reason):
            return _unconverted(rule, target, Outcome.REFUSED, plan)
        mapped = self._map(plan, meaning, applied)
        fields = _fields(mapped.fields, applied.names)
        if mapped.refusals:
            reasons = _distinct(mapped.refusals)
            return _unconverted(rule, target, Outcome.REFUSED, *reasons, fields=fields)
        written = backends.get(target.dialect).write(mapped.search)
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

    def _map(self, plan: Plan, meaning: Node, applied: Applied) -> Mapped:
        """The meaning in a target's fields, which two languages of the same data share."""
        if self._last is None or self._last[0] is not plan or self._last[1] is not meaning:
            self._last = plan, meaning, plan.map(meaning, applied.mapped)
        return self._last[2]

    def _plan(self, target: Target, applied: Applied) -> Plan | Reason:
        key = applied.logsource
        try:
            return self._plans[target.name, key]
        except KeyError:
            pass
        plan: Plan | Reason
        try:
            plan = target.plan(key)
        except Refused as refused:
            plan = refused.reason
        self._plans[target.name, key] = plan
        return plan


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
