"""Writes what comes from the code: a page for each diagnostic, their index, and the JSON Schemas of
the files that users write.

python docs/generate.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from transpile.config.schema import schema
from transpile.diagnostics import DIAGNOSTICS, Diagnostic, Kind
from transpile.targets.mapping_file import MappingFile

DOCS = Path(__file__).parent
_KINDS = {
    Kind.FAILED: "The rule is broken",
    Kind.REFUSED: "The target can't say it",
    Kind.APPROXIMATE: "The query is approximate",
    Kind.WARNING: "Only a warning",
    Kind.USAGE: "The command stops",
}


def pages() -> dict[str, str]:
    """The text of each file by its path under docs/."""
    written = {f"diagnostics/{code}.md": _page(one) for code, one in DIAGNOSTICS.items()}
    return {
        "diagnostics/README.md": _index(),
        "sigma-transpile.schema.json": _json(schema()),
        "log-sources.schema.json": _json(msgspec.json.schema(MappingFile)),
        **written,
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _page(one: Diagnostic) -> str:
    return (
        f"# {one.code}\n\n**{one.title}** ({one.kind.value})\n\n{one.meaning}\n\n"
        f"## What to do\n\n{one.remedy}\n"
    )


def _index() -> str:
    parts = ["# Diagnostics\n"]
    for kind, heading in _KINDS.items():
        listed = sorted(code for code, one in DIAGNOSTICS.items() if one.kind is kind)
        rows = "\n".join(f"| [{code}]({code}.md) | {DIAGNOSTICS[code].title} |" for code in listed)
        parts.append(f"## {heading}\n\n| code | |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8", newline="\n")
    for stale in (DOCS / "diagnostics").glob("*.md"):
        if f"diagnostics/{stale.name}" not in pages():
            stale.unlink()
