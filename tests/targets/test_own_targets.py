"""A language and a target of another distribution: the example of the docs, installed and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import backends
from transpile.targets import registry
from transpile.verify.engines.pool import MEANS

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/own-targets.md").read_text("utf-8"), re.S)
PACKAGE = (ROOT / "docs/own-targets.md").read_text("utf-8").partition("```toml\n")[2]
RULE = """\
title: Tiny
id: 5b1d0f0e-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: ['\\a.exe', '\\b.exe']
    User: SYSTEM
  condition: selection
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example as it is when it is installed: its module, and what is told of it."""
    site = tmp_path / "site"
    told = site / "sigma_transpile_tinysiem-1.0.dist-info"
    told.mkdir(parents=True)
    (site / "tinysiem.py").write_text("\n\n".join(BLOCKS), "utf-8")
    (told / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: sigma-transpile-tinysiem\nVersion: 1.0\n", "utf-8"
    )
    points = re.findall(r'entry-points\."(.*?)"\]\n(\w+) = "(.*?)"', PACKAGE)
    assert len(points) == 2
    (told / "entry_points.txt").write_text(
        "".join(f"[{group}]\n{name} = {value}\n" for group, name, value in points), "utf-8"
    )
    (tmp_path / "rule.yml").write_text(RULE, "utf-8")
    return site


def run(site: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "transpile", *arguments],
        cwd=site.parent,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
            "SIGMA_TRANSPILE_CACHE": str(site.parent / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_rule_is_converted(installed: Path) -> None:
    code, out, err = run(installed, "convert", "rule.yml", "-t", "tinysiem")
    assert (code, err) == (0, "")
    assert out == (
        "(#kind = /^process_creation$/i) AND"
        " ((image = /^.*\\\\a\\.exe$/si OR image = /^.*\\\\b\\.exe$/si) AND user = /^SYSTEM$/i)\n"
    )


def test_files_have_its_ending(installed: Path) -> None:
    assert run(installed, "convert", "rule.yml", "-t", "tinysiem", "-o", "out")[0] == 0
    assert [path.name for path in (installed.parent / "out").iterdir()] == ["rule.tiny"]


def test_what_the_dialect_has_no_words_for_is_refused(installed: Path) -> None:
    rule = installed.parent / "rule.yml"
    rule.write_text(RULE.replace("User: SYSTEM", "User: null"), "utf-8")
    code, out, err = run(installed, "convert", "rule.yml", "-t", "tinysiem")
    assert (code, out) == (1, "")
    assert err.startswith("rule.yml:7:")
    assert "unsaid-test: TinySIEM's language has no words here for a test of the kind" in err


def test_it_is_listed_and_unverified(installed: Path) -> None:
    code, out, _ = run(installed, "targets")
    assert code == 0
    assert re.search(r"^tinysiem +tiny +fields in lower case, by kind$", out, re.M)
    code, _, err = run(installed, "verify", "rule.yml", "-t", "tinysiem")
    assert code == 4
    assert "called exact: 1 unverified" in err


def test_a_new_version_converts_anew(installed: Path) -> None:
    before = run(installed, "convert", "rule.yml", "-t", "tinysiem")[1]
    module = installed / "tinysiem.py"
    module.write_text(module.read_text("utf-8").replace('"#kind"', '"#type"'), "utf-8")
    told = installed / "sigma_transpile_tinysiem-1.0.dist-info" / "METADATA"
    told.write_text(told.read_text("utf-8").replace("1.0", "1.1"), "utf-8")
    after = run(installed, "convert", "rule.yml", "-t", "tinysiem")[1]
    assert after == before.replace("#kind", "#type") != before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("import nothing_like_that", "ModuleNotFoundError: No module named 'nothing_like_that'"),
        ("TARGET = 1", "tinysiem (tinysiem:TARGET) is no target of that name"),
        ("TinySiem = None", "its language 'tiny': AttributeError"),
    ],
)
def test_one_that_is_broken_costs_only_itself(installed: Path, change: str, words: str) -> None:
    with (installed / "tinysiem.py").open("a", encoding="utf-8") as file:
        file.write(f"\n{change}\n")
    code, _, err = run(installed, "convert", "rule.yml", "-t", "tinysiem")
    assert code == 2
    assert words in err
    assert "Traceback" not in err
    assert run(installed, "convert", "rule.yml", "-t", "splunk")[0] == 0


def test_languages_are_declared_alike() -> None:
    dialects = {name: backends.get(name) for name in backends.DIALECTS}
    assert {name: one.SUFFIX for name, one in dialects.items()} == dict(registry.SUFFIXES)
    assert set(MEANS) == set(dialects)
    for name in registry.MODULES:
        target = registry.get(name)
        assert registry.ending(name).suffix == registry.SUFFIXES[target.dialect]
