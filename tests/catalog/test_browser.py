"""The site in a real Chromium, opened from its folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from transpile.catalog.collection import Collection, Sound, explain_file
from transpile.catalog.page import STATIC, render
from transpile.catalog.page import Page as SitePage
from transpile.catalog.site import Site
from transpile.explain.explainer import Explainer
from transpile.load.files import RuleFile, find

pytestmark = pytest.mark.browser
WUAUCLT = "rules/c649a6c7-cd8c-4a78-9c04-000fc76df954.html"
TITLE = "Potentially Suspicious Wuauclt Network Connection"


class Watched:
    """A page of the site, and whatever it does that it must not."""

    def __init__(self, context: BrowserContext, site: Path) -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self._site = site
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        self.page.on("request", self._request)

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.faults.append(str(getattr(message, "text", message)))

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((f"file://{self._site}", "data:")):
            self.faults.append(f"request {url}")

    def go(self, path: str) -> Page:
        self.page.goto(f"file://{self._site}/{path}")
        return self.page


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def watched(context: BrowserContext, site: Path) -> Iterator[Watched]:
    made = Watched(context, site)
    yield made
    assert made.faults == []
    assert made.page.evaluate("window.pwned") is None


def titles(page: Page) -> list[str]:
    return page.locator("#rules tbody a").all_inner_texts()


def test_search_finds_titles_ids_fields_and_values(watched: Watched) -> None:
    page = watched.go("index.html")
    for query in ("wuauclt network", "c649a6c7", "51.103.0.0/16", '"RunHandlerComServer"'):
        page.fill("#query", query)
        assert TITLE in titles(page)
        assert len(titles(page)) < 5
    page.fill("#query", "nothing has this")
    assert titles(page) == []
    expect(page.locator("#found")).to_have_text("0 rules")


def test_the_address_holds_query_facets_and_sort(watched: Watched) -> None:
    page = watched.go("index.html")
    page.fill("#query", "wuauclt")
    page.get_by_role("group", name="Tactic").get_by_label("Stealth").check()
    page.select_option("#sort", "level")
    address = page.url
    assert address.endswith("#q=wuauclt&sort=level&tactic=Stealth")
    page.goto("about:blank")
    page.goto(address)
    assert titles(page) == [TITLE]
    assert page.input_value("#query") == "wuauclt"
    assert page.input_value("#sort") == "level"
    page.click("#clear")
    assert page.url.endswith("index.html#sort=level")


def test_facets_count_and_filter(watched: Watched) -> None:
    page = watched.go("index.html")
    group = page.get_by_role("group", name="Severity")
    label = group.locator("label", has_text="medium")
    count = int(label.locator(".count").inner_text())
    label.locator("input").check()
    expect(page.locator("#found")).to_have_text(f"{count} rules")
    levels = page.locator("#rules tbody .level").all_inner_texts()
    assert set(levels) == {"medium"}
    high = int(group.locator("label", has_text="high").locator(".count").inner_text())
    group.get_by_label("high").check()
    expect(page.locator("#found")).to_have_text(f"{count + high} rules")


def test_fidelity_is_a_facet_of_each_target(watched: Watched) -> None:
    page = watched.go("index.html")
    page.locator("summary", has_text="Fidelity: Splunk").click()
    page.get_by_role("group", name="Fidelity: Splunk").get_by_label("refused").check()
    assert titles(page)
    assert (
        page.locator("#rules tbody tr").count()
        == page.locator('#rules [aria-label="Splunk: refused"]').count()
    )


def test_deprecated_rules_are_hidden_until_asked_for(watched: Watched) -> None:
    page = watched.go("index.html")
    page.fill("#query", "rule of the past")
    assert titles(page) == []
    page.check("#deprecated")
    assert titles(page) == ["A rule of the past"]
    page.click("#clear")
    page.goto(page.url.partition("#")[0] + "#status=deprecated")
    assert titles(page) == ["A rule of the past"]


def test_copy_copies_exactly_the_query(watched: Watched) -> None:
    page = watched.go(WUAUCLT)
    golden = Path(__file__).parents[2] / "golden/wuauclt-network-connection"
    for tab, name in (("Splunk", "splunk.spl"), ("Elasticsearch, EQL", "elastic-eql.eql")):
        page.get_by_role("tab", name=tab).click()
        page.locator(".panel:not([hidden]) .copy").click()
        expect(page.locator(".panel:not([hidden]) .copy")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied + "\n" == (golden / name).read_text("utf-8")


def test_every_query_is_copied_as_it_is(context: BrowserContext, site: Path) -> None:
    """Also those with markup, characters that turn text around, and control characters."""
    watched = Watched(context, site)
    rules = {
        path.stem: path.read_text("utf-8")
        for path in sorted(site.glob("rules/*.html"))
        if "pwned" in path.read_text("utf-8") or "control" in path.read_text("utf-8").lower()
    }
    assert len(rules) >= 3
    for slug in list(rules)[:8]:
        page = watched.go(f"rules/{slug}.html")
        for at in range(page.get_by_role("tab").count()):
            page.get_by_role("tab").nth(at).click()
            button = page.locator(".panel:not([hidden]) .copy")
            if button.count():
                button.click()
                expect(button).to_have_text("Copied")
                copied = page.evaluate("navigator.clipboard.readText()")
                box = page.locator(".panel:not([hidden]) .query")
                shown = box.locator("code").text_content()
                assert copied == shown or box.locator("script").count()
    assert watched.faults == []


def test_the_theme_is_chosen_and_kept(watched: Watched) -> None:
    page = watched.go("index.html")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    watched.go(WUAUCLT)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_the_theme_of_the_system_is_the_default(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"file://{site}/index.html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 27)"
    context.close()


def test_the_keyboard_is_enough(watched: Watched) -> None:
    page = watched.go("index.html")
    page.keyboard.press("/")
    page.keyboard.type("wuauclt")
    assert titles(page)[0] == TITLE
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/*.html")
    page.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("tab").last).to_be_focused()
    page.keyboard.press("Tab")
    watched.go("index.html#q=wuauclt")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert page.input_value("#query") == ""


def test_indicators_lead_to_the_rules_that_share_them(watched: Watched) -> None:
    page = watched.go(WUAUCLT)
    link = page.locator("a.corpus").first
    link.click()
    page.wait_for_url("**/indicators/*.html")
    page.get_by_role("link", name=TITLE).click()
    page.wait_for_url(f"**/{WUAUCLT}")


def test_the_matrix_leads_to_its_rules(watched: Watched) -> None:
    page = watched.go("attack.html")
    page.get_by_role("link", name="System Binary Proxy Execution").first.click()
    page.wait_for_url("**/index.html#technique=T1218")
    assert TITLE in titles(page)
    watched.go("attack.html")
    with page.expect_download() as download:
        page.get_by_role("link", name="Navigator").click()
    layer = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert layer["domain"] == "enterprise-attack"


def test_exports_are_downloaded(watched: Watched) -> None:
    page = watched.go(WUAUCLT)
    with page.expect_download() as download:
        page.get_by_role("link", name="savedsearches.conf").click()
    assert download.value.suggested_filename == "savedsearches.conf"
    assert TITLE in Path(download.value.path()).read_text("utf-8")


def test_hostile_rules_do_nothing(context: BrowserContext, site: Path) -> None:
    watched = Watched(context, site)
    paths = ["index.html#q=pwned", "broken.html", "rules/index.html", "attack.html"]
    paths += [
        path.relative_to(site).as_posix()
        for path in sorted(site.glob("*/*.html"))
        if "pwned" in path.read_text("utf-8") or "&lt;" in path.read_text("utf-8")
    ]
    assert len(paths) > 8
    for path in paths:
        page = watched.go(path)
        page.wait_for_timeout(20)
        assert page.evaluate("window.pwned") is None, path
        assert page.locator("img, svg, iframe, b").count() == 0, path
    assert watched.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["index.html", WUAUCLT, "attack.html", "broken.html"])
def test_nothing_bars_anybody(chromium: Browser, site: Path, path: str, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"file://{site}/{path}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()


def test_a_narrow_window_shows_all(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    for path in ("index.html", WUAUCLT):
        page.goto(f"file://{site}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.fixture(scope="module")
def large(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index and the matrix of 3,000 rules."""
    folder = tmp_path_factory.mktemp("large")
    explainer = Explainer(["splunk", "sentinel"])
    found = [
        one
        for file in find([str(rules)])
        if isinstance(file, RuleFile)
        for one in explain_file(file, explainer, "")
        if isinstance(one, Sound)
    ]
    many = []
    for number in range(3000):
        one = found[number % len(found)]
        head = replace(
            one.rule.head, id=f"{number:08}-0000", title=f"{one.rule.head.title} {number}"
        )
        many.append(replace(one, rule=replace(one.rule, head=head)))
    made = Site(Collection(many), ("splunk", "sentinel"), "Many rules")
    for path in (
        "index.html",
        "attack.html",
        "data/rules.js",
        *(f"static/{name}" for name in STATIC),
    ):
        content = made.content(path)
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        text = render(content) if isinstance(content, SitePage) else content
        target.write_text(text, "utf-8")
    return folder


def test_three_thousand_rules_are_fast(chromium: Browser, large: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"file://{large}/index.html")
    expect(page.locator("#found")).to_have_text(re.compile(r"2\d\d\d rules"))
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    drawn = []
    for letter in "powershell download":
        page.locator("#query").press(letter)
        drawn.append(int(page.evaluate("document.documentElement.dataset.drawn")))
    context.close()
    assert paint < 1500
    assert sorted(drawn)[len(drawn) // 2] < 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_hottest_cells_can_be_read(chromium: Browser, large: Path, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"file://{large}/attack.html")
    assert page.locator(".cell.h5").count()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
