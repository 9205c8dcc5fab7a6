"""`export` as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FORMATS = {
    "splunk-savedsearches": {"savedsearches.conf"},
    "splunk-app": {
        "sigma_detections/README.txt",
        "sigma_detections/default/app.conf",
        "sigma_detections/default/savedsearches.conf",
        "sigma_detections/metadata/default.meta",
    },
    "kibana-rules": {"rules.ndjson"},
    "kibana-saved-searches": {"saved-searches.ndjson"},
    "sentinel-yaml": {"windows/a.yaml", "b-1.yaml", "b-2.yaml"},
    "sentinel-arm": {"windows/a.json", "b-1.json", "b-2.json"},
}
LOCK = "sigma-transpile.lock"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule_text: str) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules/windows").mkdir(parents=True)
    (tmp_path / "rules/windows/a.yml").write_text(rule_text, "utf-8")
    two = [rule_text.replace("id: 1111", f"id: {n}111") for n in (2, 3)]
    (tmp_path / "rules/b.yml").write_text("---\n".join(two), "utf-8")
    return tmp_path


def run(*arguments: str, seed: str = "0") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "transpile", "export", *arguments],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONHASHSEED": seed},
        timeout=120,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("form", FORMATS)
def test_the_files_are_the_same_everywhere(here: Path, form: str) -> None:
    assert run("rules", "--as", form, "-o", "out")[0] == 0
    first = files(here / "out")
    assert set(first) == {*FORMATS[form], LOCK}
    (here / "elsewhere").mkdir()
    (here / "rules").rename(here / "elsewhere" / "r")
    assert run("elsewhere/r", "--as", form, "-o", "again", seed="12345")[0] == 0
    assert files(here / "again") == first
    for data in first.values():
        assert b"\r" not in data
        assert not data or data.endswith(b"\n")


def test_the_help_names_every_format(here: Path) -> None:
    shown = "".join(run("--help")[1].split())
    assert all(form in shown for form in (*FORMATS, "defender-rules"))


def test_one_file_is_printed(here: Path) -> None:
    code, out, err = run("rules/windows/a.yml", "--as", "kibana-rules")
    assert (code, err) == (0, "")
    assert json.loads(out)["name"] == "Something Odd"
    code, out, err = run("rules", "--as", "sentinel-yaml")
    assert (code, out) == (2, "")
    assert "these are 3 files; say where to with -o DIR" in err


def test_a_refused_rule_and_a_broken_one(here: Path, rule_text: str) -> None:
    broken = rule_text.replace("|contains", "|contain").replace("id: 1", "id: 4")
    own = rule_text.replace("id: 1", "id: 5") + "sigma-transpile:\n    evry: 5m\n"
    (here / "rules/x.yml").write_text(broken, "utf-8")
    (here / "rules/y.yml").write_text(own, "utf-8")
    code, out, err = run("rules", "--as", "kibana-rules")
    assert code == 1
    assert len(out.splitlines()) == 3
    assert "rules/x.yml:21:21: unknown-modifier" in err
    assert "rules/y.yml: rule-settings: sigma-transpile has no key 'evry'; did you mean" in err


def test_two_rules_with_one_id(here: Path, rule_text: str) -> None:
    (here / "rules/z.yml").write_text(rule_text, "utf-8")
    code, out, err = run("rules", "--as", "kibana-rules")
    assert code == 1
    assert len(out.splitlines()) == 3
    assert "rules/z.yml:2:5: duplicate-id: the id 11111111" in err


def test_what_is_odd_is_told(here: Path, rule_text: str) -> None:
    odd = rule_text.replace("id: 11111111-1111-4111-8111-111111111111\n", "")
    odd = odd.replace("attack.t1036\n", "attack.t9999\n")
    (here / "odd.yml").write_text(odd, "utf-8")
    (here / "p.toml").write_text("[rule.ab]\nenabled = false\n", "utf-8")
    code, _, err = run("odd.yml", "--as", "kibana-rules", "--profile", "p.toml")
    assert code == 0
    assert err == (
        "odd.yml: unknown-attack-tag (warning): ATT&CK has no 'attack.t9999'; it is left out\n"
        "odd.yml: missing-id (warning): the rule has no id; its exported id comes from the file's"
        " name\n"
        "p.toml: unused-override (warning): there is no rule ab among those that are exported\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "kibana-rule"], "there is no format 'kibana-rule'; did you mean 'kibana-rules'?"),
        (
            ["--as", "kibana-saved-searches", "-t", "elastic-eql"],
            "kibana-saved-searches holds lucene, and elastic-eql is eql",
        ),
        (["--as", "kibana-rules", "--profile", "p.toml"], "p.toml: bad-profile: the file can't"),
        (["--as", "kibana-rules", "-p", "p.yml"], "p.yml"),
    ],
)
def test_wrong_usage(here: Path, arguments: list[str], said: str) -> None:
    code, out, err = run("rules", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_nothing_is_written_outside(here: Path) -> None:
    (here / "out").mkdir()
    (here / "elsewhere").mkdir()
    (here / "out/windows").symlink_to(here / "elsewhere")
    code, _, err = run("rules", "--as", "sentinel-yaml", "-o", "out")
    assert code == 2
    assert "windows/a.yaml would be outside of out; a link leads out of it" in err
    assert files(here / "elsewhere") == {}
