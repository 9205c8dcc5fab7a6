"""Executes Lucene queries and Query DSL on a real Elasticsearch.

`Elasticsearch.start()` runs a server of our own (see `elasticsearch_server`), or uses the cluster
that the environment variable ELASTICSEARCH_URL names. Either way every index has a name of our own
and is removed afterwards.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from transpile.verify.engines.elasticsearch_server import Server
from transpile.verify.engines.errors import EngineError

if TYPE_CHECKING:
    import elasticsearch as client_library

URL_VARIABLE = "ELASTICSEARCH_URL"
REQUEST_SECONDS = 120
HEALTH_SECONDS = 60

# The default of index.max_result_window, the most hits that one search returns:
# https://www.elastic.co/guide/en/elasticsearch/reference/8.17/index-modules.html
MAXIMUM_HITS = 10_000

DOCUMENTS_PER_REQUEST = 2_000
SEARCHES_PER_REQUEST = 500

SETTINGS: Mapping[str, object] = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": -1,
    "mapping.total_fields.limit": 20_000,
}


class Search(NamedTuple):
    """A query in Query DSL, and the group of documents that it is restricted to (None: all)."""

    query: dict[str, Any]
    group: str | None = None


def lucene(query: str, *, lenient: bool = False) -> dict[str, Any]:
    """The Query DSL that runs a Lucene query the way Kibana does.

    Kibana sends `query_string` with `analyze_wildcard`. A query without a field searches all fields
    and would by itself be lenient there: what a field can't take then silently matches nothing, so
    here that is an error unless `lenient`.
    https://www.elastic.co/guide/en/elasticsearch/reference/8.17/query-dsl-query-string-query.html
    """
    return {"query_string": {"query": query, "analyze_wildcard": True, "lenient": lenient}}


class Index:
    """An index with documents; searches return the positions of the documents they find."""

    def __init__(self, client: client_library.Elasticsearch, name: str) -> None:
        self.client = client
        self.name = name

    def search_lucene(
        self, query: str, *, group: str | None = None, lenient: bool = False
    ) -> set[int]:
        """Positions of the documents that the Lucene query finds; EngineError when refused."""
        return self.search_dsl(lucene(query, lenient=lenient), group=group)

    def search_dsl(self, query: dict[str, Any], *, group: str | None = None) -> set[int]:
        """Positions of the documents that the Query DSL finds; EngineError when refused."""
        (result,) = self.search_many([Search(query, group)])
        if isinstance(result, EngineError):
            raise result
        return result

    def search_many(self, searches: Sequence[Search]) -> list[set[int] | EngineError]:
        """The result of each search, in order: positions, or the error that it ended with."""
        results: list[set[int] | EngineError] = []
        for start in range(0, len(searches), SEARCHES_PER_REQUEST):
            chunk = searches[start : start + SEARCHES_PER_REQUEST]
            body: list[dict[str, Any]] = []
            for search in chunk:
                body += [{"allow_partial_search_results": False}, _request(search)]
            with _server_errors():
                response = self.client.msearch(
                    index=self.name, searches=body, filter_path=RESPONSE_FIELDS
                )
            results += [_positions(one) for one in response["responses"]]
        return results

    def delete(self) -> None:
        """Remove the index; that it is gone already is no error."""
        with _server_errors():
            self.client.indices.delete(index=self.name, ignore_unavailable=True)


class Elasticsearch:
    """A connection to a cluster, started by `start()`; also a context manager that closes it."""

    def __init__(self, url: str, server: Server | None = None) -> None:
        try:
            import elasticsearch as client_library  # noqa: PLC0415 (extra `verify`)
        except ImportError as error:
            message = "elasticsearch is not installed: pip install 'sigma-transpile[verify]'"
            raise EngineError(message) from error
        self.url = url
        self._server = server
        self._prefix = f"sigma-transpile-{uuid.uuid4().hex}"
        self._indices: list[Index] = []
        self.client = client_library.Elasticsearch(
            url, request_timeout=REQUEST_SECONDS, retry_on_timeout=False, max_retries=0
        )

    @classmethod
    def start(cls, url: str | None = None) -> Elasticsearch:
        """Connect to the URL or ELASTICSEARCH_URL, or to a server that ends with this process.

        Raises EngineError, with the end of the server's log, when there is no healthy cluster.
        """
        if url := url or os.environ.get(URL_VARIABLE):
            server, node = None, cls(url)
        else:
            server = Server()
            node = cls(server.url, server)
        atexit.register(node.close)
        try:
            with _server_errors():
                node.client.cluster.health(wait_for_status="yellow", timeout=f"{HEALTH_SECONDS}s")
        except EngineError as error:
            detail = f"; its log ends with:\n{server.log_tail()}" if server else ""
            node.close()
            message = f"no healthy Elasticsearch at {url or 'the server started here'}: {error}"
            raise EngineError(message + detail) from error
        return node

    def index(
        self,
        mapping: Mapping[str, Any],
        documents: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any] | None = None,
        *,
        groups: Sequence[str] | None = None,
    ) -> Index:
        """A new index with this mapping, holding these documents, ready to be searched.

        `groups` names a group for each document, so that the documents of many rules share an index
        and a search is restricted to those of one. The group is the document's routing, not a
        field, so neither the mapping nor a search over all fields sees it.

        Raises EngineError when the mapping is refused, or with the first document that is.
        """
        if groups is not None and len(groups) != len(documents):
            message = f"{len(groups)} groups for {len(documents)} documents"
            raise ValueError(message)
        index = Index(self.client, f"{self._prefix}-{len(self._indices)}")
        with _server_errors():
            self.client.indices.create(
                index=index.name,
                mappings=dict(mapping),
                settings={**SETTINGS, **(settings or {})},
            )
        self._indices.append(index)
        for lines in _bulk_operations(documents, groups):
            with _server_errors():
                response = self.client.bulk(
                    index=index.name, operations=lines, filter_path=BULK_RESPONSE_FIELDS
                )
            if response["errors"]:
                raise _rejected(response["items"], documents)
        with _server_errors():
            self.client.indices.refresh(index=index.name)
        return index

    def close(self) -> None:
        """Remove what was made: the indices, and the server if it is ours. May be repeated."""
        atexit.unregister(self.close)
        if self._server:
            self._server.stop()
        else:
            for index in self._indices:
                with contextlib.suppress(EngineError):
                    index.delete()
        self._indices.clear()
        self.client.close()

    def __enter__(self) -> Elasticsearch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


BULK_RESPONSE_FIELDS = ["errors", "items.index._id", "items.index.error"]
RESPONSE_FIELDS = [
    "responses.error",
    "responses.timed_out",
    "responses.hits.total.value",
    "responses.hits.hits._id",
]


def _request(search: Search) -> dict[str, Any]:
    query = search.query
    if search.group is not None:
        query = {"bool": {"must": [query], "filter": [{"term": {"_routing": search.group}}]}}
    return {
        "query": {"constant_score": {"filter": query}},
        "size": MAXIMUM_HITS,
        "track_total_hits": True,
        "sort": ["_doc"],
        "_source": False,
    }


def _positions(response: Mapping[str, Any]) -> set[int] | EngineError:
    if error := response.get("error"):
        return EngineError(_reason(error))
    if response["timed_out"]:
        return EngineError("the search timed out")
    total = response["hits"]["total"]["value"]
    if total > MAXIMUM_HITS:
        return EngineError(f"{total} documents found, more than the {MAXIMUM_HITS} of one search")
    return {int(hit["_id"]) for hit in response["hits"].get("hits", ())}


def _bulk_operations(
    documents: Sequence[Mapping[str, Any]], groups: Sequence[str] | None
) -> Iterator[list[Mapping[str, Any]]]:
    """The lines of bulk requests of bounded size; a document's id is its position."""
    for start in range(0, len(documents), DOCUMENTS_PER_REQUEST):
        lines: list[Mapping[str, Any]] = []
        for position in range(start, min(start + DOCUMENTS_PER_REQUEST, len(documents))):
            target = {"_id": str(position)}
            if groups is not None:
                target["routing"] = groups[position]
            lines += [{"index": target}, documents[position]]
        yield lines


