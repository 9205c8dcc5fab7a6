"""Kibana's rules and saved objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transpile.export import profile as profiles
from transpile.export.formats import FORMATS
from transpile.export.outputs import Export
from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_file
from transpile.query import Outcome
from transpile.run.convert import Converter
from transpile.targets import registry
from transpile.targets.plan import LogSource
from transpile.verify.engines.elastic import LuceneEngine
from transpile.verify.engines.elasticsearch import Elasticsearch
from transpile.verify.reference import NoMeaning
from transpile.verify.trial import Finding, Trial, judge, trial

GOLDEN = Path(__file__).parents[2] / "golden"


def test_a_rule(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    done = export_rules("kibana-rules")
    rule = json.loads(done.only)
    valid("kibana_rule", rule)
    assert rule.pop("query") == done.queries["Something Odd"]
    attack = "https://attack.mitre.org"
    assert rule == {
        "rule_id": "63723c93-284f-52e5-aa95-81750c4b53a8",
        "name": "Something Odd",
        "description": "Finds something odd.",
        "type": "query",
        "language": "lucene",
        "index": ["winlogbeat-*"],
        "enabled": True,
        "interval": "30m",
        "from": "now-40m",
        "to": "now",
        "severity": "high",
        "risk_score": 73,
        "author": ["Somebody"],
        "false_positives": ["Odd people"],
        "references": ["https://example.com/odd"],
        "tags": [
            *("Sigma", "attack.execution", "attack.stealth"),
            *("attack.t1059.001", "attack.t1036", "attack.t1036.005"),
        ],
        "threat": [
            {
                "framework": "MITRE ATT&CK",
                "tactic": {
                    "id": "TA0002",
                    "name": "Execution",
                    "reference": f"{attack}/tactics/TA0002/",
                },
                "technique": [
                    {
                        "id": "T1059",
                        "name": "Command and Scripting Interpreter",
                        "reference": f"{attack}/techniques/T1059/",
                        "subtechnique": [
                            {
                                "id": "T1059.001",
                                "name": "PowerShell",
                                "reference": f"{attack}/techniques/T1059/001/",
                            }
                        ],
                    }
                ],
            },
            {
                "framework": "MITRE ATT&CK",
                "tactic": {
                    "id": "TA0005",
                    "name": "Stealth",
                    "reference": f"{attack}/tactics/TA0005/",
                },
                "technique": [
                    {
                        "id": "T1036",
                        "name": "Masquerading",
                        "reference": f"{attack}/techniques/T1036/",
                        "subtechnique": [
                            {
                                "id": "T1036.005",
                                "name": "Match Legitimate Resource Name or Location",
                                "reference": f"{attack}/techniques/T1036/005/",
                            }
                        ],
                    }
                ],
            },
        ],
        "max_signals": 100,
        "version": 1,
        "actions": [],
        "exceptions_list": [],
    }


def test_an_eql_rule(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    done = export_rules("kibana-rules", target="elastic-agent-eql")
    rule = json.loads(done.only)
    valid("kibana_rule", rule)
    assert (rule["type"], rule["language"], rule["index"]) == ("eql", "eql", ["logs-*"])
    assert rule["query"] == done.queries["Something Odd"]


def test_kibana_has_no_informational_rules(
    export_rules: Callable[..., Any], valid: Callable[..., None], rule_text: str
) -> None:
    for level in ("informational", "low", "medium", "high", "critical"):
        rule = json.loads(
            export_rules("kibana-rules", rule_text.replace("level: high", f"level: {level}")).only
        )
        valid("kibana_rule", rule)
        assert rule["severity"] == ("low" if level == "informational" else level)


def test_bare_rules_are_rules_too(
    export_rules: Callable[..., Any], valid: Callable[..., None], rule_text: str
) -> None:
    """Without level, description, tags, author: only what Sigma itself asks for."""
    head, tail = rule_text.split("logsource:")
    bare = head.split("description")[0] + "logsource:" + tail.split("falsepositives")[0]
    rule = json.loads(export_rules("kibana-rules", bare).only)
    valid("kibana_rule", rule)
    assert rule["description"] == "Something Odd"
    assert (rule["severity"], rule["risk_score"], rule["interval"]) == ("medium", 47, "1h")
    assert (rule["threat"], rule["author"]) == ([], [])


def test_suppression(export_rules: Callable[..., Any], valid: Callable[..., None]) -> None:
    profile = "[defaults]\nsuppress-for = '90m'\nsuppress-by = ['host.name']\n"
    rule = json.loads(export_rules("kibana-rules", profile=profile).only)
    valid("kibana_rule", rule)
    assert rule["alert_suppression"] == {
        "group_by": ["host.name"],
        "duration": {"value": 90, "unit": "m"},
        "missing_fields_strategy": "suppress",
    }


def test_saved_searches_bring_their_data_view(
    export_rules: Callable[..., Any], rule_text: str
) -> None:
    other = rule_text.replace("id: 11111111", "id: 22222222").replace("Something Odd", "Other")
    done = export_rules("kibana-saved-searches", rule_text, other)
    view, *searches = map(json.loads, done.only.splitlines())
    assert (view["type"], view["attributes"]["title"]) == ("index-pattern", "winlogbeat-*")
    assert len(searches) == 2
    for search in searches:
        assert search["type"] == "search"
        assert search["references"] == [
            {
                "id": view["id"],
                "name": "kibanaSavedObjectMeta.searchSourceJSON.index",
                "type": "index-pattern",
            }
        ]
        attributes = search["attributes"]
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert source["query"] == {
            "query": done.queries[attributes["title"]],
            "language": "lucene",
        }
        assert source["indexRefName"] == search["references"][0]["name"]


def test_saved_searches_use_a_data_view_that_exists(export_rules: Callable[..., Any]) -> None:
    profile = "[kibana]\ndata-view = 'security-solution-default'\n"
    (search,) = map(
        json.loads, export_rules("kibana-saved-searches", profile=profile).only.splitlines()
    )
    assert search["references"][0]["id"] == "security-solution-default"


def test_the_exported_lucene_finds_what_the_rules_mean(elasticsearch: Elasticsearch) -> None:
    """Each golden rule's query is taken out of the exported rules and executed."""
    form = FORMATS["kibana-rules"]
    export = Export(form, profiles.read(None))
    trials: dict[str, Trial] = {}
    for case in sorted(GOLDEN.glob("*/rule.yml")):
        (rule,) = load_file(RuleFile(str(case), f"{case.parent.name}.yml"))
        if not isinstance(rule, Rule) or (case.parent / "pipeline.yml").exists():
            continue
        conversion = Converter([form.target]).convert(rule)
        (query,) = conversion.queries
        if query.outcome is not Outcome.EXACT:
            continue
        assert export.add(conversion) == [] or conversion.about is not None
        source = rule.sigma.logsource
        plan = registry.get(form.target).plan(
            LogSource(source.product, source.category, source.service)
        )
        try:
            trials[str(query.text)] = trial(query, plan, rule.document)
        except NoMeaning:
            continue
    (file,) = export.files().values()
    exported = {json.loads(line)["query"] for line in file.text.splitlines()}
    tried = [one for text, one in trials.items() if text in exported]
    assert len(tried) == len(trials) > 50
    engine = LuceneEngine(elasticsearch)
    wrong = {v.trial.query.title: v.error for v in judge(tried, engine) if not_exact(v)}
    assert wrong == {}


def not_exact(verdict: Any) -> bool:
    return verdict.finding is not Finding.EXACT
