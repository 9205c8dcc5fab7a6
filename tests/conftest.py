"""Fixtures for the engines that execute and check queries.

An engine that can't be had fails the test that asks for it, with the engine's own message: a test
run that skips them would prove nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.engines.kql_language import KqlLanguage, Schema

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium as the system has it; CHROMIUM names another one."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where it is used)

    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.fail(f"there is no Chromium at {path}; `make browser` installs it on Debian")
    quiet = "disable-gpu disable-quic no-first-run disable-background-networking"
    options = ["no-sandbox", *quiet.split(), "disable-component-update", "disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", *(f"--{option}" for option in options)]
        )
        yield browser
        browser.close()
