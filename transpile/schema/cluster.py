"""Reads the schema of a cluster's indices, with Elastic's own client.

All that is asked takes the privilege `view_index_metadata`, and none of it is of any document.
"""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from transpile.schema.answers import Answers, schema_of
from transpile.schema.model import ClusterSchema
from transpile.values import dataclass

if TYPE_CHECKING:
    import elasticsearch as client_library
    from elastic_transport import ObjectApiResponse

PATTERNS = ("logs-*", "winlogbeat-*")
"""indices that Elastic Agent and Winlogbeat write to"""

_PORTS = {"https": 443, "http": 80}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SETTINGS = ("index.analysis.*", "index.mapping.*", "index.mode")
_HEADER = re.compile(r"[!-~]+")
_STRANGER = "what answers is no Elasticsearch; look at the URL"
_PRIVILEGE = "they need the index privilege view_index_metadata"


class ClusterError(Exception):
    """Tells in one line why nothing can be read, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key, or a user with a password; neither is ever shown."""

    api_key: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def given(self) -> bool:
        return self.api_key is not None or self.user is not None


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a cluster. Without `verified` its certificate may be anybody's."""

    url: str
    credentials: Credentials = field(default_factory=Credentials)
    authority: str | None = None
    verified: bool = True
    timeout: float = 60


def read(
    connection: Connection, patterns: Sequence[str] = (), tell: Callable[[str], object] = str
) -> ClusterSchema:
    """The schema of the indices that match; the default ones where no pattern is given.

    Each pattern must match something, and of the default ones any. `tell` takes what the user
    should know besides.

    Raises ClusterError.
    """
    for pattern in patterns:
        if ":" in pattern:
            message = f"{pattern}: the mappings of a remote cluster are read at that cluster's URL"
            raise ClusterError(message)
    client = _client(connection)
    for warning in _warnings(connection):
        tell(warning)
    asked = list(patterns or PATTERNS)
    try:
        with _told(connection, asked):
            resolved = {pattern: _resolved(client, pattern) for pattern in asked}
            missing = [pattern for pattern, found in resolved.items() if not any(found.values())]
            if missing and (patterns or len(missing) == len(asked)):
                raise ClusterError(_nothing(missing))
            matched = [pattern for pattern in asked if pattern not in missing]
            answers = Answers(
                _body(client.indices.get_mapping(index=matched)),
                _body(client.indices.get_settings(index=matched, name=_SETTINGS)),
                _body(
                    client.field_caps(
                        index=matched, fields="*", filters="-metadata", ignore_unavailable=True
                    )
                ),
                list(resolved.values()),
            )
    finally:
        client.close()
    for pattern in missing:
        tell(f"no index matches {pattern}")
    return schema_of(asked, answers)


def _warnings(connection: Connection) -> Iterator[str]:
    url, credentials = _url(connection.url), connection.credentials
    if url.scheme == "http" and credentials.given and url.hostname not in _LOOPBACK:
        yield "the credentials travel unencrypted; use https"
    if not connection.verified:
        yield "--insecure: anybody could answer in the cluster's place, and read the credentials"


def _client(connection: Connection) -> client_library.Elasticsearch:
    url = _url(connection.url)
    try:
        import elasticsearch  # noqa: PLC0415 (extra `schema`)
    except ImportError:
        message = "schema needs one more package: pip install 'sigma-transpile[schema]'"
        raise ClusterError(message) from None
    options: dict[str, Any] = _authentication(connection.credentials)
    if url.scheme == "https":
        _check_authority(connection.authority)
        options |= {"ca_certs": connection.authority} if connection.authority else {}
        options |= {"verify_certs": connection.verified, "ssl_show_warn": False}
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    port = url.port or _PORTS[url.scheme]
    return elasticsearch.Elasticsearch(
        f"{url.scheme}://{host}:{port}{url.path.rstrip('/')}",
        request_timeout=connection.timeout,
        max_retries=0,
        retry_on_timeout=False,
        **options,
    )


def _url(text: str) -> SplitResult:
    example = "write it like https://localhost:9200"
    try:
        url = urlsplit(text)
        name = (url.hostname or "").encode("idna")
        valid = url.scheme in _PORTS and name and url.port != 0
    except ValueError:
        raise ClusterError(f"this is no URL of a cluster; {example}") from None
    if "@" in url.netloc:
        message = "the URL holds credentials; give them by --user and ELASTICSEARCH_PASSWORD"
        raise ClusterError(message)
    if not valid or url.query or url.fragment or not text.isprintable():
        raise ClusterError(f"this is no URL of a cluster; {example}")
    return url


