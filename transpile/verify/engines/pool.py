"""What executes and what checks the queries of each language, started when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol

from transpile.targets.parsers import declared
from transpile.targets.target import Target
from transpile.values import dataclass
from transpile.verify.engines.elastic import DslEngine, EqlEngine, LuceneEngine
from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.kql_language import Diagnostic, KqlLanguage, Schema
from transpile.verify.engines.splunk import SplEngine
from transpile.verify.trial import Engine


class Checker(Protocol):
    """A language's own service, which tells what is wrong with a query and executes nothing."""

    def errors(self, query: str) -> Sequence[Diagnostic]:
        """What it has against the query; nothing where it is valid."""

    def close(self) -> None:
        """End it."""


class Engines:
    """What runs and what checks the queries of each target; a context manager that ends it all.

    `url` is a cluster to use instead of an Elasticsearch of our own.
    """

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._node: Elasticsearch | None = None
        self._executors: dict[str, Engine] = {}
        self._checkers: dict[str, Checker] = {}
        self.versions: dict[str, str] = {}
        """what was started, by name"""

    def executor(self, target: Target) -> Engine | None:
        """What executes the target's queries; None where nothing does.

        Raises EngineError: it can't be had.
        """
        make = _means(target).executor
        if make is None:
            return None
        if target.name not in self._executors:
            self._executors[target.name] = make(self, target)
        return self._executors[target.name]

    def checker(self, target: Target) -> Checker | None:
        """What checks the target's queries; None where nothing does.

        Raises EngineError: it can't be had.
        """
        make = _means(target).checker
        if make is None:
            return None
        if target.name not in self._checkers:
            self._checkers[target.name] = make(self, target)
        return self._checkers[target.name]

    def node(self) -> Elasticsearch:
        """The Elasticsearch that all its languages share."""
        if self._node is None:
            self._node = Elasticsearch.start(self._url)
            found = self._node.client.nodes.info(filter_path=["nodes.*.version"])
            versions = sorted({str(one["version"]) for one in found["nodes"].values()})
            self.versions["Elasticsearch"] = ", ".join(versions)
        return self._node

    def close(self) -> None:
        """End what was started."""
        for checker in self._checkers.values():
            checker.close()
        if self._node is not None:
            self._node.close()
        self._checkers.clear()
        self._executors.clear()
        self._node = None

    def __enter__(self) -> Engines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_KUSTO = "12.4.1"


def _schema(target: Target) -> Schema:
    """The tables that a target's queries may read."""
    return {} if target.tables is None else target.tables()


def _need(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise EngineError(f"{package} is not installed: pip install 'sigma-transpile[verify]'")


def _spl(engines: Engines, target: Target) -> Engine:
    engines.versions["SPL evaluator"] = "of this project"
    return SplEngine()


def _kql(engines: Engines, target: Target) -> Engine:
    _need("duckdb", "duckdb_kql")
    from transpile.verify.engines.kusto import KustoEngine  # noqa: PLC0415 (extra `verify`)

    engines.versions["DuckDB"] = version("duckdb")
    engines.versions["duckdb-kql"] = version("duckdb-kql")
    return KustoEngine(_schema(target))


def _eql(engines: Engines, target: Target) -> Engine:
    _need("eql")
    engines.versions["eql (parser)"] = version("eql")
    return EqlEngine(engines.node())


def _kusto_service(engines: Engines, target: Target) -> Checker:
    service = KqlLanguage.start(declared(_schema(target)))
    engines.versions["Kusto language service"] = _KUSTO
    return service


@dataclass(frozen=True)
class Means:
    """How to get what executes and what checks the queries of a language, where there is any."""

    executor: Callable[[Engines, Target], Engine] | None = None
    checker: Callable[[Engines, Target], Checker] | None = None


MEANS: Mapping[str, Means] = {
    "lucene": Means(executor=lambda engines, target: LuceneEngine(engines.node())),
    "dsl": Means(executor=lambda engines, target: DslEngine(engines.node())),
    "eql": Means(executor=_eql),
    "kql": Means(executor=_kql, checker=_kusto_service),
    "spl": Means(executor=_spl),
}
"""by language; the queries of one that is not here are neither executed nor checked"""


def _means(target: Target) -> Means:
    return MEANS.get(target.dialect, Means())
