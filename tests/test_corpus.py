"""A tenth of the corpus, executed: what is called exact is exact, on the engine of each language.

`python -m transpile.verify.fidelity` does it with all of it (docs/fidelity.md).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.load.files import find
from transpile.load.rules import load_file
from transpile.query import Outcome
from transpile.targets import registry
from transpile.verify.engines.pool import Engines
from transpile.verify.report import evidence, in_words
from transpile.verify.session import Session
from transpile.verify.trial import Finding

PYTHON_OBJECT = re.compile(r"Sigma[A-Z]\w+\(|<sigma\.|object at 0x|\bNode\(|Wildcard\.")
TARGETS = [*registry.DEFAULTS, "elastic-dsl"]


@pytest.mark.corpus
def test_what_is_called_exact_is_exact(corpus: Path) -> None:
    files = list(find([str(corpus)]))[::10]
    rules = [rule for file in files for rule in load_file(file)]
    wrong = []
    executed = 0
    with Engines() as engines:
        for results in Session(TARGETS, engines).verify(rules):
            assert [result.query.target for result in results] == TARGETS
            for result in results:
                query = result.query
                assert query.outcome is not Outcome.FAILED, query.path
                assert (query.text is None) == (query.outcome is Outcome.REFUSED)
                assert not PYTHON_OBJECT.search(query.text or ""), query.text
                executed += result.finding is Finding.EXACT
                if result.fails:
                    wrong.append((query.target, query.path, in_words(result), *evidence(result)))
    assert wrong == []
    assert executed > len(rules) * len(TARGETS) * 0.8
