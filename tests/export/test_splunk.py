"""savedsearches.conf and the app, after Splunk's published specification of these files.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import addonfactory_splunk_conf_parser_lib as splunk_conf
import pytest

from transpile.export import profile as profiles
from transpile.export.duration import Duration
from transpile.export.formats import FORMATS
from transpile.export.outputs import Export
from transpile.export.settings import RUNS
from transpile.export.splunk import cron

KEYS = {
    "description": r".+",
    "search": r"(?s).+",
    "disabled": r"[01]",
    "enableSched": r"[01]",
    "cron_schedule": r"[\d,]+ ([\d,]+|\*) \* \* \*",
    "schedule_window": r"auto|\d+",
    "dispatch.earliest_time": r"-\d+m@m",
    "dispatch.latest_time": r"-\d+m@m",
    "counttype": r"number of (events|hosts|sources)|always|custom",
    "relation": r"(greater|less) than|(not )?equal to|drops by|rises by",
    "quantity": r"\d+",
    "alert.severity": r"[1-6]",
    "alert.track": r"[01]|auto",
    "alert.digest_mode": r"[01]",
    "alert.suppress": r"[01]",
    "alert.suppress.period": r"\d+[smhd]",
    "alert.suppress.fields": r"[\w.]+(,[\w.]+)*",
    "action.correlationsearch.annotations": r"\{.*\}",
}
"""keys of the specification and what it says of their values"""
ENTERPRISE_SECURITY = {
    "action.correlationsearch.enabled": r"1",
    "action.correlationsearch.label": r".+",
    "action.notable": r"1",
    "action.notable.param.rule_title": r".+",
    "action.notable.param.rule_description": r".+",
    "action.notable.param.security_domain": r"access|endpoint|network|threat|identity|audit",
    "action.notable.param.severity": r"informational|low|medium|high|critical",
    "action.risk": r"1",
    "action.risk.param._risk": r"\[.*\]",
    "action.risk.param._risk_message": r".+",
    "action.risk.param._risk_score": r"\d+",
}


def stanzas(conf: str) -> dict[str, dict[str, str]]:
    """A conf file as the specification has it: a backslash at its end continues a line."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in re.sub(r"\\\n", "\0", conf).splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            assert line.endswith("]")
            assert line[1:-1] not in found
            current = found[line[1:-1]] = {}
        else:
            key, value = line.split("=", 1)
            assert key.strip() not in current
            current[key.strip()] = value.strip().replace("\0", "\n")
    return found


def check_keys(conf: str, known: dict[str, str]) -> None:
    for stanza in stanzas(conf).values():
        for key, value in stanza.items():
            assert re.fullmatch(known[key], value), (key, value)


def test_a_rule(export_rules: Callable[..., Any]) -> None:
    done = export_rules("splunk-savedsearches")
    check_keys(done.only, KEYS)
    ((name, stanza),) = stanzas(done.only).items()
    assert name == "Something Odd (11111111)"
    assert stanza.pop("search") == done.queries["Something Odd"]
    minutes = stanza.pop("cron_schedule")
    assert re.fullmatch(r"\d+,\d+ \* \* \* \*", minutes)
    assert stanza == {
        "description": "Finds something odd.",
        "disabled": "0",
        "enableSched": "1",
        "schedule_window": "auto",
        "dispatch.earliest_time": "-40m@m",
        "dispatch.latest_time": "-10m@m",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.severity": "4",
        "alert.track": "1",
        "action.correlationsearch.annotations": json.dumps(
            {
                "mitre_attack": ["T1036", "T1036.005", "T1059.001"],
                "mitre_attack_tactic": ["Execution", "Stealth"],
            }
        ),
    }


def test_splunks_own_parser_reads_it(
    export_rules: Callable[..., Any], rule_text: str, tmp_path: Any
) -> None:
    other = rule_text.replace("1111-4", "2222-4").replace("' /odd'", "'C:\\a [b]; #c = \\\\*d '")
    done = export_rules("splunk-savedsearches", rule_text, other)
    (tmp_path / "x.conf").write_text(done.only, "utf-8")
    parser = splunk_conf.TABConfigParser()
    parser.read(str(tmp_path / "x.conf"), "utf-8")
    expected = stanzas(done.only)
    assert parser.sections() == list(expected)
    for name, stanza in expected.items():
        read = {k: v for k, v in parser.items(name) if not k.startswith("__")}
        assert {k.lower() for k in stanza} == {k.lower() for k in read}
        # It joins lines with a blank and keeps the backslash.
        assert joined(read["search"]) == joined(stanza["search"])


def joined(search: str) -> str:
    return " ".join(re.sub(r"\\(?=\s)", "", search).split())


