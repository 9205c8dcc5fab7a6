"""`schema` as a user meets it: what it asks, what it tells, and what it never shows."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

AUTHORITY = trustme.CA()
"""signs the certificate of a cluster, and nobody knows it"""
SECRETS = ("s3cret-key", "s3cret-password")

ANSWERS: dict[str, Any] = {
    "_resolve": {
        "indices": [],
        "aliases": [],
        "data_streams": [
            {"name": "logs-a-default", "backing_indices": [".ds-logs-a-default-2024.12.01-000001"]}
        ],
    },
    "_mapping": {
        ".ds-logs-a-default-2024.12.01-000001": {
            "mappings": {"properties": {"k": {"type": "wildcard"}}}
        }
    },
    "_settings": {},
    "_field_caps": {"indices": [".ds-logs-a-default-2024.12.01-000001"], "fields": {}},
}
WRITTEN = """\
{
  "format": 1,
  "patterns": ["logs-*", "winlogbeat-*"],
  "sources": [
    "logs-a-default"
  ],
  "fields": {
    "k": [{"type": "wildcard"}]
  }
}
"""


class Cluster(ThreadingHTTPServer):
    """Answers as a cluster does, and keeps what it was asked and who asked."""

    status = 200
    product = "Elasticsearch"
    kind = "application/vnd.elasticsearch+json;compatible-with=8"
    body: bytes | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that doesn't trust the certificate hangs up."""


class Handler(BaseHTTPRequestHandler):
    server: Cluster

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def _answer(self) -> None:
        cluster = self.server
        cluster.asked.append((self.path, self.headers.get("Authorization")))
        name = next(part for part in self.path.split("?")[0].split("/") if part in ANSWERS)
        answer = ANSWERS[name] if cluster.status == 200 else {"error": {"type": "some_error"}}
        body = cluster.body if cluster.body is not None else json.dumps(answer).encode()
        self.send_response(cluster.status)
        self.send_header("Content-Type", cluster.kind)
        self.send_header("Content-Length", str(len(body)))
        if cluster.product:
            self.send_header("X-Elastic-Product", cluster.product)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serving(cluster: Cluster) -> Iterator[Cluster]:
    thread = threading.Thread(target=cluster.serve_forever, args=(0.01,))
    thread.start()
    yield cluster
    cluster.shutdown()
    thread.join()
    cluster.server_close()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serving(Cluster()) as one:
        yield one


@pytest.fixture
def encrypted() -> Iterator[str]:
    """The URL of one with a certificate that nobody knows."""
    cluster = Cluster()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    cluster.socket = context.wrap_socket(cluster.socket, server_side=True)
    with serving(cluster):
        yield f"https://localhost:{cluster.server_port}"


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "transpile", "schema", *arguments],
        capture_output=True,
        check=False,
        env=os.environ | environment,
        timeout=60,
        text=True,
    )
    shown = done.stdout + done.stderr
    assert "Traceback" not in shown
    assert not any(secret in shown for secret in SECRETS)
    return done.returncode, done.stdout, done.stderr


def told(*arguments: str, **environment: str) -> str:
    """The one line that a user sees of a command that can't be carried out."""
    code, out, error = run(*arguments, **environment)
    assert (code, out) == (2, "")
    assert error.count("\n") == 1, error
    return error.removeprefix("sigma-transpile: ").rstrip("\n")


def test_the_schema_goes_to_standard_output(cluster: Cluster) -> None:
    code, out, error = run(cluster.url)
    assert (code, out) == (0, WRITTEN)
    assert error == ("sigma-transpile: 1 field; indices and data streams: logs-a-default\n")
    assert [path.split("?")[0] for path, _ in cluster.asked] == [
        "/_resolve/index/logs-*",
        "/_resolve/index/winlogbeat-*",
        "/logs-*,winlogbeat-*/_mapping",
        "/logs-*,winlogbeat-*/_settings/index.analysis.*,index.mapping.*,index.mode",
        "/logs-*,winlogbeat-*/_field_caps",
    ]


def test_a_file_is_written_once_and_the_same(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    for _ in range(2):
        code, out, _error = run(cluster.url, "-o", str(path), "--index", "logs-a*")
        assert (code, out) == (0, "")
        os.utime(path, (1, 1)) if path.stat().st_mtime != 1 else None
    assert path.read_bytes() == WRITTEN.replace('"logs-*", "winlogbeat-*"', '"logs-a*"').encode()
    assert path.stat().st_mtime == 1
    assert list(tmp_path.iterdir()) == [path]


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("arguments", "environment", "header"),
    [
        ((), {}, None),
        (("--api-key", SECRETS[0]), {}, f"ApiKey {SECRETS[0]}"),
        (("--api-key", f"id:{SECRETS[0]}"), {}, f"ApiKey {basic(f'id:{SECRETS[0]}')}"),
        ((), {"ELASTICSEARCH_API_KEY": f"{SECRETS[0]}\n"}, f"ApiKey {SECRETS[0]}"),
        (("--user", "u", "--password", SECRETS[1]), {}, f"Basic {basic(f'u:{SECRETS[1]}')}"),
        (
            (),
            {"ELASTICSEARCH_USER": "u", "ELASTICSEARCH_PASSWORD": SECRETS[1]},
            f"Basic {basic(f'u:{SECRETS[1]}')}",
        ),
    ],
)
def test_credentials_are_sent_and_never_shown(
    cluster: Cluster,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    header: str | None,
) -> None:
    code, out, _ = run(cluster.url, *arguments, **environment)
    assert (code, out) == (0, WRITTEN)
    assert {sent for _, sent in cluster.asked} == {header}
    for status in (401, 403, 500):
        cluster.status = status
        told(cluster.url, *arguments, **environment)


