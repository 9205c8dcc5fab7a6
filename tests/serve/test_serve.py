"""The application: its limits, its headers, and rules that change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from transpile.catalog.collection import Broken, Sound
from transpile.catalog.recipe import Recipe
from transpile.serve.app import application
from transpile.serve.live import LiveCatalogue
from transpile.serve.workbench import MAX_BYTES, Busy, TooSlow, Workbench

ROOT = Path(__file__).parents[2]
RULE = (ROOT / "golden/windash/rule.yml").read_text("utf-8")
YAML = {"content-type": "application/yaml"}
RECIPE = Recipe(("splunk", "sentinel"))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    for name in ("windash", "contains-all"):
        shutil.copyfile(ROOT / f"golden/{name}/rule.yml", folder / f"{name}.yml")
    return folder


@pytest.fixture(scope="module")
def workbench() -> Iterator[Workbench]:
    made = Workbench(RECIPE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(rules: Path, workbench: Workbench) -> Iterator[TestClient]:
    catalogue = LiveCatalogue([str(rules)], RECIPE, "Test rules")
    catalogue.start(1)
    yield TestClient(application(catalogue, workbench), base_url="http://127.0.0.1:8000")
    catalogue.close()


def test_the_site_is_given_out_with_headers_that_hold_it_together(client: TestClient) -> None:
    for path in ("/", "/index.html", "/attack.html", "/data/rules.js", "/static/try.js", "/try"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/static/site.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "path",
    [
        "/none.html",
        "/rules/none.html",
        "/static/../page.py",
        "/static/%2e%2e/page.py",
        "//etc/passwd",
    ],
)
def test_what_is_no_page_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers


def test_only_its_own_names_are_answered_to(client: TestClient) -> None:
    for host, status in (("localhost:1", 200), ("[::1]:1", 200), ("rebound.example", 400)):
        assert client.get("/", headers={"host": host}).status_code == status


def test_a_rule_is_explained(client: TestClient) -> None:
    answer = client.post("/api/explain", content=RULE, headers=YAML)
    assert answer.status_code == 200
    for text in ("Wevtutil Clears A Log", "EventCode=1", "EventLog", "Stage 1", "CommandLine"):
        assert text in answer.text


def test_problems_are_shown_with_their_places(client: TestClient) -> None:
    broken = RULE.replace("|endswith", "|endwith")
    answer = client.post("/api/explain", content=broken, headers=YAML)
    assert answer.status_code == 200
    assert "unknown-modifier" in answer.text
    assert "line " in answer.text
    assert (
        "<script"
        not in client.post("/api/explain", content="<script>alert(1)</script>", headers=YAML).text
    )


def test_limits(client: TestClient) -> None:
    post = client.post
    large = b"#" * (MAX_BYTES + 1)
    assert post("/api/explain", content=large, headers=YAML).status_code == 413
    assert post("/api/explain", content=b"\xff", headers=YAML).status_code == 400
    # Types that a page of another origin can send without being asked for leave.
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind}
        assert post("/api/explain", content=RULE, headers=headers).status_code == 415
    assert client.get("/api/explain").status_code in (404, 405)


def test_a_text_that_takes_too_long_costs_only_itself() -> None:
    workbench = Workbench(RECIPE, seconds=0.0)
    with pytest.raises(TooSlow):
        workbench.explain(RULE * 20)
    workbench._seconds = 30.0
    (found,) = workbench.explain(RULE)
    assert isinstance(found, Sound)
    (broken,) = workbench.explain("no rule")
    assert isinstance(broken, Broken)
    workbench.close()


def test_only_so_many_texts_wait() -> None:
    workbench = Workbench(RECIPE)
    for _ in range(4):
        workbench._waiting.acquire()
    with pytest.raises(Busy):
        workbench.explain(RULE)


def test_rules_that_change_are_there_anew(tmp_path: Path) -> None:
    rule = tmp_path / "a.yml"
    rule.write_text(RULE)
    catalogue = LiveCatalogue([str(tmp_path)], RECIPE, "Test rules")
    catalogue.start(1)
    catalogue.close()
    assert not catalogue.look()
    (slug,) = catalogue.site.collection.rules
    rule.write_text(RULE.replace("Wevtutil Clears", "Something clears"))
    assert catalogue.look()
    assert catalogue.site.collection.rules[slug].head.title.startswith("Something clears")
    (tmp_path / "b.yml").write_text("title: b")
    assert catalogue.look()
    assert len(catalogue.site.collection.broken) == 1
    rule.unlink()
    assert catalogue.look()
    assert not catalogue.site.collection.rules
