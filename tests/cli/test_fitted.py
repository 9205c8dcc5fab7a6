"""Commands that are told the fields of the user's indices give the queries that fit these."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from tests.cli.test_schema import ANSWERS, SECRETS, Cluster, serving
from transpile.catalog.recipe import Recipe
from transpile.cli import app
from transpile.load.rules import load
from transpile.run.convert import Converter
from transpile.serve.live import LiveCatalogue

GOLDEN = Path(__file__).parents[2] / "golden"
TARGETS = ("elastic-eql", "elastic-lucene")
ASKED = tuple(word for target in TARGETS for word in ("-t", target))
LOWER = {"type": "keyword", "normalizer": "lowercase", "folds": "case"}
FIELDS: dict[str, Any] = {
    "event.code": [{"type": "keyword"}],
    "winlog.channel": [{"type": "keyword"}],
    "process.executable": [{"type": "keyword", "fields": {"lower": LOWER}}],
    "destination.ip": [{"type": "ip"}],
}
"""all that the rule asks of except its CommandLine"""
FITTED = 'process.executable.lower : "*wuauclt*"'
ABSENT = "absent-field: no index has the field process.command_line (for CommandLine)"


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


def schema(path: str, fields: dict[str, Any]) -> None:
    content = {"format": 1, "patterns": ["*"], "sources": ["a"], "fields": fields}
    Path(path).write_text(json.dumps(content), "utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a golden rule below `rules`, and a schema with a field less than it needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGMA_TRANSPILE_CACHE", str(tmp_path / "cache"))
    text = (GOLDEN / "wuauclt-network-connection/rule.yml").read_text("utf-8")
    Path("rules").mkdir()
    Path("rules/rule.yml").write_text(text, "utf-8")
    schema("schema.json", FIELDS)
    return tmp_path


@pytest.fixture
def run(here: Path) -> Run:
    def run(*arguments: str) -> Done:
        done = CliRunner().invoke(app, ("--no-config", *arguments), catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


def expected() -> dict[str, str]:
    """The queries by their targets, as the converter writes them."""
    (rule,) = load(["rules"])
    queries = Converter(TARGETS, schema="schema.json").convert(rule).queries
    found = {query.target: query.text or "" for query in queries}
    assert FITTED in found["elastic-eql"]
    assert "process.executable.lower:*wuauclt*" in found["elastic-lucene"]
    return found


def test_convert_with_the_cache_cold_and_warm(run: Run) -> None:
    words = ("convert", "rules", *ASKED, "--schema", "schema.json", "--format", "json")
    cold = run(*words)
    assert {one["target"]: one["query"] for one in json.loads(cold.out)} == expected()
    assert ABSENT in cold.err
    assert cold == run(*words) == run(*words, "--no-cache")
    plain = run("convert", "rules", *ASKED, "--format", "json")
    assert "process.executable.lower" not in plain.out
    assert ABSENT not in plain.err
    schema("schema.json", {**FIELDS, "process.command_line": [{"type": "wildcard"}]})
    assert ABSENT not in run(*words).err


def test_export(run: Run) -> None:
    words = ("export", "rules", "--as", "kibana-rules", "-t", "elastic-eql")
    (line,) = run(*words, "--schema", "schema.json").out.splitlines()
    assert json.loads(line)["query"] == expected()["elastic-eql"]


def test_explain(run: Run) -> None:
    words = ("explain", "rules/rule.yml", *ASKED, "--format", "json", "--schema", "schema.json")
    explained = json.loads(run(*words).out)
    assert {one["target"]: one["query"] for one in explained["targets"]} == expected()


def test_explain_tells_the_scope_in_the_fields_that_there_are(run: Run) -> None:
    channel = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    schema("schema.json", {**FIELDS, "winlog.channel": [channel]})
    shown = run("explain", "rules/rule.yml", "-t", "elastic-eql", "--schema", "schema.json").out
    assert "must be collected: winlog.channel.keyword = Microsoft-Windows-Sysmon" in shown


def test_catalog_is_made_anew_for_another_schema(here: Path, run: Run) -> None:
    words = ("catalog", "rules", "-o", "site", *ASKED, "--schema", "schema.json")

    def pages() -> str:
        return "".join(path.read_text("utf-8") for path in Path("site").rglob("*.html"))

    assert run(*words).code == 0
    assert "process.executable.lower" in pages()
    assert "up to date" in run(*words).err
    schema("schema.json", {**FIELDS, "process.executable": [{"type": "wildcard"}]})
    assert "up to date" not in run(*words).err
    assert "process.executable.lower" not in pages()
    assert "up to date" not in run(*words[:-2]).err


def test_serve(here: Path) -> None:
    site = LiveCatalogue(["rules"], Recipe(TARGETS, (), "rules", "schema.json"), "Mine")
    site.look()
    (rule,) = site.site.collection.rules.values()
    assert {one.name: one.query for one in rule.targets} == expected()


@pytest.mark.parametrize("form", ["queries", "kibana-rules"])
def test_check_tells_of_a_changed_schema(form: str, run: Run) -> None:
    words = ("check", "rules", "out", "--as", form, "-t", "elastic-eql", "--schema", "schema.json")
    assert run(*words, "--fix").code == 0
    assert FITTED in "".join(
        path.read_text("utf-8").replace('\\"', '"')
        for path in Path("out").rglob("*")
        if path.is_file()
    )
    assert run(*words).code == 0
    schema("schema.json", {**FIELDS, "process.executable": [{"type": "wildcard"}]})
    done = run(*words)
    assert done.code == 1
    assert "the schema of the indices changed" in done.out
    assert run(*words, "--fix").code == run(*words).code == 0
    without = run(*words[:-2])
    assert "the schema of the indices changed" in without.out + without.err


def test_a_schema_for_other_targets_is_warned_of_once(run: Run) -> None:
    (Path("rules") / "two.yml").write_text(
        Path("rules/rule.yml").read_text("utf-8").replace("id: c649", "id: c640"), "utf-8"
    )
    plain = run("convert", "rules", "-t", "splunk")
    warned = run("convert", "rules", "-t", "splunk", "--schema", "schema.json")
    assert warned.out == plain.out
    warning = "a schema is for Elastic targets, and there is only splunk"
    assert warned.err == f"schema.json: unused-schema (warning): {warning}\n{plain.err}"
    both = run("convert", "rules", "-t", "splunk", "-t", "elastic-dsl", "--schema", "schema.json")
    assert "unused-schema" not in both.err


COMMANDS = (
    ("convert", "rules"),
    ("export", "rules", "--as", "kibana-rules"),
    ("check", "rules", "rules"),
    ("explain", "rules/rule.yml"),
    ("catalog", "rules", "-o", "site"),
    ("serve", "rules"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
def test_a_schema_that_can_not_be_used(command: tuple[str, ...], here: Path, run: Run) -> None:
    words = (*command, "-t", "elastic-eql", "--schema", "schema.json")
    Path("schema.json").write_text('{\n "format": 1,\n "fields": }', "utf-8")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("schema.json:3:12: bad-schema: the schema is no JSON: ")
    Path("schema.json").unlink()
    message = "bad-schema: the schema can't be read: No such file or directory"
    assert run(*words) == (2, "", f"schema.json: {message}\n")
    assert not Path("site").exists()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster with one field, which takes anybody."""
    for name in ("API_KEY", "USER", "PASSWORD", "CA_CERT"):
        monkeypatch.delenv(f"ELASTICSEARCH_{name}", raising=False)
    with serving(Cluster()) as one:
        yield one


