"""Differences as people read them."""

from __future__ import annotations

import json

import pytest

from transpile.check.diff import unified

RULES = [
    {"rule_id": "1", "name": "One", "query": 'a:"C:\\new"\nAND b'},
    {"rule_id": "2", "name": "Two", "query": "c"},
]


def ndjson(*contents: object) -> bytes:
    return "".join(json.dumps(content) + "\n" for content in contents).encode()


def test_text() -> None:
    assert list(unified("a", b"x\ny\n", b"x\nz\n")) == [
        *("--- committed/a", "+++ expected/a", "@@ -1,2 +1,2 @@", " x", "-y", "+z"),
    ]


def test_files_that_are_not_there() -> None:
    assert list(unified("a", None, b"x\n"))[:3] == [
        "--- /dev/null",
        "+++ expected/a",
        "@@ -0,0 +1 @@",
    ]
    assert list(unified("a", b"x\n", None))[:2] == ["--- committed/a", "+++ /dev/null"]


def test_each_rule_of_ndjson_by_itself() -> None:
    changed = {**RULES[0], "query": 'a:"C:\\new"\nAND d'}
    lines = list(unified("rules.ndjson", ndjson(*RULES), ndjson(changed, RULES[1])))
    assert lines[0] == "--- committed/rules.ndjson (One, 1)"
    # A backslash and an n in the text are no line break.
    assert '   "query": "a:\\"C:\\\\new\\"' in lines
    assert [line for line in lines[2:] if line[0] in "+-"] == ['-    AND b"', '+    AND d"']


def test_ndjson_that_is_none() -> None:
    lines = list(unified("rules.ndjson", b'{"half', ndjson(RULES[1])))
    assert '-{"half' in lines
    assert "--- committed/rules.ndjson (line 1)" in lines


def test_each_stanza_by_itself() -> None:
    one, two = b"# a.yml\n[A]\nsearch = x\n\n", b"# b.yml\n# not exact\n[B]\nsearch = y\n"
    lines = list(unified("savedsearches.conf", one + two, one + two.replace(b"y\n", b"z\n")))
    assert lines[0] == "--- committed/savedsearches.conf (B)"
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-search = y", "+search = z"]
    assert "one" not in lines


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b"no end"])
def test_any_bytes(data: bytes) -> None:
    assert list(unified("x.spl", data, b"a\n"))
