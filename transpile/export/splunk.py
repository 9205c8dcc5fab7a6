"""savedsearches.conf: scheduled searches that raise alerts, and an app that holds them.

https://docs.splunk.com/Documentation/Splunk/latest/Admin/Savedsearchesconf
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import PurePosixPath

from transpile.export.detection import Detection, ExportedFile, one_line
from transpile.export.duration import Duration
from transpile.export.profile import Profile, SplunkSettings
from transpile.query import Refused

# What the menu of an alert calls Info, Low, Medium, High and Critical.
_SEVERITIES = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}

Stanza = dict[str, str]


class SavedSearches:
    """One savedsearches.conf with a stanza for each rule."""

    def __init__(self, profile: Profile) -> None:
        self._settings = profile.splunk
        self._stanzas: dict[str, str] = {}
        self._stems: list[str] = []

    def add(self, detection: Detection) -> None:
        stanza = {**_search(detection), **_annotations(detection)}
        if self._settings.enterprise_security:
            stanza |= _enterprise_security(detection, self._settings)
        self._stanzas[stanza_name(detection)] = _written(detection, stanza)
        self._stems.append(str(detection.stem))

    def files(self) -> Iterable[ExportedFile]:
        yield self._file(PurePosixPath())

    def _file(self, folder: PurePosixPath) -> ExportedFile:
        path = folder / "savedsearches.conf"
        return ExportedFile(path, self._conf(), tuple(self._stems), combined=True)

    def _conf(self) -> str:
        return "\n".join(self._stanzas[name] for name in sorted(self._stanzas))


class App(SavedSearches):
    """A folder to put below $SPLUNK_HOME/etc/apps.

    https://dev.splunk.com/enterprise/docs/developapps/createapps/appanatomy
    """

    def files(self) -> Iterable[ExportedFile]:
        root = PurePosixPath(self._settings.app)
        yield ExportedFile(root / "README.txt", self._readme())
        yield ExportedFile(root / "default" / "app.conf", self._app_conf())
        yield self._file(root / "default")
        yield ExportedFile(root / "metadata" / "default.meta", _META)

    def _app_conf(self) -> str:
        # https://docs.splunk.com/Documentation/Splunk/latest/Admin/Appconf
        s = self._settings
        return (
            f"[install]\nis_configured = 0\n\n"
            f"[ui]\nis_visible = 0\nlabel = {s.label}\n\n"
            f"[launcher]\nauthor = {s.author}\n"
            f"description = Scheduled searches from Sigma rules\nversion = {s.version}\n\n"
            f"[package]\nid = {s.app}\ncheck_for_updates = 0\n\n"
            f"[id]\nname = {s.app}\nversion = {s.version}\n"
        )

    def _readme(self) -> str:
        return (
            f"{self._settings.label}\n\n"
            "Scheduled searches from Sigma rules, written by sigma-transpile. Change the rules\n"
            "and write the app anew; settings of your own go to local/.\n"
        )


# https://docs.splunk.com/Documentation/Splunk/latest/Admin/Defaultmetaconf
_META = "[]\naccess = read : [ * ], write : [ admin, sc_admin ]\nexport = system\n"


def stanza_name(detection: Detection) -> str:
    """The name of the search: the title and the start of the rule's id.

    Titles alone are not unique, and a name must stay when another rule comes that shares the
    title. Brackets end the name in a conf file, and a slash parts the address of its REST endpoint.
    """
    title = detection.title.translate(str.maketrans("[]/\\", "()--"))
    return f"{title} ({detection.short_id})"


def _search(detection: Detection) -> Stanza:
    settings = detection.settings
    stanza = {
        "description": one_line(detection.description),
        "search": detection.text,
        "disabled": "0" if settings.enabled else "1",
        "enableSched": "1",
        "cron_schedule": cron(settings.every, detection.id),
        "schedule_window": "auto",
        "dispatch.earliest_time": f"-{(settings.every + settings.lookback).minutes}m@m",
        "dispatch.latest_time": f"-{settings.lookback.minutes}m@m",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.severity": str(_SEVERITIES[settings.severity]),
        "alert.track": "1",
    }
    if settings.suppress_for is not None:
        stanza["alert.suppress"] = "1"
        stanza["alert.suppress.period"] = str(settings.suppress_for)
        if settings.suppress_by:
            # Fields are only asked of alerts for each result.
            stanza["alert.digest_mode"] = "0"
            stanza["alert.suppress.fields"] = ",".join(settings.suppress_by)
    return stanza


def _annotations(detection: Detection) -> Stanza:
    """ATT&CK, under the key where Enterprise Security and other apps look for it."""
    techniques = [technique.id for technique in detection.coverage.techniques]
    annotations = {"mitre_attack": techniques} if techniques else {}
    tactics = [tactic.name for tactic in detection.coverage.tactics]
    if tactics:
        annotations["mitre_attack_tactic"] = tactics
    if not annotations:
        return {}
    return {"action.correlationsearch.annotations": json.dumps(annotations)}


def _enterprise_security(detection: Detection, settings: SplunkSettings) -> Stanza:
    """The keys that make a search a detection of Enterprise Security.

    https://docs.splunk.com/Documentation/ES/latest/Admin/Createcorrelationsearches
    https://dev.splunk.com/enterprise/docs/devtools/enterprisesecurity/notableeventsplunkes
    """
    score = detection.settings.risk_score
    risk = [{"risk_object_field": "host", "risk_object_type": "system", "risk_score": score}]
    name = stanza_name(detection)
    return {
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": name,
        "action.notable": "1",
        "action.notable.param.rule_title": name,
        "action.notable.param.rule_description": one_line(detection.description),
        "action.notable.param.security_domain": settings.security_domain,
        "action.notable.param.severity": detection.settings.severity,
        "action.risk": "1",
        "action.risk.param._risk": json.dumps(risk),
        "action.risk.param._risk_message": f"{name} on $host$",
        "action.risk.param._risk_score": str(score),
    }


def _written(detection: Detection, stanza: Stanza) -> str:
    lines = [f"# {one_line(detection.relative)}"]
    lines += [f"# not exact: {remark}" for remark in detection.remarks]
    lines.append(f"[{stanza_name(detection)}]")
    lines += [f"{key} = {_value(key, value)}" for key, value in stanza.items()]
    return "".join(f"{_closed(line)}\n" for line in lines)


def _value(key: str, value: str) -> str:
    """A value, whose line breaks are kept by a backslash at the end of the line."""
    for line in value.split("\n"):
        if line.rstrip().endswith("\\") and key == "search":
            raise Refused(
                "conf-line-end",
                "a line of the query ends in a backslash, which joins lines in a conf file",
            )
    return value.replace("\n", "\\\n")


def _closed(line: str) -> str:
    """A line of one value that doesn't run into the next one."""
    return f"{line} ." if line.endswith("\\") and "\n" not in line else line


def cron(every: Duration, identifier: str) -> str:
    """A cron expression; which minute it is depends on the id, so that searches spread."""
    offset = int(hashlib.sha256(identifier.encode()).hexdigest(), 16) % every.minutes
    hours, minute = divmod(offset, 60)
    if every.minutes < 60:
        minutes = range(minute, 60, every.minutes)
        return f"{','.join(map(str, minutes))} * * * *"
    if every.minutes == 60:
        return f"{minute} * * * *"
    listed = range(hours, 24, every.minutes // 60)
    return f"{minute} {','.join(map(str, listed))} * * *"
