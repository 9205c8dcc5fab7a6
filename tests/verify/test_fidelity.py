"""The fidelity page: the same bytes each time, and the committed one from the same command."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.verify import fidelity
from transpile.verify.engines import pool

ROOT = Path(__file__).parents[2]
RULES = [str(ROOT / "golden" / name / "rule.yml") for name in ("cidr-ipv6", "re-lookahead")]


def test_the_page(tmp_path: Path) -> None:
    pages = [tmp_path / "docs" / name for name in ("a.md", "b.md")]
    for page in pages:
        assert fidelity.main([*RULES, "-t", "splunk", "--corpus", "Two", "-o", str(page)]) == 0
    text = pages[0].read_text("utf-8")
    assert text == pages[1].read_text("utf-8")
    assert "Rules: Two, 2 rules, 2 of them for Windows." in text
    assert "| splunk | 2 | " in text
    assert "Nothing: every query that is called exact and was executed was exact" in text


def test_what_nothing_verifies_has_a_column_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MEANS", {})
    monkeypatch.setattr(fidelity, "_EXECUTED", {})
    page = tmp_path / "page.md"
    assert fidelity.main([*RULES, "-t", "splunk", "-o", str(page)]) == 0
    text = page.read_text("utf-8")
    headings, rows = (
        [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith(start)]
        for start in ("| target |", "| splunk |")
    )
    of_all, of_windows, approximate = (
        dict(zip(heading, row, strict=True)) for heading, row in zip(headings, rows, strict=True)
    )
    for table in (of_all, of_windows):
        assert (table["exact"], table["unverified"], table["of the exact"]) == ("2", "2", "0.00%")
        assert table["executed exact"] == table["only checked"] == "0"
    assert approximate["unverified"] == approximate["approximate"]
    assert "- splunk: nothing; no engine executes or checks the language." in text


def test_an_engine_that_cant_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:9")
    page = tmp_path / "page.md"
    assert fidelity.main([*RULES, "-t", "elastic-lucene", "-o", str(page)]) == 2
    assert "no healthy Elasticsearch" in capsys.readouterr().err
    assert not page.exists()


def test_the_committed_page_is_of_this_layout() -> None:
    text = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    for heading in ("All rules", "Windows rules", "What executed them", "What is not exact"):
        assert f"\n## {heading}\n" in text
    assert "All of this is given the mapping: " in text


def test_each_engine_is_told_in_words() -> None:
    assert fidelity._EXECUTED.keys() == pool.MEANS.keys()
