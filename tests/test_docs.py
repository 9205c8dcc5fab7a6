"""The generated pages are those that the code gives now."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_generated_pages_are_current() -> None:
    pages = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    kept = {
        str(path.relative_to(DOCS)): path.read_text("utf-8")
        for path in (*DOCS.glob("diagnostics/*.md"), *DOCS.glob("*.schema.json"))
    }
    assert kept == pages