def test_two_rules_of_one_title_are_two_searches(
    export_rules: Callable[..., Any], rule_text: str
) -> None:
    other = rule_text.replace("id: 11111111", "id: 22222222")
    found = stanzas(export_rules("splunk-savedsearches", rule_text, other).only)
    assert list(found) == ["Something Odd (11111111)", "Something Odd (22222222)"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("'[a] / b\\c'", "(a) - b-c"),
        ('"a]\\n[evil]\\nsearch = *"', "a) (evil) search = *"),
        ("'../../etc/passwd'", "..-..-etc-passwd"),
        ('"a\\u0085\\u2028b\\u0000c"', "a b c"),
        ("'# no comment'", "# no comment"),
    ],
)
def test_titles_stay_in_their_stanza(
    export_rules: Callable[..., Any], rule_text: str, title: str, name: str
) -> None:
    done = export_rules("splunk-app", rule_text.replace("Something Odd", title))
    assert set(done.files) == {
        "sigma_detections/README.txt",
        "sigma_detections/default/app.conf",
        "sigma_detections/default/savedsearches.conf",
        "sigma_detections/metadata/default.meta",
    }
    conf = done.files["sigma_detections/default/savedsearches.conf"]
    assert list(stanzas(conf)) == [f"{name} (11111111)"]
    check_keys(conf, KEYS)


def test_enterprise_security_is_a_switch(export_rules: Callable[..., Any]) -> None:
    profile = "[splunk]\nenterprise-security = true\nsecurity-domain = 'endpoint'\n"
    done = export_rules("splunk-savedsearches", profile=profile)
    check_keys(done.only, KEYS | ENTERPRISE_SECURITY)
    (stanza,) = stanzas(done.only).values()
    assert stanza.keys() >= ENTERPRISE_SECURITY.keys()
    assert json.loads(stanza["action.risk.param._risk"]) == [
        {"risk_object_field": "host", "risk_object_type": "system", "risk_score": 73}
    ]
    assert stanza["action.notable.param.security_domain"] == "endpoint"


def test_suppression(export_rules: Callable[..., Any]) -> None:
    profile = "[level.high]\nsuppress-for = '2h'\nsuppress-by = ['host', 'User']\n"
    (stanza,) = stanzas(export_rules("splunk-savedsearches", profile=profile).only).values()
    suppression = {k: v for k, v in stanza.items() if "suppress" in k or "digest" in k}
    assert suppression == {
        "alert.suppress": "1",
        "alert.suppress.period": "2h",
        "alert.suppress.fields": "host,User",
        "alert.digest_mode": "0",
    }


def test_deprecated_rules_are_switched_off(
    export_rules: Callable[..., Any], rule_text: str
) -> None:
    deprecated = rule_text.replace("status: test", "status: deprecated")
    (stanza,) = stanzas(export_rules("splunk-savedsearches", deprecated).only).values()
    assert stanza["disabled"] == "1"


def test_what_is_not_exact_is_told(export_rules: Callable[..., Any], rule_text: str) -> None:
    unmapped = rule_text.replace("product: windows", "product: unheard-of")
    done = export_rules("splunk-savedsearches", unmapped)
    assert "\n# not exact: no published mapping knows this log source" in done.only


def test_the_app(export_rules: Callable[..., Any]) -> None:
    profile = "[splunk]\napp = 'my_app'\nlabel = 'Mine'\nversion = '2.0.1'\n"
    files = export_rules("splunk-app", profile=profile).files
    app = stanzas(files["my_app/default/app.conf"])
    # https://docs.splunk.com/Documentation/Splunk/latest/Admin/Appconf
    assert app["install"] == {"is_configured": "0"}
    assert app["ui"] == {"is_visible": "0", "label": "Mine"}
    assert app["package"]["id"] == app["id"]["name"] == "my_app"
    assert app["launcher"]["version"] == app["id"]["version"] == "2.0.1"
    assert stanzas(files["my_app/metadata/default.meta"]) == {
        "": {"access": "read : [ * ], write : [ admin, sc_admin ]", "export": "system"}
    }


@pytest.mark.parametrize("every", RUNS)
def test_cron_runs_as_often_as_it_says(every: str) -> None:
    """All the minutes of a day that fit, the same distance apart, across midnight too."""
    duration = Duration.parse(every)
    for identifier in ("a", "b", "c", "d", "e"):
        minute, hour, *rest = cron(duration, identifier).split()
        assert rest == ["*", "*", "*"]
        minutes = [int(m) for m in minute.split(",")]
        hours = range(24) if hour == "*" else [int(h) for h in hour.split(",")]
        runs = sorted(h * 60 + m for h in hours for m in minutes)
        again = [*runs[1:], runs[0] + 24 * 60]
        assert {b - a for a, b in zip(runs, again, strict=True)} == {duration.minutes}


def test_searches_spread_over_the_time() -> None:
    hourly = {cron(Duration(60), str(number)) for number in range(200)}
    assert len(hourly) > 50


def test_a_line_that_ends_in_a_backslash_is_refused(export_rules: Callable[..., Any]) -> None:
    """No query of ours has one today; a conf file would join it with the next line."""
    conversion = export_rules("splunk-savedsearches").conversions[0]
    (query,) = conversion.queries
    for text in ("a\\", "a\\\nb", "a\\ \nb"):
        query_of_such_lines = replace(query, text=text)
        export = Export(FORMATS["splunk-savedsearches"], profiles.read(None))
        (problem,) = export.add(replace(conversion, queries=(query_of_such_lines,)))
        assert problem.code == "conf-line-end"
        assert list(stanzas(export.files()["savedsearches.conf"].text)) == []
