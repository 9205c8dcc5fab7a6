"""Queries are for the installation that the configuration tells of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.test_elastic_mapping import finds
from transpile.ir.lower import lower
from transpile.ir.nodes import And
from transpile.load.rules import Rule, load
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.environment import TABLES
from transpile.targets.plan import LogSource, Plan
from transpile.targets.shown import log_sources
from transpile.verify.engines.pool import Engines
from transpile.verify.engines.spl import Spl
from transpile.verify.session import Session
from transpile.verify.trial import Finding, judge, trial

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "golden"
RULE = """\
title: A rule
id: 51111111-1111-4111-8111-111111111111
logsource: {%s}
detection:
  selection:
    Image: a
  other:
    Image: b
  condition: selection or other
"""
INDEXES = """
[splunk.index]
windows = "win*"
"windows/security" = "win-sec"
"windows/process_creation" = "sysmon"
"""


FIELDS = {"product: linux, service: auditd": "exe", "category: proxy": "c-uri"}
"""a field of the log sources that have no Image"""


def rule(logsource: str) -> str:
    return (RULE % logsource).replace("Image", FIELDS.get(logsource, "Image"))


def configure(text: str) -> None:
    Path("sigma-transpile.toml").write_text(text, "utf-8")


def golden(name: str) -> str:
    return str(GOLDEN / name / "rule.yml")


@pytest.mark.parametrize(
    ("logsource", "index"),
    [
        ("product: windows, service: security", "win-sec"),
        ("product: windows, category: process_creation", "sysmon"),
        ("product: windows, category: process_creation, service: security", "win-sec"),
        ("product: windows, category: registry_set", "win*"),
        ("product: windows, category: registry_set, service: sysmon", "win*"),
        ("product: windows", "win*"),
        ("product: linux, service: auditd", None),
        ("category: proxy", None),
    ],
)
def test_the_index_of_the_nearest_log_source(
    logsource: str, index: str | None, here: Path, run: Run
) -> None:
    Path("rule.yml").write_text(rule(logsource), "utf-8")
    plain = run("--no-config", "convert", "rule.yml", "-t", "splunk")
    assert plain.out
    configure(INDEXES)
    query = run("convert", "rule.yml", "-t", "splunk").out
    if index is None:
        assert query == plain.out
    else:
        assert " ".join(query.split()) == f'index="{index}" AND {" ".join(plain.out.split())}'


@pytest.mark.parametrize(
    ("detection", "query"),
    [
        ("s: {Image: a, User: b}, condition: s", '`sysmon` AND Image="a" AND User="b"'),
        ("s: {Image: a}, t: {User: b}, condition: s or t", '`sysmon` AND (Image="a" OR User="b")'),
        ("s: {Image|re: a}, condition: not s", "`sysmon`\n| where "),
    ],
)
def test_a_search_macro_in_the_place_of_an_index(
    detection: str, query: str, here: Path, run: Run
) -> None:
    entry = 'product = "bitbucket"\ntarget = "splunk"\nothers = "{name}"\n'
    Path("own.toml").write_text(f"[[logsource]]\n{entry}", "utf-8")
    configure("pipelines = ['own.toml']\nsplunk.index.bitbucket = '`sysmon`'")
    Path("rule.yml").write_text(
        f"title: A rule\nlogsource: {{product: bitbucket}}\ndetection: {{{detection}}}\n", "utf-8"
    )
    done = run("convert", "rule.yml", "-t", "splunk")
    assert done.out.startswith(query), done
    assert Spl.parse(done.out, "sysmon").matches({"Image": "a", "User": "b"}) is (
        "not" not in detection
    )


def test_one_index_for_all(here: Path, run: Run) -> None:
    configure("splunk.index = 'main'")
    for logsource, asked in (
        ("category: proxy", 'tag="proxy" AND url IN'),
        ("product: linux, service: auditd", 'sourcetype IN ("auditd", "linux:audit") AND exe IN'),
        ("product: acme", "Image IN"),
    ):
        Path("rule.yml").write_text(rule(logsource), "utf-8")
        done = run("convert", "rule.yml", "-t", "splunk")
        assert done.out == f'index="main" AND {asked} ("a", "b")\n'
    assert "every event of the index main is searched" in done.err


def test_the_alternatives_of_a_rule_are_all_in_the_index(here: Path, run: Run) -> None:
    configure("splunk.index = 'main'")
    text = RULE.replace("Image: b", "CommandLine: b") % "product: acme"
    Path("rule.yml").write_text(text, "utf-8")
    query = run("convert", "rule.yml", "-t", "splunk").out
    assert query == 'index="main" AND (Image="a" OR CommandLine="b")\n'


@pytest.mark.parametrize(
    ("scope", "index"), [("{}", "main"), ('{ index = ["idp"] }', "idp")], ids=["none", "own"]
)
def test_a_log_source_of_ones_own_is_in_the_index_unless_it_names_another(
    scope: str, index: str, here: Path, run: Run
) -> None:
    entry = f'product = "acme"\ntarget = "splunk"\nscope = {scope}\nothers = "{{name}}"\n'
    Path("own.toml").write_text(f"[[logsource]]\n{entry}", "utf-8")
    configure("pipelines = ['own.toml']\nsplunk.index = 'main'")
    Path("rule.yml").write_text(RULE % "product: acme", "utf-8")
    query = run("convert", "rule.yml", "-t", "splunk").out
    assert query == f'index="{index}" AND Image IN ("a", "b")\n'


def test_searches_of_data_models_and_other_languages_name_none(here: Path, run: Run) -> None:
    others = [name for name in registry.MODULES if name != "splunk"]
    words = ["convert", "rules", *(word for name in others for word in ("-t", name))]
    plain = run("--no-config", *words)
    assert "from datamodel=" in plain.out
    configure("splunk.index = 'main'")
    assert run(*words) == plain


def test_a_golden_rule_and_the_condition_that_it_ends_with(here: Path, run: Run) -> None:
    path = golden("wuauclt-network-connection")
    plain = run("--no-config", "convert", path, "-t", "splunk").out
    configure(INDEXES)
    assert run("convert", path, "-t", "splunk").out == f'index="win*"\nAND {plain}'


@pytest.mark.parametrize("table", TABLES)
def test_the_table_of_windows(table: str, here: Path, run: Run) -> None:
    configure(f"[sentinel]\nwindows = '{table}'")
    for path in (golden("wuauclt-network-connection"), golden("azure-signin"), "rules/one.yml"):
        query = run("convert", path, "-t", "sentinel").out
        assert query == run("--no-config", "convert", path, "-t", TABLES[table]).out
    assert query.startswith(f"{table}\n")


SECURITY = "product: windows, service: security"
CREATED = "product: windows, category: process_creation"
SCRIPT = "product: windows, category: ps_script"
BY_SOURCE = """
[sentinel.windows]
security = ["SecurityEvent", "WindowsEvent"]
sysmon = "WindowsEvent"
"""


@pytest.mark.parametrize(
    ("text", "logsource", "tables"),
    [
        ("", SECURITY, ["SecurityEvent"]),
        ("", SCRIPT, ["Event"]),
        ("sentinel.windows = ['Event', 'WindowsEvent']", SECURITY, ["Event", "WindowsEvent"]),
        # of process creation, the Security log has an event that is not Sysmon's
        ("sentinel.windows = 'SecurityEvent'", CREATED, ["SecurityEvent"]),
        ("sentinel.windows = ['SecurityEvent', 'WindowsEvent']", CREATED, ["WindowsEvent"]),
        ("sentinel.windows = ['SecurityEvent', 'WindowsEvent']", SCRIPT, ["WindowsEvent"]),
        ("sentinel.windows = 'SecurityEvent'", SCRIPT, ["Event"]),
        (
            "sentinel.windows.process_creation = ['SecurityEvent', 'Event']",
            CREATED,
            ["SecurityEvent", "Event"],
        ),
        (BY_SOURCE, SECURITY, ["SecurityEvent", "WindowsEvent"]),
        (BY_SOURCE, CREATED, ["WindowsEvent"]),  # it is in Sysmon's channel
        (BY_SOURCE, SCRIPT, ["Event"]),
        (BY_SOURCE + "'*' = 'WindowsEvent'", SCRIPT, ["WindowsEvent"]),
        (BY_SOURCE, "product: windows", ["SecurityEvent", "WindowsEvent", "Event"]),
        (
            "sentinel.windows.System = 'WindowsEvent'",
            "product: windows, service: system",
            ["WindowsEvent"],
        ),
        (BY_SOURCE, "product: linux, service: syslog", ["Syslog"]),
    ],
)
def test_the_tables_of_a_log_source(
    text: str, logsource: str, tables: list[str], here: Path, run: Run
) -> None:
    configure(text)
    Path("rule.yml").write_text(
        (RULE % logsource).replace(
            "Image", "CommandLine" if "linux" not in logsource else "Computer"
        )
    )
    query = run("convert", "rule.yml", "-t", "sentinel").out
    known = {"SecurityEvent", "Event", "WindowsEvent", "Syslog"}
    assert [line.strip() for line in query.splitlines() if line.strip() in known] == tables
    assert query.startswith("union isfuzzy=true\n") is (len(tables) > 1)


UNION = "sentinel.windows = ['SecurityEvent', 'Event', 'WindowsEvent']"


@pytest.mark.parametrize("name", ["number-equals", "event-id-list", "neq", "registry-delete"])
def test_a_query_of_several_tables_finds_what_each_has(name: str, here: Path, run: Run) -> None:
    configure(UNION)
    done = run("verify", golden(name), "-t", "sentinel", "--format", "json")
    (result,) = json.loads(done.out)["results"]
    assert (done.code, result["outcome"], result["finding"]) == (0, "exact", "exact")
    assert result["must_find"] > 0


def test_an_event_that_one_table_misses_is_missed(here: Path) -> None:
    (rule,) = load([golden("number-equals")])
    environment = (("sentinel.windows", "SecurityEvent,Event"),)
    session = Session(["sentinel"], engines := Engines(), environment=environment)
    assert isinstance(rule, Rule)
    with engines:
        (target,) = session.targets
        (query,) = Converter(["sentinel"], environment=environment).convert(rule).queries
        plan = target.plan(LogSource("windows", None, "security"))
        whole = trial(query, plan, rule.document)
        assert set(whole.tables) == {"SecurityEvent", "Event"}
        engine = engines.executor(target)
        assert engine is not None
        (verdict,) = judge([whole], engine)
        assert verdict.finding is Finding.EXACT
        part = replace(whole, text=str(query.text).replace('EventLog =~ "Security"', "false"))
        (verdict,) = judge([part], engine)
        assert {whole.tables[n] for n in verdict.missed} == {"Event"}


def test_a_table_that_has_no_such_field_is_told(here: Path, run: Run) -> None:
    configure("sentinel.windows.process_creation = ['SecurityEvent', 'Event']")
    done = run("convert", golden("neq"), "-t", "sentinel")
    assert done.out.startswith("Event\n")
    assert "table-left-out: SecurityEvent is left out: SecurityEvent has no column for" in done.err


def test_no_table_that_has_the_fields_is_a_refusal(here: Path, run: Run) -> None:
    configure("sentinel.windows = ['Event', 'SecurityEvent']")
    text = (RULE % "product: windows, service: security").replace("Image", "'x\u00fc'")
    Path("rule.yml").write_text(text, "utf-8")
    done = run("convert", "rule.yml", "-t", "sentinel")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("unmapped-field") >= 1


@pytest.mark.parametrize("target", ["elastic-lucene", "elastic-eql", "elastic-agent-dsl"])
def test_windows_events_that_no_ingest_pipeline_takes_apart(target: str) -> None:
    converter = Converter([target], environment=(("elastic.windows", "event_data"),))
    (rule,) = load([golden("contains-all")])
    assert isinstance(rule, Rule)
    plan = converter.plan(converter.targets[0], LogSource("windows", "process_creation"))
    assert isinstance(plan, Plan)
    search = plan.map(lower(rule.sigma)).search
    sent = {
        "winlog.channel": "Microsoft-Windows-Sysmon/Operational",
        "event.code": "1",
        "winlog.event_data.CommandLine": "iex (New-Object Net.WebClient).DownloadString('x')",
    }
    assert finds(And((*search.scope, search.condition)), sent)
    for name in sent:
        assert not finds(And((*search.scope, search.condition)), {**sent, name: "x"})
    okta = LogSource("okta", None, "okta")
    assert converter.plan(converter.targets[0], okta) == registry.get(target).plan(okta)


def test_only_what_a_data_model_has_summarised(here: Path, run: Run) -> None:
    rule = golden("contains-all")
    plain = run("--no-config", "convert", rule, "-t", "splunk-cim", "-t", "splunk")
    configure("splunk.summariesonly = true")
    done = run("convert", rule, "-t", "splunk-cim", "-t", "splunk")
    assert done.out == plain.out.replace("summariesonly=false", "summariesonly=true")
    assert done.out != plain.out
    told = "only what Endpoint.Processes has summarised already is searched"
    assert f"events-left-out: {told} (approximate: splunk-cim)" in done.err


def test_the_cache_knows_the_installation(here: Path, run: Run) -> None:
    seen = set()
    for text in ("", "splunk.index = 'a'", "splunk.index = 'b'", "splunk.index.windows = 'c'"):
        configure(text)
        cold = run("convert", "rules/one.yml", "-t", "splunk")
        assert cold == run("convert", "rules/one.yml", "-t", "splunk")
        seen.add(cold.out)
    assert len(seen) == 4


ONE = "splunk.index = 'one'"


def test_export(here: Path, run: Run) -> None:
    configure(ONE)
    assert 'search = index="one"' in run("export", "rules", "--as", "splunk-savedsearches").out


def test_explain(here: Path, run: Run) -> None:
    configure(ONE)
    words = ("explain", "rules/one.yml", "-t", "splunk", "--format", "json")
    (target,) = json.loads(run(*words).out)["targets"]
    assert target["query"].startswith('index="one"')
    assert target["scope"][0] == "index = one"


def test_catalog_is_made_anew(here: Path, run: Run) -> None:
    words = ("catalog", "rules", "-o", "site", "-t", "splunk")
    run(*words)
    configure(ONE)
    assert "up to date" not in run(*words).err
    assert "up to date" in run(*words).err
    pages = [path.read_text("utf-8") for path in Path("site").rglob("*.html")]
    assert any("index=&#34;one&#34;" in page or 'index="one"' in page for page in pages)


def test_check_tells_what_changed(here: Path, run: Run) -> None:
    configure(ONE)
    words = ("check", "rules", "out", "-t", "splunk", "-t", "defender")
    assert run(*words, "--fix").code == run(*words).code == 0
    configure("splunk.index = 'two'")
    done = run(*words)
    assert done.code == 1
    assert "what the configuration says of the installation changed" in done.out
    assert "+index=" in done.out
    assert run(*words, "--fix").code == 0
    configure("splunk.index = 'two'\n[sentinel]\nwindows = 'Event'")  # none of the targets
    done = run(*words)
    assert (done.code, "installation" in done.err) == (0, False)


@pytest.mark.parametrize("index", ["a", "win*", "*"])
def test_verify_runs_the_queries_on_events_of_the_index(index: str, here: Path, run: Run) -> None:
    configure(f"splunk.index = '{index}'")
    for path in ("rules/one.yml", golden("wuauclt-network-connection")):
        done = run("verify", path, "-t", "splunk", "--format", "json")
        (result,) = json.loads(done.out)["results"]
        assert (done.code, result["finding"], result["unheld"]) == (0, "exact", 0)
        assert result["must_find"] > 0
    assert "config-no-effect" not in done.err


def test_verify_has_no_events_of_another_index(here: Path, run: Run) -> None:
    text = (RULE % "product: acme").replace("Image", "index")
    Path("rule.yml").write_text(text, "utf-8")
    words = ("verify", "rule.yml", "-t", "splunk", "--format", "json")

    def found() -> tuple[int, int]:
        (result,) = json.loads(run(*words).out)["results"]
        return result["must_find"], result["unheld"]

    before, unheld = found()
    assert (before > 1, unheld) == (True, 0)
    configure("splunk.index = 'b'")
    only_b, unheld = found()
    assert 0 < only_b < before
    assert unheld > 0


def test_config_shows_it_with_its_line(here: Path, run: Run) -> None:
    configure(f"rules = ['rules']\n{INDEXES}\n[sentinel]\nwindows = 'Event'")
    shown = {line.split()[0]: line for line in run("config").out.splitlines()}
    assert re.fullmatch(
        r'splunk.index +\{windows = "win\*", "windows/security" = "win-sec",'
        r' "windows/process_creation" = "sysmon"\} +sigma-transpile.toml:3',
        shown["splunk.index"],
    )
    assert shown["sentinel.windows"].split()[1:] == ['"Event"', "sigma-transpile.toml:9"]
    assert "splunk.index" in run("config", "convert", "rules").out
    assert "splunk.index" not in run("config", "cache", "info").out
    configure("")
    assert re.search(r"^splunk\.index +- ", run("config").out, re.MULTILINE)


def test_every_log_source_of_sigma_may_have_an_index(here: Path, run: Run) -> None:
    keys = {
        "/".join(filter(None, (one.product, one.service or one.category)))
        for one, _ in log_sources()
        if one.product
    }
    configure("[splunk.index]\n" + "".join(f'"{key}" = "a"\n' for key in sorted(keys)))
    assert run("config").code == 0
    assert len(keys) > 90


def shown_in_docs() -> tuple[str, list[tuple[str, str, str]]]:
    """The configuration that the docs show, and the first lines of the queries that they say."""
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    _, _, part = page.partition("## Where your events are")
    text = re.findall(r"```toml\n(.*?)```", part, re.DOTALL)[0]
    return text, re.findall(r"(?m)^\| (.+?) \| `(.+?)` \| `(.+?)` \|$", part)


def test_the_example_of_the_docs(here: Path, run: Run) -> None:
    text, rows = shown_in_docs()
    configure(text)
    assert len(rows) >= 3
    for logsource, target, first in rows:
        Path("rule.yml").write_text(rule(logsource.replace("`", "")), "utf-8")
        done = run("convert", "rule.yml", "-t", target)
        assert re.match(rf"{re.escape(first)}\s", done.out), done.err


def test_the_converter_takes_it_too(here: Path) -> None:
    (rule,) = load(["rules/one.yml"])
    (query,) = Converter(["splunk"], environment=(("splunk.index", "one"),)).convert(rule).queries
    assert (query.text or "").startswith('index="one"\nAND ')
