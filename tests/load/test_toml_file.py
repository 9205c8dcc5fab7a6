"""TOML files: what is wrong is told at its place."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from transpile.load.problem import Problem, ProblemFound
from transpile.load.toml_file import TomlFile


class Field(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""
    values: dict[str, str] = {}


class Need(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class LogSource(msgspec.Struct, forbid_unknown_fields=True):
    needs: list[Need] = []
    product: str | None = None
    ids: list[int] = []
    fields: dict[str, str | Field] = {}


class Document(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""
    logsource: list[LogSource] = []


def problem(text: str) -> Problem:
    with pytest.raises(ProblemFound) as found:
        TomlFile("a.toml", text, "bad-file").convert(Document)
    return found.value.problem


def place(text: str) -> tuple[int | None, int | None]:
    found = problem(text)
    return found.line, found.column


def test_a_sound_file_is_its_model() -> None:
    text = (
        'title = "A"\n[[logsource]]\n[logsource.fields]\nImage = {name = "process"}\nUser = "user"'
    )
    found = TomlFile("a.toml", text, "bad-file").convert(Document)
    assert found == Document("A", [LogSource(fields={"Image": Field("process"), "User": "user"})])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title = 1", (1, 1)),
        ("\n  title = 1", (2, 3)),
        ("titel = 'A'", (1, 1)),
        ("[[logsource]]\n[[logsource]]\nproduct = 1", (3, 1)),
        ("[[logsource]]\n[logsource.fields]\nA = 'a'\nB = 1", (4, 1)),
        ("[[logsource]]\nfields.A = 'a'\nfields.B = 1", (3, 1)),
        ("[[logsource]]\nfields = {A = 'a', B = 1}", (2, 20)),
        ("[[logsource]]\n[logsource.fields]\nA = {name = 'a'}\nB = {nam = 'b'}", (4, 6)),
        ("[[logsource]]\n[logsource.fields.A]\nnam = 'b'", (3, 1)),
        ("[[logsource]]\n[logsource.fields]\n\"A b\" = {values = {x = 'y', 'z.z' = 1}}", (3, 29)),
        ("[[logsource]]\nids = [\n  1, # one\n  'a',\n]", (4, 3)),
        ("[[logsource]]\nfields = {'ä' = 'a', B = 1}", (2, 22)),
        ("logsource = [{}, {product = 1}]", (1, 19)),
        ("[logsource]", (1, 2)),
        ("title = ", (1, 9)),
        ("title = 'A'\nx y", (2, 3)),
        ("title = 'A'\ntitle = 'B'", (2, 12)),
        ("title = '''A", (1, 13)),
    ],
)
def test_the_place_of_what_is_wrong(text: str, expected: tuple[int, int]) -> None:
    assert place(text) == expected


def test_the_words_and_the_hint() -> None:
    found = problem("titel = 'A'")
    assert (found.code, found.message) == ("bad-file", "there is no key 'titel' here")
    assert found.hint == "did you mean 'title'?"
    assert found.excerpt == "titel = 'A'"
    assert problem("title = 1").message == "this must be a text, not a whole number"
    assert problem("logsource = 1").message == "this must be a list, not a whole number"
    message = "this must be a text or a table, not true or false"
    assert problem("[[logsource]]\nfields.A = true").message == message
    assert problem("[[logsource]]\n[[logsource.needs]]").message == "the key 'name' is missing here"


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"title = '\xff'")
    for path, word in ((tmp_path / "a.toml", "0xFF"), (tmp_path / "none", "No such file")):
        with pytest.raises(ProblemFound, match=word):
            TomlFile.read(path, "bad-file")
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbftitle = 'A'")
    assert TomlFile.read(tmp_path / "a.toml", "bad-file").convert(Document).title == "A"


def test_where_a_value_comes_from() -> None:
    file = TomlFile("a.toml", "[[logsource]]\nfields.A = {name = 'a'}\n", "bad-file")
    found = file.place(("logsource", 0, "fields", "A", "name"))
    assert found is not None
    assert (found.line, found.column) == (2, 13)
    nearest = file.place(("logsource", 0, "fields", "A", "values"))
    assert nearest is not None
    assert (nearest.line, nearest.column) == (2, 1)
    assert file.place(("none",)) is None