def _rejected(
    items: Sequence[Mapping[str, Any]], documents: Sequence[Mapping[str, Any]]
) -> EngineError:
    for item in items:
        if error := item["index"].get("error"):
            position = int(item["index"]["_id"])
            document = json.dumps(documents[position])
            return EngineError(f"document {position} is rejected: {_reason(error)}: {document}")
    return EngineError("a document is rejected, without a reason")


def _reason(error: object) -> str:
    """What the server says of an error: the reasons from the outermost to the root cause."""
    reasons: list[str] = []

    def collect(part: object) -> None:
        if isinstance(part, Mapping):
            if (reason := part.get("reason")) and isinstance(reason, str):
                if reason not in reasons:
                    reasons.append(reason)
            else:
                collect(reason)
            for name in ("root_cause", "failed_shards", "caused_by", "error"):
                collect(part.get(name))
        elif isinstance(part, list):
            for one in part:
                collect(one)

    collect(error)
    return ": ".join(reasons) or str(error)


@contextlib.contextmanager
def _server_errors() -> Iterator[None]:
    """Turns the client's errors into EngineError with the server's own reason."""
    import elasticsearch as client_library  # noqa: PLC0415 (extra `verify`)

    try:
        yield
    except client_library.ApiError as error:
        raise EngineError(_reason(error.body)) from error
    except client_library.TransportError as error:
        raise EngineError(str(error)) from error
