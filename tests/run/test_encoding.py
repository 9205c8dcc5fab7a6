"""Conversions as bytes: nothing is lost, and the path is that of the file that is asked for."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.query import Query
from transpile.run.conversion import Conversion, Converted
from transpile.run.convert import Converter
from transpile.run.encoding import decode, encode
from transpile.targets import registry

ROOT = Path(__file__).parents[2]
GOLDEN = sorted(ROOT.glob("golden/*/rule.yml"))
BROKEN = sorted(ROOT.glob("tests/load/broken/*.yml"))
CONVERTER = Converter(list(registry.MODULES))
RULE = b"""title: A
logsource: {category: process_creation, product: windows}
detection: {selection: {Image: a}, condition: selection}
"""


def results(path: Path, name: str = "") -> list[Converted]:
    return converted(path.read_bytes(), name or path.as_posix(), path.name)


def converted(data: bytes, path: str = "a.yml", relative: str = "a.yml") -> list[Converted]:
    (results,) = CONVERTER.convert_files([(data, RuleFile(path, relative))])
    return results


@pytest.mark.parametrize(
    "path", [*GOLDEN, *BROKEN], ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_what_is_read_is_what_was_written(path: Path) -> None:
    elsewhere = f"some/where/else/{path.name}"
    encoded = encode(results(path))
    assert encoded is not None
    assert decode(encoded, RuleFile(elsewhere, path.name)) == results(path, elsewhere)


def test_every_field_is_carried() -> None:
    """Whoever adds a field to one of these adds it to the encoding, and to this list."""
    assert [field.name for field in fields(Conversion)] == [
        *("file", "position", "alone", "queries", "problems", "excerpts", "traceback", "about"),
    ]
    assert [field.name for field in fields(Query)] == [
        *("id", "title", "path", "target", "outcome", "reasons", "text", "fields"),
        *("table", "columns"),
    ]


@pytest.mark.parametrize("settings", ["{1: x}", "2026-01-02", "{a: [2026-01-02]}"])
def test_what_json_would_change_is_not_encoded(settings: str) -> None:
    rule = RULE + f"sigma-transpile: {settings}\n".encode()
    assert encode(converted(rule)) is None


def test_settings_are_encoded() -> None:
    rule = RULE + b"sigma-transpile: {every: 5m, tags: [a, 1, true]}\n"
    encoded = encode(converted(rule))
    assert json.loads(encoded or b"")[0][-1]


def test_a_fault_is_not_kept() -> None:
    (one,) = converted(RULE)
    conversion = Conversion(
        one.conversion.file, 1, True, one.conversion.queries, traceback="Traceback ..."
    )
    assert encode([Converted(conversion)]) is None


def test_a_problem_of_another_file_is_not_kept() -> None:
    """Its path would be read as that of the rule."""
    (one,) = converted(RULE)
    for path, kept in (("a.yml", True), ("profile.toml", False)):
        problem = Problem("unused-override", "no rule has this id", path)
        conversion = replace(one.conversion, problems=(problem,))
        assert (encode([Converted(conversion)]) is not None) == kept
