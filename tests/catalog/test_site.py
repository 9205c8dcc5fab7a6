"""The site as files: facts, links, and nothing of a hostile rule but text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from transpile.catalog import manifest
from transpile.catalog.build import build
from transpile.catalog.collection import Collection, explain_file
from transpile.catalog.page import inline, kept_by_html, policy, web_address
from transpile.catalog.recipe import Recipe
from transpile.explain.explainer import Explainer
from transpile.load.files import RuleFile, find

ROOT = Path(__file__).parents[2]
SEED: dict[str, Any] = json.loads((ROOT / "tests/seed_page.json").read_text("utf-8"))
WUAUCLT = "rules/c649a6c7-cd8c-4a78-9c04-000fc76df954.html"
ALLOWED = re.compile(r"https?://|data:,|data:application/octet-stream;|[^:]*$")
RULE = """\
title: {title}
id: {id}
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '{value}'
  condition: selection
"""


class Reader(HTMLParser):
    """Collects the texts, the tags and the attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def pages(site: Path) -> Iterator[tuple[Path, Reader]]:
    for path in sorted(site.glob("**/*.html")):
        yield path, Reader(path.read_text("utf-8"))


def test_every_fact_of_the_seed_page_is_on_ours(site: Path) -> None:
    page = Reader((site / WUAUCLT).read_text("utf-8")).text
    for fact in (*SEED["facts"], *SEED["stage 1"], *SEED["stage 2"]):
        assert " ".join(fact.split()) in page
    assert " ".join(SEED["event"]) in page
    for group in SEED["indicators"]:
        at = page.index(f"{group['field']} {group['kind']} ")
        for value in group["values"]:
            assert value in page[at:]


def test_pages_run_only_our_scripts_and_show_no_others_markup(site: Path) -> None:
    known = {
        *("theme.js", "site.js", "search.js", "rules.js"),
    }
    for path, page in pages(site):
        for tag, attributes in page.tags:
            assert tag not in ("img", "svg", "iframe", "object", "embed", "base", "b"), path
            assert not any(name.startswith("on") for name in attributes), path
            assert "style" not in attributes, path
            if tag == "script" and attributes.get("type") != "application/json":
                assert Path(attributes["src"] or "").name in known, path
            for name in ("href", "src"):
                address = attributes.get(name) or ""
                assert re.match(
                    r"(https?://|data:,|data:application/octet-stream;|[^:]*$)", address
                )


