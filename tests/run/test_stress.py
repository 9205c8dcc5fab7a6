"""Whole runs with many processes and much to say: none hangs, all give what one process gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stress import stress
from transpile.targets import registry


def test_no_run_hangs_or_differs() -> None:
    failures = [one for one in stress(None, 30, 20261127, list(registry.MODULES)) if one]
    assert failures == []


@pytest.mark.corpus
def test_no_run_over_the_corpus_hangs_or_differs(corpus: Path) -> None:
    failures = [one for one in stress(corpus, 2, 7, registry.DEFAULTS) if one]
    assert failures == []
