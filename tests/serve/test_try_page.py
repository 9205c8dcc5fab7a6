"""The command, and the page to try a rule, in a real Chromium."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    shutil.copyfile(ROOT / "golden/windash/rule.yml", folder / "windash.yml")
    return folder


@pytest.fixture(scope="module")
def address(rules: Path) -> Iterator[str]:
    """Where `serve` gives out the rules."""
    command = [sys.executable, "-m", "transpile", "serve", str(rules)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found is not None, said
        yield found[0]
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    made = context.new_page()
    faults: list[str] = []
    made.on("console", lambda message: faults.append(message.text))
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on(
        "request",
        lambda request: None if request.url.startswith(address) else faults.append(request.url),
    )
    yield made
    assert faults == []
    context.close()


def test_what_is_typed_is_explained(page: Page, address: str) -> None:
    page.goto(f"{address}try")
    result = page.locator("#result")
    expect(result.locator("h1")).to_have_text("Download by PowerShell")
    expect(result.get_by_role("tab")).to_have_count(4)
    text = page.input_value("#rule")
    page.fill("#rule", text.replace("\\powershell.exe", "\\pwsh.exe"))
    expect(result.locator(".panel:not([hidden]) code").first).to_contain_text("pwsh.exe")
    page.fill("#rule", text.replace("|endswith", "|endwith"))
    expect(result.locator(".problem")).to_contain_text("unknown-modifier")
    expect(result.locator(".problem")).to_contain_text("Image|endwith")
    page.fill("#rule", text)
    result.get_by_role("tab", name="Sentinel").click()
    result.locator(".panel:not([hidden]) .copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Event\n")


def test_a_rule_that_means_harm_does_none(page: Page, address: str) -> None:
    page.goto(f"{address}try")
    expect(page.locator("#result h1")).to_have_text("Download by PowerShell")
    hostile = (ROOT / "tests/catalog/hostile/markup.yml").read_text("utf-8")
    page.fill("#rule", hostile)
    expect(page.locator("#result h1")).to_contain_text("</title>")
    page.wait_for_timeout(100)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, svg, iframe, b").count() == 0


def test_the_site_follows_the_rules(page: Page, address: str, rules: Path) -> None:
    page.goto(f"{address}index.html")
    expect(page.locator("#rules tbody a")).to_have_text(["Wevtutil Clears A Log"])
    rule = rules / "windash.yml"
    rule.write_text(rule.read_text("utf-8").replace("Wevtutil Clears", "Something Clears"))
    page.wait_for_timeout(2500)
    page.reload()
    expect(page.locator("#rules tbody a")).to_have_text(["Something Clears A Log"])


def test_the_page_bars_nobody(chromium: Browser, address: str) -> None:
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}try")
    expect(page.locator("#result h1")).to_have_text("Download by PowerShell")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
