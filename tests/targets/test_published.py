"""The recorded answers of pipelines: those that the pipelines give, and only while they do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets import recorded, splunk
from transpile.targets.published import Published, constant
from transpile.targets.record import every_published

CONTENT = json.loads(recorded.FILE.read_bytes())
PUBLISHED = every_published()
SAME = recorded.digest(CONTENT["modules"]) == CONTENT["digest"]
FIELDS = sorted(
    {name for one in CONTENT["answers"].values() for fields in one["fields"] for name in fields}
)
VALUES = sorted({value for one in CONTENT["answers"].values() for value in one["known"] or ()})


def asked(one: Published, logsource: LogSource, field: str) -> tuple[str, ...] | str:
    try:
        return one.ask_names(logsource, field)
    except Refused as refused:
        return refused.reason.message


def told(one: Published, logsource: LogSource, field: str) -> tuple[str, ...] | str:
    try:
        return one.names(logsource, field)
    except Refused as refused:
        return refused.reason.message


@given(
    st.sampled_from(PUBLISHED),
    st.builds(
        LogSource,
        st.sampled_from(
            ["windows", "windows", "linux", "macos", "zeek", "kubernetes", "odd", None]
        ),
        st.one_of(st.none(), st.sampled_from([*VALUES, "odd"])),
        st.one_of(st.none(), st.sampled_from([*VALUES, "odd"])),
    ).filter(any),
    st.one_of(st.sampled_from(FIELDS), st.text("aZ._*\\ %\u00e4", min_size=1, max_size=6)),
)
@settings(max_examples=400, deadline=None)
def test_what_is_told_is_what_would_be_answered(
    one: Published, logsource: LogSource, field: str
) -> None:
    assert told(one, logsource, field) == asked(one, logsource, field)
    assert one.scope(logsource) == one.ask_scope(logsource)


def test_mappings_are_those_of_the_packages() -> None:
    for path in splunk.MAPPINGS:
        expected = constant(path)
        assert (recorded.mapping(path) or expected) == expected


def test_answers_count_only_for_the_modules_that_gave_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "published.json"
    other.write_text(json.dumps(CONTENT | {"digest": "of other modules"}))
    monkeypatch.setattr(recorded, "FILE", other)
    recorded._content.cache_clear()
    try:
        assert recorded.answers(PUBLISHED[0].pipelines) == recorded.Answers()
        assert recorded.mapping(splunk.MAPPINGS[0]) is None
    finally:
        recorded._content.cache_clear()


def test_converting_loads_no_pipeline() -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from transpile import transpile_files\n"
        "from transpile.targets.registry import MODULES\n"
        "list(transpile_files([Path('golden/contains-all/rule.yml')], list(MODULES)))\n"
        "sys.exit('sigma.processing' in sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=False).returncode
    assert loaded == (not SAME)