def test_help_shows_no_secret() -> None:
    code, out, _ = run("--help", ELASTICSEARCH_API_KEY=SECRETS[0], ELASTICSEARCH_USER="me")
    assert code == 0
    assert "ELASTICSEARCH_API_KEY" in out


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "asks who you are; give --api-key, or --user and --password"),
        (500, "answers 500 some_error; look at the URL and the server's log"),
        (302, "answers 302"),
    ],
)
def test_what_a_server_refuses(cluster: Cluster, status: int, words: str) -> None:
    cluster.status = status
    assert told(cluster.url).startswith(f"{cluster.url} {words}")


def test_refused_credentials(cluster: Cluster) -> None:
    key = ("--api-key", SECRETS[0])
    cluster.status = 401
    refused = f"{cluster.url} refuses the credentials; they are wrong or have run out"
    assert told(cluster.url, *key) == refused
    cluster.status = 403
    assert told(cluster.url, *key) == (
        f"the credentials may not read logs-*, winlogbeat-* at {cluster.url};"
        " they need the index privilege view_index_metadata"
    )
    cluster.status = 404
    assert "no index, data stream or alias matches x as far" in told(cluster.url, "--index", "x")


def test_what_is_no_elasticsearch(cluster: Cluster) -> None:
    words = "what answers is no Elasticsearch; look at the URL"
    cluster.product = ""
    cluster.kind, cluster.body = "text/html", b"<html>"
    assert told(cluster.url) == words
    cluster.product = "Elasticsearch"
    assert told(cluster.url) == words
    cluster.kind, cluster.body = "application/json", b"{"
    assert told(cluster.url) == words


def test_certificates(encrypted: str, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(authority))
    trusted = told(encrypted)
    assert trusted == (
        f"{encrypted}: its certificate is not trusted; give its authority's by --ca-cert FILE"
    )
    assert run(encrypted, "--ca-cert", str(authority))[:2] == (0, WRITTEN)
    code, out, error = run(encrypted, "--insecure")
    assert (code, out) == (0, WRITTEN)
    assert error.startswith("sigma-transpile: --insecure: anybody could answer")
    address = encrypted.replace("localhost", "127.0.0.1")
    assert "is another host's" in told(address, "--ca-cert", str(authority))
    assert "try https instead of http" in told(encrypted.replace("https", "http"))


def test_no_encryption_where_the_url_asks_for_it(cluster: Cluster) -> None:
    url = cluster.url.replace("http", "https")
    assert told(url) == f"{url}: the server speaks no TLS; try http instead of https"


def test_nobody_listens(cluster: Cluster) -> None:
    cluster.server_close()
    words = "nobody listens there; look at host and port"
    assert told("http://127.0.0.1:9") == f"http://127.0.0.1:9: {words}"


def test_no_answer_in_time() -> None:
    with serving_nothing() as url:
        words = "no answer within 1 seconds; --timeout waits longer"
        assert told(url, "--timeout", "1") == f"{url}: {words}"


@contextmanager
def serving_nothing() -> Iterator[str]:
    """The URL of a port that takes connections and says nothing."""
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("localhost:9200",), "this is no URL of a cluster; write it like"),
        (("http://[",), "this is no URL of a cluster"),
        (("http://a..b",), "this is no URL of a cluster"),
        (("http://localhost:99999",), "this is no URL of a cluster"),
        (("http://localhost?key=s3cret-key",), "this is no URL of a cluster"),
        (("https://u:s3cret-password@localhost",), "the URL holds credentials"),
        (("http://localhost", "--index", "far:logs-*"), "mappings of a remote cluster"),
        (("http://localhost", "--user", "u"), "the password is missing"),
        (("http://localhost", "--password", "s3cret-password"), "the user is missing"),
        (("http://localhost", "--api-key", "s3cret-key\nX: y"), "characters that no API key has"),
        (("http://localhost", "--api-key", "s3cret-key€"), "characters that no API key has"),
        (
            ("http://localhost", "--api-key", "s3cret-key", "--user", "u"),
            "an API key and a user with a password",
        ),
        (("https://localhost", "--ca-cert", "absent"), "can't use absent: No such file"),
        (("https://localhost", "--ca-cert", __file__), "it holds no certificate"),
        (("https://localhost", "--ca-cert", "x", "--insecure"), "takes any certificate"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], words: str) -> None:
    assert words in told(*arguments)


def test_credentials_on_an_open_line_are_warned_of() -> None:
    _, _, error = run("http://elastic.invalid", "--api-key", SECRETS[0])
    assert error.startswith("sigma-transpile: the credentials travel unencrypted; use https\n")


def test_the_client_is_an_extra(tmp_path: Path) -> None:
    (tmp_path / "elasticsearch.py").write_text("raise ImportError")
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    words = "schema needs one more package: pip install 'sigma-transpile[schema]'"
    assert told("http://localhost", PYTHONPATH=path) == words


def test_a_file_that_can_not_be_written(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "absent" / "schema.json"
    assert told(cluster.url, "-o", str(path)) == f"can't write {path}: No such file or directory"
