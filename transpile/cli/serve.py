"""`serve`: the catalogue in a browser, as the rules change."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import (
    NOT_NAMED,
    Pipelines,
    Schema,
    check_paths,
    check_pipelines,
    environment_of,
    explaining_processes,
    given_rules,
    known_targets,
    refuse_problem,
    refuse_usage,
    used_schema,
)
from transpile.cli.exits import planned_end, say

if TYPE_CHECKING:
    from transpile.serve.live import LiveCatalogue


def serve(  # noqa: PLR0913, PLR0917 (one parameter an option)
    context: typer.Context,
    rules: Annotated[
        list[str],
        typer.Argument(
            metavar="[RULES...]",
            help="Folders of rules (searched to any depth), or rule files.",
            show_default=False,
            callback=given_rules,
        ),
    ] = NOT_NAMED,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="The address to listen on; any but loopback lets others read the rules.",
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free port.")] = 0,
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
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="What the site is called.")
    ] = "Detection rules",
) -> None:
    """Show the catalogue of rules in a browser, with a page to try a rule on.

    The site follows the rules: what has changed is there when a page is loaded anew.
    """
    targets = known_targets(target)
    check_paths(rules)
    check_pipelines(targets, pipeline)
    fields = used_schema(context, targets, schema)
    try:
        import uvicorn  # noqa: PLC0415 (an extra)

        from transpile.serve.app import LOOPBACK, application  # noqa: PLC0415
    except ImportError:
        refuse_usage("serve needs more packages: pip install 'sigma-transpile[serve]'")
    from transpile.catalog.recipe import Recipe  # noqa: PLC0415
    from transpile.load.problem import ProblemFound  # noqa: PLC0415
    from transpile.serve.live import LiveCatalogue  # noqa: PLC0415
    from transpile.serve.workbench import Workbench  # noqa: PLC0415

    hosts = list(LOOPBACK)
    if not _is_loopback(host):
        say(f"everybody who reaches {host} can read the rules and try their own")
        hosts = ["*"]
    recipe = Recipe(
        tuple(targets), tuple(pipeline or ()), rules[0], fields, environment_of(context, targets)
    )
    try:
        catalogue = LiveCatalogue(rules, recipe, title)
    except ProblemFound as bad:
        refuse_problem(bad.problem)
    with planned_end():
        _start(catalogue, rules)
        listening = _listen(host, port)
        address, bound = listening.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        say(f"http://{shown}:{bound}/ (Ctrl+C ends)")
        config = uvicorn.Config(
            application(catalogue, Workbench(recipe), hosts),
            log_level="warning",
            limit_concurrency=64,
            timeout_keep_alive=5,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listening])
        catalogue.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        refuse_usage(f"can't listen on {host}:{port}: {error.strerror}")
    return listening


def _start(catalogue: LiveCatalogue, rules: list[str]) -> None:
    from transpile.load.files import find  # noqa: PLC0415

    total = sum(1 for _ in find(rules))
    processes = explaining_processes(total)
    if sys.stderr.isatty():
        from transpile.cli.progress import progress_bar  # noqa: PLC0415

        with progress_bar(total, "explaining") as advance:
            catalogue.start(processes, advance)
    else:
        catalogue.start(processes)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