@pytest.mark.parametrize("command", COMMANDS[:4], ids=lambda one: one[0])
def test_the_schema_of_a_cluster(
    command: tuple[str, ...],
    run: Run,
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", SECRETS[0])
    field = {"type": "keyword", "fields": {"any": {"type": "wildcard"}}}
    properties = {"process": {"properties": {"executable": field}}}
    mapping = {name: {"mappings": {"properties": properties}} for name in ANSWERS["_mapping"]}
    monkeypatch.setitem(ANSWERS, "_mapping", mapping)
    schema("schema.json", {"process.executable": [field]})
    words = (*command, "-t", "elastic-eql")
    asked = run(*words, "--schema-from", cluster.url)
    assert asked == run(*words, "--schema", "schema.json")
    assert asked != run(*words)
    assert {header for _, header in cluster.asked} == {f"ApiKey {SECRETS[0]}"}
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_two_schemas(run: Run, cluster: Cluster) -> None:
    words = ("convert", "rules", "-t", "elastic-eql", "--schema-from", cluster.url)
    code, out, err = run(*words, "--schema", "schema.json")
    assert (code, out, cluster.asked) == (2, "", [])
    assert "--schema and --schema-from both tell the fields" in err


def test_the_cluster_goes_before_the_configuration(run: Run, cluster: Cluster) -> None:
    Path("sigma-transpile.toml").write_text("schema = 'schema.json'\n")
    words = ("convert", "rules", "-t", "elastic-eql", "--schema-from", cluster.url)
    configured = CliRunner().invoke(app, words)
    assert (configured.exit_code, configured.stdout, configured.stderr) == run(*words)


def test_a_cluster_that_refuses_or_is_not_needed(run: Run, cluster: Cluster) -> None:
    cluster.status = 403
    words = ("convert", "rules", "--schema-from", cluster.url)
    code, out, err = run(*words, "-t", "elastic-eql")
    assert (code, out) == (2, "")
    assert "view_index_metadata" in err
    asked = len(cluster.asked)
    assert "unused-schema (warning)" in run(*words, "-t", "splunk").err
    assert len(cluster.asked) == asked
