"""Fixtures for the engines that execute and check queries.

An engine that can't be had fails the test that asks for it, with the engine's own message: a test
run that skips them would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.engines.kql_language import KqlLanguage, Schema


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden queries that the rules give now, to be read before they are kept",
    )


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch]:
    """A running Elasticsearch, for the whole session."""
    with Elasticsearch.start() as node:
        yield node


@pytest.fixture(scope="session")
def kql_language() -> Iterator[Callable[[Schema], KqlLanguage]]:
    """Makes KQL language services: `kql_language(schema)`; they end with the session."""
    services: list[KqlLanguage] = []

    def start(schema: Schema) -> KqlLanguage:
        services.append(KqlLanguage.start(schema))
        return services[-1]

    yield start
    for service in services:
        service.close()
