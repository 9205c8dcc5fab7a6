"""YAML that PyYAML reads back as it was, and that people like to read."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from transpile.export import yaml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "null",
        "yes",
        "1h",
        "0x1",
        "a: b",
        "- a",
        "# a",
        "[a]",
        "a\n\nb",
        " a\nb",
        "a\n b",
        "a\n",
        "é",
    ]
)
SCALARS = TEXTS | st.integers() | st.booleans()
CONTENTS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    SCALARS
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.sampled_from(["d", "e"]), SCALARS | st.lists(SCALARS, max_size=2))
    | st.lists(st.dictionaries(st.sampled_from(["f", "g"]), SCALARS, min_size=1), max_size=2),
)


@given(CONTENTS)
@example({"a": "x\n\ty"})
@example({"a": "\x85", "b": "\u2028", "c": "\x7f\ufeff\U0001f600"})
def test_what_is_written_is_read(content: dict[str, Any]) -> None:
    assert (yaml.safe_load(yaml_text.dump(content)) or {}) == content


def test_texts_of_several_lines_are_blocks() -> None:
    content = {"query": "T\n| where A == 1\n    or B", "a": [{"b": "c"}, {"b": "d e", "f": 1}]}
    assert yaml_text.dump(content) == (
        'query: |-\n  T\n  | where A == 1\n      or B\na:\n  - b: c\n  - b: "d e"\n    f: 1\n'
    )


@pytest.mark.parametrize("text", ["no", "Null", "12", "1e3", "0x1F", "2026-01-01", "~", "=", ""])
def test_what_yaml_takes_for_something_else_is_quoted(text: str) -> None:
    assert yaml_text.dump({"a": text}) == f'a: "{text}"\n'
