"""Whole runs with many processes and much to say: none hangs, all give what one process gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stress import stress
from transpile.targets import registry

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "rules"


def test_no_run_hangs_or_differs() -> None:
    failures = [one for one in stress(None, 30, 20261127, list(registry.MODULES)) if one]
    assert failures == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of rules is not here")
def test_no_run_over_the_corpus_hangs_or_differs() -> None:
    runs = int(os.environ.get("STRESS_CORPUS_RUNS", "2"))
    failures = [one for one in stress(CORPUS, runs, 7, registry.DEFAULTS) if one]
    assert failures == []
