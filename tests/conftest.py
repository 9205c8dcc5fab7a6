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
    parser.addoption(
        "--corpus",
        type=Path,
        default=Path(__file__).parents[2] / "shared" / "corpus" / "rules",
        metavar="DIR",
        help="the folder of SigmaHQ's Windows rules, for the tests that are marked with corpus",
    )


def _corpus(config: pytest.Config) -> Path | None:
    """The folder of the corpus, if it is there."""
    folder: Path = config.getoption("--corpus").resolve()
    return folder if folder.is_dir() else None


def pytest_report_header(config: pytest.Config) -> str:
    if folder := _corpus(config):
        return f"corpus: {folder}"
    return "corpus: not there, so its tests are left out; --corpus=DIR says where it is"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the corpus where there is none; pytest counts it as deselected."""
    if _corpus(config) is None:
        left_out = [item for item in items if item.get_closest_marker("corpus")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def corpus(pytestconfig: pytest.Config) -> Path:
    """The folder of the corpus, for tests that are marked with it."""
    folder = _corpus(pytestconfig)
    assert folder is not None, "mark this test with corpus"
    return folder


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
