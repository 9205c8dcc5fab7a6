"""Fixtures for the engines that execute queries; an engine that is missing fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from transpile.verify.engines.elasticsearch import Elasticsearch


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch]:
    """A running Elasticsearch, for the whole session."""
    with Elasticsearch.start() as node:
        yield node
