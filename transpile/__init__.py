"""Sigma rules to queries that find exactly the events that a rule means, or the reasons why not.

from pathlib import Path
from transpile import transpile

query = transpile(Path("rule.yml"), "splunk")
print(query.outcome.value, query.text)
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transpile.query import Outcome, Place, Query, Reason

if TYPE_CHECKING:
    from transpile.load.problem import Problem
    from transpile.run.convert import Converter

__all__ = ["Outcome", "Place", "Query", "Reason", "transpile", "transpile_files"]


def transpile(rule: str | Path, target: str, *, pipelines: Sequence[Path] = ()) -> Query:
    """One rule, given as YAML or as the path of its file, in the language of one target.

    `pipelines` are pySigma pipeline files, applied to the rule first, and files of tables; what of
    them has no effect is a warning of Python's. A broken rule is a query
    with the outcome failed; whatever is wrong with it is in the reasons.

    Raises:
        ValueError: there is no such target, a pipeline file can't be used, or there are several
            rules (see `transpile_files`).
    """
    from transpile.load.files import RuleFile  # noqa: PLC0415 (importing transpile stays cheap)
    from transpile.load.rules import load_file, load_text  # noqa: PLC0415
    from transpile.load.source import SourceText  # noqa: PLC0415

    if isinstance(rule, Path):
        first = next(load_file(RuleFile(rule.as_posix(), rule.name)))
    else:
        first = next(load_text(SourceText("<rule>", rule), RuleFile("<rule>", "rule")))
    if not first.alone:
        raise ValueError("there are several rules, not one")
    return _converter([target], pipelines).convert(first).queries[0]


def transpile_files(
    paths: Sequence[Path], targets: Sequence[str], *, pipelines: Sequence[Path] = ()
) -> Iterator[Query]:
    """The rules of files and folders in the languages of the targets, rule by rule, in order.

    Raises:
        ValueError: there is no such target, or a pipeline file can't be used.
    """
    from transpile.load.files import find  # noqa: PLC0415
    from transpile.run.batch import convert_files  # noqa: PLC0415

    converter = _converter(targets, pipelines)
    for conversion in convert_files(find([str(path) for path in paths]), converter):
        yield from conversion.queries


def _converter(targets: Sequence[str], pipelines: Sequence[Path]) -> Converter:
    from transpile.load.problem import ProblemFound, Severity  # noqa: PLC0415
    from transpile.run import inputs  # noqa: PLC0415
    from transpile.run.convert import Converter  # noqa: PLC0415
    from transpile.targets import registry  # noqa: PLC0415

    for name in targets:
        if not registry.is_known(name):
            raise ValueError(f"there is no target {name!r}, only {', '.join(registry.names())}")
    paths = [str(path) for path in pipelines]
    for problem in inputs.problems(targets, paths):
        if problem.severity is Severity.ERROR:
            raise ValueError(_told(problem))
        warnings.warn(_told(problem), stacklevel=3)
    try:
        return Converter(targets, paths)
    except ProblemFound as bad:
        raise ValueError(_told(bad.problem)) from None


def _told(problem: Problem) -> str:
    return f"{problem.path}:{problem.line or 1}: {problem.message}"


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

        try:
            return version("sigma-transpile")
        except PackageNotFoundError:  # run from a checkout
            return "unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
