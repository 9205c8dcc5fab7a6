"""The endings of files, known without loading a target."""

from __future__ import annotations

import pytest

from transpile.targets import registry

ENDINGS = {"spl": "spl", "kql": "kql", "eql": "eql", "lucene": "lucene", "dsl": "json"}


@pytest.mark.parametrize("name", registry.MODULES)
def test_a_file_ends_as_its_language_does(name: str) -> None:
    target = registry.get(name)
    assert target.name == name
    assert registry.ending(name) == (name, ENDINGS[target.dialect])


def test_no_other_target_has_an_ending() -> None:
    with pytest.raises(KeyError):
        registry.ending("elastic-sql")
