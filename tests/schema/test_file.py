"""The file of a schema: what is read is what was written, and where it is wrong."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from transpile.load.problem import Problem, ProblemFound
from transpile.schema.answers import Answers, schema_of
from transpile.schema.file import load, text_of
from transpile.schema.model import ClusterSchema, Folds, Shape

PROPERTIES: dict[str, Any] = {
    "z": {"type": "ip"},
    "a": {
        "type": "keyword",
        "normalizer": "lowercase",
        "ignore_above": 0,
        "index": False,
        "doc_values": False,
        "fields": {"t": {"type": "text", "analyzer": "standard"}},
    },
    "Ä": {"type": "alias", "path": "z"},
    "list": {"type": "nested", "properties": {"k": {"type": "keyword"}}},
}
MAPPINGS = {
    "one": {"mappings": {"properties": PROPERTIES, "runtime": {"r": {"type": "long"}}}},
    "two": {"mappings": {"properties": {"z": {"type": "keyword"}}}},
}
UNSEARCHABLE = {"a": {"keyword": {"searchable": False}}}
SCHEMA = schema_of(
    ["logs-*", "one"],
    Answers(MAPPINGS, {}, {"indices": ["one", "two"], "fields": UNSEARCHABLE}),
)
TEXT = """\
{
  "format": 1,
  "patterns": ["logs-*", "one"],
  "sources": [
    "one",
    "two"
  ],
  "fields": {
    "a": [{"doc_values": false, "fields": {"t": {"analyzer": "standard", "type": "text"}}, \
"folds": "case", "ignore_above": 0, "index": false, "normalizer": "lowercase", \
"searchable": false, "type": "keyword"}],
    "list": [{"type": "nested"}],
    "list.k": [{"nested": "list", "type": "keyword"}],
    "r": [{"runtime": true, "type": "long"}],
    "z": [{"in": ["one"], "type": "ip"}, {"in": ["two"], "type": "keyword"}],
    "Ä": [{"path": "z", "type": "alias"}]
  }
}
"""


def problem(tmp_path: Path, text: str | bytes) -> Problem:
    path = tmp_path / "schema.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ProblemFound) as found:
        load(str(path))
    assert found.value.problem.code == "bad-schema"
    assert found.value.problem.path == path.as_posix()
    return found.value.problem


def test_the_text() -> None:
    assert text_of(SCHEMA) == TEXT


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(TEXT, "utf-8")
    assert load(str(path)) == SCHEMA
    path.write_text(json.dumps(json.loads(TEXT), indent=4), "utf-8")
    assert load(str(path)) == SCHEMA
    assert load(str(path)).digest == SCHEMA.digest != ""


def test_the_example_has_every_key_of_a_shape() -> None:
    """Whoever adds one adds it to what is read."""
    told = {key for shapes in json.loads(TEXT)["fields"].values() for one in shapes for key in one}
    told |= {"analyzer"}
    assert told == {"in" if one.name == "sources" else one.name for one in fields(Shape)}


def test_no_fields(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text_of(ClusterSchema(("x",), ("x",), {})), "utf-8")
    assert load(str(path)).fields == {}


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ('"patterns"', "<<<<<<< HEAD", "<<<", "the schema is no JSON"),
        ('"format": 1', '"format": 2', '"format"', "format 2, and this program reads 1"),
        ('"format"', '"formal"', "{", "no file that `sigma-transpile schema` wrote"),
        ('"patterns"', '"pattern"', "{", "the key 'patterns' is missing"),
        ('["logs-*", "one"]', '"one"', '"patterns"', "patterns must be a list of texts"),
        ('"logs-*"', "5", "5", "5 is no text"),
        ('[{"type": "nested"}]', "{}", '"list"', "list must be a list of mappings"),
        ('[{"type": "nested"}]', "[]", '"list"', "list must be a list of mappings"),
        ('{"type": "nested"}', "{}", "{}", "the type is missing"),
        ('{"type": "nested"}', "7", "7", "must have keys and values"),
        ('"nested": "list"', '"nestled": "list"', '"nestled"', "no key 'nestled'"),
        ('"runtime": true', '"runtime": 1', '"runtime"', "runtime must be true or false"),
        ('"ignore_above": 0', '"ignore_above": true', '"ignore_', "a number of characters"),
        ('"folds": "case"', '"folds": "all"', '"folds"', "one of nothing, case, other"),
        ('["two"]', '["three"]', '"three"', "'three' is not among the sources"),
        ('{"analyzer": "standard", ', '{"analyzer": "", ', '"analyzer"', "'' is no text"),
        ('"list.k"', '"list"', '"list": [{"nested"', "the key 'list' is there twice"),
    ],
)
def test_damage_is_located(tmp_path: Path, old: str, new: str, at: str, message: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    found = problem(tmp_path, text)
    assert message in found.message
    before = text[: text.index(at)].split("\n")
    assert (found.line, found.column) == (len(before), len(before[-1]) + 1)
    assert found.excerpt == text.splitlines()[len(before) - 1][:200]
    assert "`sigma-transpile schema`" in found.hint


def test_damage_of_the_whole_file(tmp_path: Path) -> None:
    assert "not UTF-8" in problem(tmp_path, b"\xff").message
    assert "no JSON" in problem(tmp_path, "").message
    assert "no file that" in problem(tmp_path, "[1]").message
    assert "nested too deep" in problem(tmp_path, "[" * 100_000).message
    with pytest.raises(ProblemFound) as found:
        load(str(tmp_path / "absent.json"))
    assert "can't be read: No such file" in found.value.problem.message


def test_a_kind_of_folding_is_kept_as_it_is_called() -> None:
    shape = Shape("keyword", normalizer="n", folds=Folds.OTHER)
    assert '"folds": "other"' in text_of(ClusterSchema((), (), {"a": (shape,)}))
