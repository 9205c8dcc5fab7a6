"""`explain`: all there is to know about a rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    Pipelines,
    Schema,
    SchemaFrom,
    check_paths,
    check_pipelines,
    environment_of,
    known_targets,
    refuse_problem,
    refuse_usage,
    use_utf8,
    used_schema,
)
from transpile.cli.exits import ExitCode, planned_end

if TYPE_CHECKING:
    from transpile.explain.event_check import CheckedEvent
    from transpile.explain.explainer import Explainer
    from transpile.explain.explanation import Explanation
    from transpile.explain.indicators import Corpus


class Format(str, Enum):
    """How an explanation is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def explain(  # noqa: PLR0913, PLR0917 (one parameter an option)
    context: typer.Context,
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE", help="A rule file, or - for standard input.", show_default=False
        ),
    ],
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus",
            metavar="DIR",
            help="Count in these rules how many look for the same; several are allowed.",
        ),
    ] = None,
    event: Annotated[
        Path | None,
        typer.Option(
            "--event",
            metavar="FILE",
            help="Events as JSON: which predicates each passes, and why.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            metavar="TARGET",
            help="Targets to show; may be given several times."
            " Default: splunk, sentinel, elastic-eql and elastic-lucene.",
        ),
    ] = None,
    pipeline: Pipelines = None,
    schema: Schema = None,
    schema_from: SchemaFrom = None,
    form: Annotated[
        Format, typer.Option("--format", help="How the explanation is printed.")
    ] = Format.TERMINAL,
) -> None:
    """Explain a rule: what it looks for, what it becomes, and how faithful that is.

    Exit codes: 0 the rule is explained, 1 it or one of its file is broken, 2 wrong usage.
    """
    from transpile.cli.problems import show_problem  # noqa: PLC0415 (keeps --help fast)
    from transpile.explain.explainer import Explainer  # noqa: PLC0415
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.load.rules import BrokenRule, load  # noqa: PLC0415

    targets = known_targets(target)
    check_paths([rule, *(corpus or ())])
    if Path(rule).is_dir():
        refuse_usage(f"{rule!r} is a folder; see the command catalog")
    check_pipelines(targets, pipeline)
    fields = used_schema(context, targets, schema, schema_from)
    try:
        explainer = Explainer(targets, pipeline or (), fields, environment_of(context, targets))
    except ProblemFound as bad:
        refuse_problem(bad.problem)
    explained = []
    code = ExitCode.CONVERTED
    for one in load([rule]):
        if isinstance(one, BrokenRule):
            typer.echo("\n".join(map(show_problem, one.problems)), err=True)
            code = ExitCode.NOT_ALL_CONVERTED
        else:
            explained.append(explainer.explain(one))
    counted = _counted(explained, explainer, corpus or ())
    use_utf8()
    with planned_end():
        _print(explained, counted, form, event)
    raise typer.Exit(code)


def _counted(
    explained: Sequence[Explanation], explainer: Explainer, folders: Sequence[str]
) -> Corpus:
    """The rules of the corpus folders and those explained, each once."""
    from transpile.explain.explainer import seeker, sought  # noqa: PLC0415
    from transpile.explain.indicators import Corpus, Seeker  # noqa: PLC0415
    from transpile.load.rules import BrokenRule, load  # noqa: PLC0415

    corpus = Corpus()
    if not folders:
        return corpus
    for one in load(folders):
        if not isinstance(one, BrokenRule):
            corpus.add(seeker(one, folders[0]), sought(one))
    for explanation in explained:
        if not corpus.holds(explanation.head.key):
            corpus.add(
                Seeker(explanation.head.key, explanation.head.source), explanation.indicators
            )
    return corpus


def _print(
    explained: Sequence[Explanation], corpus: Corpus, form: Format, event: Path | None
) -> None:
    if form is Format.JSON:
        import json  # noqa: PLC0415

        from transpile.explain.plain_json import as_json  # noqa: PLC0415

        objects = [as_json(one, corpus, _checked(one, event)) for one in explained]
        shown = objects[0] if len(objects) == 1 else objects
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
        return
    for position, one in enumerate(explained):
        if position:
            sys.stdout.write("\n")
        sys.stdout.write(_text(one, corpus, _checked(one, event), form))


def _text(
    explanation: Explanation, corpus: Corpus, checked: Sequence[CheckedEvent], form: Format
) -> str:
    if form is Format.MARKDOWN:
        from transpile.explain.markdown import markdown  # noqa: PLC0415

        return markdown(explanation, corpus, checked)
    if form is Format.HTML:
        from transpile.catalog.collection import Counted  # noqa: PLC0415
        from transpile.catalog.site import single_page  # noqa: PLC0415
        from transpile.explain.indicators import count  # noqa: PLC0415

        counted = [
            Counted(one, str(count(corpus, one) or ""), "") for one in explanation.indicators
        ]
        return single_page(explanation, counted, checked)
    from transpile.cli.explanation import show  # noqa: PLC0415

    return "\n".join(show(explanation, corpus, checked)) + "\n"


def _checked(explanation: Explanation, event: Path | None) -> list[CheckedEvent]:
    if event is None:
        return []
    from transpile.explain.event_check import NoEvent, check, read_events  # noqa: PLC0415

    try:
        found = read_events(event.read_text("utf-8"))
    except OSError as error:
        refuse_usage(f"can't read {event}: {error.strerror}")
    except (NoEvent, UnicodeDecodeError) as error:
        refuse_usage(f"{event}: {error}")
    return [check(explanation, one) for one in found]
