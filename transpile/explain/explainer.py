"""A rule explained: what it says of itself, what it means, and what it becomes in each target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath, PurePosixPath

from sigma.exceptions import SigmaError

from transpile.attack import cover
from transpile.explain.event_table import events, subject
from transpile.explain.explanation import Explanation, Head, TargetView
from transpile.explain.indicators import Indicator, Seeker, indicators
from transpile.explain.stages import Predicate, definition, predicates, staged
from transpile.explain.words import sentence
from transpile.ir.lower import lower
from transpile.ir.nodes import And, Equals, Exists, Glob, Node, Not, NumberEquals, Or
from transpile.load.about import About, about
from transpile.load.rules import Rule
from transpile.query import Query, Reason, Refused
from transpile.run.convert import Conversion, Converter
from transpile.targets import registry
from transpile.targets.environment import Environment
from transpile.targets.plan import Plan
from transpile.targets.target import Target


class Explainer:
    """Explains rules with what they become in some targets."""

    def __init__(
        self,
        targets: Sequence[str],
        pipelines: Sequence[str] = (),
        schema: str = "",
        environment: Environment = (),
    ) -> None:
        """Get the targets by name and read the user's files, as `Converter` does."""
        self._converter = Converter(
            targets, pipelines, schema=schema or None, environment=environment
        )

    def explain(self, rule: Rule, folder: str = "") -> Explanation:
        """What there is to know about a rule.

        `folder` is the one that was given, where the rule came from one; its name stands for the
        source of the rules that lie in no folder below it.
        """
        return self.explained(rule, self.convert(rule), folder)

    def convert(self, rule: Rule) -> Conversion:
        """What the rule becomes."""
        return self._converter.convert(rule)

    def explained(self, rule: Rule, conversion: Conversion, folder: str = "") -> Explanation:
        """The same as `explain`, for a rule that has been converted."""
        meaning, words = _meaning(rule)
        head = _head(rule, folder, conversion.about or about(rule.document))
        asked = list(_asked(rule))
        return Explanation(
            head,
            cover(head.about.tags),
            tuple(events(rule.logsource, meaning)),
            tuple(staged(rule.document["detection"])),
            words,
            tuple(indicators(asked)),
            tuple(
                _view(query, target, self._converter.plan(target, rule.logsource))
                for query, target in zip(conversion.queries, self._converter.targets, strict=True)
            ),
            tuple(dict.fromkeys(one.field for one in asked if one.field)),
            tuple(f"{warning.code}: {warning.message}" for warning in rule.warnings),
        )


def seeker(rule: Rule, folder: str = "") -> Seeker:
    """The rule as one that looks for indicators."""
    return Seeker(_head(rule, folder, About()).key, _source(rule, folder))


def sought(rule: Rule) -> list[Indicator]:
    """What a rule looks for."""
    return indicators(_asked(rule))


def _meaning(rule: Rule) -> tuple[Node | None, str]:
    try:
        meaning = lower(rule.detections)
    except Refused as refused:
        return None, f"Can't be told: {refused.reason.message}."
    except SigmaError as error:
        return None, f"Can't be told: {error}."
    return meaning, sentence(subject(rule.logsource), meaning)


def _asked(rule: Rule) -> Iterator[Predicate]:
    """The predicates of every detection, also of those that no condition names."""
    for name, value in rule.document["detection"].items():
        if name not in ("condition", "timeframe"):
            yield from predicates(definition(value))


def _source(rule: Rule, folder: str) -> str:
    parts = PurePosixPath(rule.file.relative).parts
    source = parts[0] if len(parts) > 1 else PurePath(folder).name
    return source or PurePath(rule.path).parent.name or "."


def _head(rule: Rule, folder: str, about: About) -> Head:
    definition = rule.document["logsource"].get("definition")
    return Head(
        rule.title,
        rule.id,
        rule.file.relative,
        rule.position,
        _source(rule, folder),
        definition.strip() if isinstance(definition, str) else "",
        about,
    )


def _view(query: Query, target: Target, plan: Plan | Reason) -> TargetView:
    found = None if isinstance(plan, Reason) else plan
    return TargetView(
        target.name,
        target.title,
        target.dialect,
        registry.ending(target.name).suffix,
        target.about,
        query.outcome,
        query.reasons,
        query.text,
        dict(query.fields),
        found.table if found else "",
        tuple(map(_scope, found.scope)) if found else (),
    )


def _scope(node: Node) -> str:
    """A condition of a scope, as a person would write it down."""
    if isinstance(node, (And, Or)):
        same = _one_field(node)
        if same is not None:
            return same
        word = " and " if isinstance(node, And) else " or "
        return word.join(map(_scope, node.operands))
    if isinstance(node, Not):
        return f"not {_scope(node.operand)}"
    if isinstance(node, Equals):
        return f"{node.field.name} = {node.value}"
    if isinstance(node, NumberEquals):
        return f"{node.field.name} = {node.number}"
    if isinstance(node, Glob):
        parts = (part if isinstance(part, str) else part.value for part in node.parts)
        return f"{node.field.name} = {''.join(parts)}"
    if isinstance(node, Exists):
        return f"{node.field.name} is present"
    return type(node).__name__


def _one_field(node: And | Or) -> str | None:
    """`EventID = 12, 13, 14` for alternatives of one field."""
    if isinstance(node, And):
        return None
    told = [_scope(one).partition(" = ") for one in node.operands]
    if len({name for name, _, _ in told}) > 1 or not all(value for _, _, value in told):
        return None
    return f"{told[0][0]} = {', '.join(value for _, _, value in told)}"
