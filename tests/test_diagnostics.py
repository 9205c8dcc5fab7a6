"""Each code that the program can show is in the registry, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from transpile.diagnostics import DIAGNOSTICS
from transpile.targets.tables import table

ROOT = Path(__file__).parents[1]
TAKE_A_CODE = {
    "Refused",
    "Reason",
    "Problem",
    "approximate",
    "problem",
    "_fail",
    "_warn",
    "_problem",
    "warning",
}
TAKE_A_CODE_SECOND = {"TomlFile", "read"}
CODE = re.compile("[a-z]+(-[a-z0-9]+)*")
BY_NAME = {"correlation-rule", "sigma-filter"}
"""codes that stand in a table of the loader"""


def used_codes() -> set[str]:
    sources = [*ROOT.glob("transpile/**/*.py"), *ROOT.glob("backends/**/*.py")]
    codes = {code for source in sources for code in codes_in(source)}
    files = ("sentinel", "defender", "asim")
    logsources = [entry for file in files for entry in table(f"{file}/logsources")["logsource"]]
    return codes | BY_NAME | {code for entry in logsources for code in entry.get("approximate", {})}


def codes_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        codes = [one.value for one in node.keywords if one.arg == "code"]
        if name in TAKE_A_CODE:
            codes.append(node.args[0])
        if name in TAKE_A_CODE_SECOND and len(node.args) > 1:
            codes.append(node.args[1])
        for code in codes:
            literal = isinstance(code, ast.Constant) and isinstance(code.value, str)
            if literal and CODE.fullmatch(code.value):  # a problem of a file has its message first
                yield code.value


def test_every_code_is_registered() -> None:
    assert sorted(used_codes() - set(DIAGNOSTICS)) == []


def test_every_registered_code_is_used() -> None:
    indirect = {"missing-detection", "bad-logsource"}  # passed on by the loader
    assert sorted(set(DIAGNOSTICS) - used_codes() - indirect) == []


def test_entries_are_whole_sentences() -> None:
    for diagnostic in DIAGNOSTICS.values():
        assert diagnostic.title
        assert not diagnostic.title.endswith(".")
        assert diagnostic.meaning.endswith(".")
        assert diagnostic.remedy.endswith(".")