def _authentication(credentials: Credentials) -> dict[str, Any]:
    if credentials.api_key is not None:
        if credentials.user is not None or credentials.password is not None:
            raise ClusterError("there are an API key and a user with a password; give one of them")
        key = credentials.api_key.strip()
        if not _HEADER.fullmatch(key):
            raise ClusterError("the API key holds characters that no API key has, or is empty")
        name, colon, secret = key.partition(":")
        return {"api_key": (name, secret) if colon else key}
    if (credentials.user is None) != (credentials.password is None):
        lacking = "password" if credentials.password is None else "user"
        message = f"the {lacking} is missing: --{lacking} or ELASTICSEARCH_{lacking.upper()}"
        raise ClusterError(message)
    if credentials.user is None:
        return {}
    return {"basic_auth": (credentials.user, credentials.password)}


def _check_authority(path: str | None) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        # That of ssl is one as well: the file holds no certificate.
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ClusterError(f"can't use {path}: {why}") from None


def _resolved(client: client_library.Elasticsearch, pattern: str) -> dict[str, Any]:
    import elasticsearch  # noqa: PLC0415 (extra `schema`)

    try:
        return _body(client.indices.resolve_index(name=pattern))
    except elasticsearch.NotFoundError:
        return {}


def _body(answer: ObjectApiResponse[Any]) -> dict[str, Any]:
    body: Any = answer.body
    if not isinstance(body, dict):
        raise ClusterError(_STRANGER)
    return body


def _nothing(patterns: Sequence[str]) -> str:
    return (
        f"no index, data stream or alias matches {', '.join(patterns)}"
        " as far as the credentials see; name yours by --index"
    )


@contextmanager
def _told(connection: Connection, patterns: Sequence[str]) -> Iterator[None]:
    """Turns the client's errors into one line each."""
    import elasticsearch  # noqa: PLC0415 (extra `schema`)

    url = connection.url
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", elasticsearch.ElasticsearchWarning)
            yield
    except elasticsearch.AuthenticationException:
        asked = "asks who you are; give --api-key, or --user and --password"
        if connection.credentials.given:
            asked = "refuses the credentials; they are wrong or have run out"
        raise ClusterError(f"{url} {asked}") from None
    except elasticsearch.AuthorizationException:
        message = f"the credentials may not read {', '.join(patterns)} at {url}; {_PRIVILEGE}"
        raise ClusterError(message) from None
    except elasticsearch.UnsupportedProductError:
        raise ClusterError(_STRANGER) from None
    except elasticsearch.ApiError as error:
        answer = f"{error.meta.status} {error.error}".rstrip()
        message = f"{url} answers {answer}; look at the URL and the server's log"
        raise ClusterError(message) from None
    except elasticsearch.TransportError as error:
        raise ClusterError(_about_transport(error, connection)) from None


def _about_transport(error: Exception, connection: Connection) -> str:
    import elasticsearch  # noqa: PLC0415 (extra `schema`)

    url, words = connection.url, f"{error} {error.__cause__}"
    if isinstance(error, elasticsearch.ConnectionTimeout):
        return f"{url}: no answer within {connection.timeout:g} seconds; --timeout waits longer"
    if isinstance(error, elasticsearch.SSLError):
        return f"{url}: {_about_tls(words)}"
    if isinstance(error, elasticsearch.ConnectionError):
        return f"{url}: {_about_connection(words)}"
    return _STRANGER


def _about_tls(error: str) -> str:
    if "WRONG_VERSION_NUMBER" in error or "record layer failure" in error.lower():
        return "the server speaks no TLS; try http instead of https"
    if "doesn't match" in error or "mismatch" in error:
        return "its certificate is another host's; use the name that stands in it"
    if "expired" in error:
        return "its certificate has run out; renew it, or read without trust by --insecure"
    if "CERTIFICATE_VERIFY_FAILED" in error:
        return "its certificate is not trusted; give its authority's by --ca-cert FILE"
    return "no encrypted connection comes about; look at the server's TLS settings"


def _about_connection(error: str) -> str:
    for words, told in (
        ("refused", "nobody listens there; look at host and port"),
        ("resolve", "there is no host of that name; look at the URL"),
        ("RemoteDisconnected", "it hangs up; try https instead of http"),
        ("reset", "it hangs up; try https instead of http"),
        ("BadStatusLine", "it speaks no HTTP; look at the port"),
    ):
        if words in error:
            return told
    return "look at the URL, the network and the firewall"
