"""`schema`: the fields that the indices of an Elasticsearch really have."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transpile.cli.arguments import refuse_usage, use_utf8
from transpile.cli.exits import planned_end, say

if TYPE_CHECKING:
    from transpile.schema.cluster import Connection
    from transpile.schema.model import ClusterSchema

_API_KEY = "ELASTICSEARCH_API_KEY"
_USER = "ELASTICSEARCH_USER"
_PASSWORD = "ELASTICSEARCH_PASSWORD"  # noqa: S105 (a name)
_CA_CERT = "ELASTICSEARCH_CA_CERT"


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
            envvar=_API_KEY,
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
            envvar=_USER,
            help="A user instead of an API key.",
            show_default=False,
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            "--password",
            metavar="PASSWORD",
            envvar=_PASSWORD,
            help="The user's password; the environment variable is safer.",
            show_default=False,
        ),
    ] = None,
    ca_cert: Annotated[
        str | None,
        typer.Option(
            "--ca-cert",
            metavar="FILE",
            envvar=_CA_CERT,
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
        Connection,
        Credentials,
    )

    if insecure and ca_cert is not None:
        refuse_usage("--insecure takes any certificate: leave it out, or --ca-cert")
    credentials = Credentials(api_key or None, user or None, password or None)
    connection = Connection(url, credentials, ca_cert, not insecure, timeout)
    with planned_end():
        found = _read(connection, index or ())
        _write(found, output)
    for line in _summary(found):
        say(line)


def read_into_file(context: typer.Context, url: str) -> str:
    """Read the schema of a cluster into a file that is there as long as the command runs.

    The environment tells the credentials and the authority. The command ends where it can't be
    read.
    """
    from transpile.run.temporary import OwnFolder  # noqa: PLC0415
    from transpile.schema.cluster import Connection, Credentials  # noqa: PLC0415
    from transpile.schema.file import text_of  # noqa: PLC0415

    api_key, user, password, authority = (
        os.environ.get(name) or None for name in (_API_KEY, _USER, _PASSWORD, _CA_CERT)
    )
    with planned_end():
        found = _read(Connection(url, Credentials(api_key, user, password), authority), ())
    try:
        folder = OwnFolder()
        context.call_on_close(folder.remove)
        file = folder.path / "1"
        file.write_bytes(text_of(found).encode())
    except OSError as error:
        refuse_usage(f"can't write a temporary file: {error.strerror}")
    return str(file)


def _read(connection: Connection, patterns: Sequence[str]) -> ClusterSchema:
    from transpile.schema.cluster import ClusterError, read  # noqa: PLC0415

    try:
        return read(connection, patterns, say)
    except ClusterError as error:
        refuse_usage(str(error))


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
