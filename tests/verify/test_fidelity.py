"""The fidelity page: the same bytes each time, and the committed one from the same command."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.verify import fidelity

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
    assert "Nothing: every query that is called exact was exact" in text


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
