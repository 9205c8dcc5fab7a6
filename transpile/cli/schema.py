"""`schema`: the fields that the indices of an Elasticsearch really have."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import refuse_usage, use_utf8
from transpile.cli.exits import planned_end, say

if TYPE_CHECKING:
    from transpile.schema.model import ClusterSchema


def schema(  # noqa: PLR0913, PLR0917 (one parameter an option)
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="The cluster: https://localhost:9200; without a port, 443 or 80 as on the web.",
            show_default=False,
        ),
    ],
    index: Annotated[
        list[str] | None,
        typer.Option(
            "--index",
            metavar="PATTERN",
            help="Indices, data streams or aliases to read, by name or with *; may be given"
            " several times. Default: logs-* and winlogbeat-*, as far as there are any.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the schema to FILE instead of standard output.",
            show_default=False,
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            "--api-key",
            metavar="KEY",
            envvar="ELASTICSEARCH_API_KEY",
            help="An API key, encoded or as id:key. Others can see what a command line says;"
            " the environment variable is safer.",
            show_default=False,
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            metavar="NAME",
            envvar="ELASTICSEARCH_USER",
            help="A user instead of an API key.",
            show_default=False,
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            "--password",
            metavar="PASSWORD",
            envvar="ELASTICSEARCH_PASSWORD",
            help="The user's password; the environment variable is safer.",
            show_default=False,
        ),
    ] = None,
    ca_cert: Annotated[
        str | None,
        typer.Option(
            "--ca-cert",
            metavar="FILE",
            help="The certificate (PEM) of the authority that the cluster's is from.",
            show_default=False,
        ),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Take any certificate, whoever it is from.")
    ] = False,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=1, help="How long to wait for an answer."),
    ] = 60,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault of the program.")
    ] = False,
) -> None:
    """Read from an Elasticsearch the fields that its indices have, into a file.

    Only mappings and settings of the indices are read, no documents. The file holds no
    credentials, and is the same as long as the fields are. Commit it, and queries can be fitted to
    your fields without the network.

    Exit codes: 0 the schema was written, 2 wrong usage, or the cluster can't be read.
    """
    from transpile.schema.cluster import (  # noqa: PLC0415 (keeps --help fast)
        ClusterError,
        Connection,
        Credentials,
        read,
    )

    if insecure and ca_cert is not None:
        refuse_usage("--insecure takes any certificate: leave it out, or --ca-cert")
    credentials = Credentials(api_key or None, user or None, password or None)
    connection = Connection(url, credentials, ca_cert, not insecure, timeout)
    with planned_end():
        try:
            found = read(connection, index or (), say)
        except ClusterError as error:
            refuse_usage(str(error))
        _write(found, output)
    for line in _summary(found):
        say(line)


def _write(found: ClusterSchema, output: Path | None) -> None:
    from transpile.run.write import replace_file  # noqa: PLC0415 (keeps --help fast)
    from transpile.schema.file import text_of  # noqa: PLC0415

    text = text_of(found)
    if output is None:
        use_utf8()
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        replace_file(output, text.encode())
    except OSError as error:
        refuse_usage(f"can't write {output}: {error.strerror}")


_SHOWN = 5


def _summary(found: ClusterSchema) -> Iterator[str]:
    fields = f"{len(found.fields)} field{'s' * (len(found.fields) != 1)}"
    yield f"{fields}; indices and data streams: {', '.join(found.sources)}"
    differing = [path for path, shapes in found.fields.items() if len(shapes) > 1]
    if differing:
        more = ", ..." if len(differing) > _SHOWN else ""
        shown = ", ".join(differing[:_SHOWN])
        yield f"{len(differing)} fields are not mapped alike everywhere: {shown}{more}"