def test_every_page_has_the_policy(site: Path) -> None:
    for path, page in pages(site):
        policies = [
            attributes["content"]
            for tag, attributes in page.tags
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policies == [policy(live=False)], path
    assert "unsafe" not in policy(live=True) + inline().policy


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    for path, page in pages(site):
        for _, attributes in page.tags:
            for name in ("href", "src"):
                address = (attributes.get(name) or "").partition("#")[0]
                if address and not re.match(r"(https?|data):", address):
                    assert (path.parent / address).is_file(), (path, address)


def test_the_search_data_is_one_script(site: Path) -> None:
    text = (site / "data/rules.js").read_text("ascii")
    assert "<" not in text
    data = json.loads(text.removeprefix("window.CATALOGUE=").removesuffix(";\n"))
    hidden = [row[1] for row in data["rules"] if row[10]]
    assert hidden == ["A rule of the past"]
    rows = {row[1]: row for row in data["rules"]}
    row = rows[SEED["facts"][0]]
    assert row[2:9] == [
        *("medium", "test", "windows", "network_connection", ["Stealth"], ["T1218"]),
        ["exact", "exact", "approximate", "approximate"],  # Elastic drops a CommandLine of '-'
    ]
    assert "51.103.0.0/16" in row[11]


def test_the_navigator_layer(site: Path) -> None:
    layer = json.loads((site / "data/navigator-layer.json").read_text("utf-8"))
    assert layer["domain"] == "enterprise-attack"
    assert layer["versions"]["attack"] == "19"
    scores = {one["techniqueID"]: one["score"] for one in layer["techniques"]}
    assert scores["T1218"] >= 1
    assert "T1499" not in scores  # only the deprecated rule has it


def test_a_rule_can_be_downloaded_as_each_export(site: Path) -> None:
    page = Reader((site / WUAUCLT).read_text("utf-8"))
    names = [attributes["download"] for tag, attributes in page.tags if attributes.get("download")]
    assert {"savedsearches.conf", "rules.ndjson"} <= set(names)


def test_broken_rules_have_a_page_with_their_problems(site: Path) -> None:
    page = Reader((site / "broken.html").read_text("utf-8")).text
    assert "hostile/broken.yml" in page
    assert "unknown-modifier" in page


def test_rules_of_one_id_or_of_none_have_pages_of_their_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        rule = RULE.format(title=name, id="aaaaaaaa-1111", value="x")
        (tmp_path / f"{name}.yml").write_text(rule)
    (tmp_path / "c.yml").write_text(RULE.format(title="c", id="../../c", value="x"))
    explainer = Explainer([])
    collection = Collection(
        one
        for file in find([str(tmp_path)])
        if isinstance(file, RuleFile)
        for one in explain_file(file, explainer, str(tmp_path))
    )
    assert len(collection.rules) == 3
    assert all(re.fullmatch(r"[0-9a-z-]+", slug) for slug in collection.rules)
    (key,) = collection.shared.values()
    assert [link.title for link in collection.seekers(key)] == ["a", "b", "c"]
    first = next(iter(collection.rules))
    assert {link.title for link in collection.related(first)} == {"b", "c"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transpile", "catalog", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command(tmp_path: Path) -> None:
    rules, site = tmp_path / "rules", tmp_path / "site"
    rules.mkdir()
    (rules / "a.yml").write_text(RULE.format(title="a", id="aaaaaaaa-1111", value="\\a.exe"))
    (rules / "b.yml").write_text(RULE.format(title="b", id="bbbbbbbb-1111", value="\\A.exe"))
    arguments = (str(rules), "-o", str(site))
    made = run(*arguments)
    assert (made.returncode, made.stdout) == (0, "")
    assert made.stderr.startswith("sigma-transpile: 2 rules: ")
    assert len(list(site.glob("indicators/*.html"))) == 1
    (site / "mine.txt").write_text("mine")
    # The checkout may be worked on while the test runs, which makes a site out of date.
    if "up to date" not in run(*arguments).stderr:
        assert "up to date" in run(*arguments).stderr
    (rules / "b.yml").write_text("title: b")
    changed = run(*arguments)
    assert changed.returncode == 1
    assert "1 rule, 1 broken" in changed.stderr
    assert not list(site.glob("indicators/*.html"))
    assert [path.name for path in site.glob("rules/*.html")] == ["index.html", "aaaaaaaa-1111.html"]
    assert (site / "mine.txt").read_text() == "mine"
    assert run(str(tmp_path / "none"), "-o", str(site)).returncode == 2


def test_output_is_the_same_every_time(rules: Path, site: Path, tmp_path: Path) -> None:
    found = list(find([str(rules)]))
    recipe = Recipe(("splunk", "sentinel", "elastic-eql", "elastic-lucene"), (), str(rules))
    build(found, recipe, tmp_path, "Test rules", made_from="tests", processes=1)
    for path in sorted(site.glob("**/*")):
        if path.is_file():
            again = tmp_path / path.relative_to(site)
            assert again.read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "..\\outside"])
def test_a_manifest_reaches_no_file_outside_of_the_site(tmp_path: Path, name: str) -> None:
    content = {"made_from": "x", "broken": 0, "files": [name]}
    (tmp_path / manifest.NAME).write_text(json.dumps(content))
    assert manifest.read(tmp_path) == manifest.Manifest()


def test_links_lead_to_the_web_only() -> None:
    assert web_address("https://example.org/a?b=c")
    assert not web_address("javascript:alert(1)")
    assert not web_address("JaVaScRiPt:alert(1)")
    assert not web_address("data:text/html,x")
    assert not web_address("https://example.org/ x")
    assert not web_address("//example.org")


def test_texts_that_html_changes_are_known() -> None:
    assert kept_by_html("a\tb\n\x1b")
    assert not kept_by_html("a\0b")
    assert not kept_by_html("a\r\n")


def test_a_single_page_has_everything_inside() -> None:
    command = [sys.executable, "-m", "transpile", "explain", "--format", "html"]
    for rule in ("golden/injection-title/rule.yml", "tests/catalog/hostile/markup.yml"):
        text = subprocess.run(
            [*command, rule], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        page = Reader(text)
        scripts = [attributes for tag, attributes in page.tags if tag == "script"]
        assert scripts == [{}]
        assert not [tag for tag, _ in page.tags if tag in ("img", "svg", "iframe", "b")]
