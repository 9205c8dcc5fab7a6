"""Every rule of the corpus ends in an outcome, in all four languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.diagnostics import DIAGNOSTICS
from transpile.load.files import find
from transpile.query import Outcome
from transpile.run.batch import convert_files
from transpile.run.convert import Converter
from transpile.targets import registry

PYTHON_OBJECT = re.compile(r"Sigma[A-Z]\w+\(|<sigma\.|object at 0x|\bNode\(|Wildcard\.")


@pytest.mark.corpus
def test_every_rule_ends_in_an_outcome(corpus: Path) -> None:
    found = list(find([str(corpus)]))
    rules = 0
    for conversion in convert_files(found, Converter(registry.DEFAULTS)):
        rules += 1
        assert conversion.problems == ()
        assert conversion.traceback == ""
        assert [query.target for query in conversion.queries] == list(registry.DEFAULTS)
        for query in conversion.queries:
            assert query.outcome is not Outcome.FAILED
            assert (query.text is None) == (query.outcome is Outcome.REFUSED)
            assert (query.reasons == ()) == (query.outcome is Outcome.EXACT)
            assert all(reason.code in DIAGNOSTICS for reason in query.reasons)
            assert not PYTHON_OBJECT.search(query.text or "")
    assert rules == len(found)
