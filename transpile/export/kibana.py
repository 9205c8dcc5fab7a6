"""Kibana: rules of the detection engine, and saved searches of Discover, both as NDJSON.

They are two things: a rule runs on a schedule and raises alerts (Security > Rules > Import), a
saved search is opened by hand (Stack Management > Saved Objects > Import).
https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule
https://www.elastic.co/docs/api/doc/kibana/operation/operation-importsavedobjectsdefault
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from transpile.attack import Coverage, Tactic, Technique, techniques
from transpile.export.detection import Detection, ExportedFile
from transpile.export.profile import Profile
from transpile.targets import registry

_TYPES = {"lucene": ("query", "lucene"), "eql": ("eql", "eql")}
"""the type of a rule and its language, by the ending of the query's files"""
_SEVERITIES = {"informational": "low"}
"""severities that Kibana doesn't have"""
_DATA_VIEWS = uuid.UUID("0b6ee0b8-5c1e-5d0e-9d7d-8a4c5f7e2b61")


class Rules:
    """One rules.ndjson, a rule a line."""

    def __init__(self, profile: Profile) -> None:
        self._lines: dict[str, str] = {}
        self._stems: list[str] = []

    def add(self, detection: Detection) -> None:
        self._lines[detection.id] = _line(rule(detection))
        self._stems.append(str(detection.stem))

    def files(self) -> Iterable[ExportedFile]:
        text = "".join(self._lines[identifier] for identifier in sorted(self._lines))
        yield ExportedFile(PurePosixPath("rules.ndjson"), text, tuple(self._stems), combined=True)


class SavedSearches:
    """One saved-searches.ndjson: the searches, and the data views that they need."""

    def __init__(self, profile: Profile) -> None:
        self._data_view = profile.kibana.data_view
        self._lines: dict[str, str] = {}
        self._stems: list[str] = []

    def add(self, detection: Detection) -> None:
        view = self._data_view or self._add_view(",".join(indices(detection)))
        self._lines[f"search {detection.id}"] = _line(saved_search(detection, view))
        self._stems.append(str(detection.stem))

    def files(self) -> Iterable[ExportedFile]:
        text = "".join(self._lines[key] for key in sorted(self._lines))
        path = PurePosixPath("saved-searches.ndjson")
        yield ExportedFile(path, text, tuple(self._stems), combined=True)

    def _add_view(self, title: str) -> str:
        identifier = str(uuid.uuid5(_DATA_VIEWS, title))
        attributes = {"title": title, "name": title, "timeFieldName": "@timestamp"}
        view = {"id": identifier, "type": "index-pattern", "attributes": attributes}
        self._lines[f"index-pattern {identifier}"] = _line({**view, "references": []})
        return identifier


def rule(detection: Detection) -> dict[str, Any]:
    """A rule of the detection engine."""
    settings, about = detection.settings, detection.about
    kind, language = _TYPES[registry.ending(detection.query.target).suffix]
    content: dict[str, Any] = {
        "rule_id": detection.id,
        "name": detection.title,
        "description": detection.description,
        "type": kind,
        "language": language,
        "query": detection.text,
        "index": list(indices(detection)),
        "enabled": settings.enabled,
        "interval": str(settings.every),
        "from": f"now-{settings.every + settings.lookback}",
        "to": "now",
        "severity": _SEVERITIES.get(settings.severity, settings.severity),
        "risk_score": settings.risk_score,
        "author": [about.author] if about.author else [],
        "false_positives": list(about.false_positives),
        "references": list(about.references),
        "tags": ["Sigma", *about.tags],
        "threat": threat(detection.coverage),
        "max_signals": 100,
        "version": 1,
        "actions": [],
        "exceptions_list": [],
    }
    if about.license:
        content["license"] = about.license
    if detection.remarks:
        content["note"] = "The query is not exact: " + "; ".join(detection.remarks)
    if settings.suppress_for is not None and settings.suppress_by:
        content["alert_suppression"] = {
            "group_by": list(settings.suppress_by),
            "duration": {"value": settings.suppress_for.minutes, "unit": "m"},
            "missing_fields_strategy": "suppress",
        }
    return content


def saved_search(detection: Detection, data_view: str) -> dict[str, Any]:
    """A saved search of Discover."""
    reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {
        "query": {"query": detection.text, "language": "lucene"},
        "filter": [],
        "indexRefName": reference,
    }
    return {
        "id": detection.id,
        "type": "search",
        "attributes": {
            "title": detection.title,
            "description": detection.description,
            "columns": [],
            "sort": [["@timestamp", "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, ensure_ascii=False)},
        },
        "references": [{"id": data_view, "name": reference, "type": "index-pattern"}],
    }


def indices(detection: Detection) -> tuple[str, ...]:
    """The index patterns of a rule: those of its settings, or where such events are shipped to.

    https://www.elastic.co/docs/reference/fleet/data-streams
    """
    if detection.settings.index:
        return detection.settings.index
    if detection.query.target.startswith("elastic-agent"):
        return ("logs-*",)
    if detection.about.product == "windows":
        return ("winlogbeat-*",)
    return ("auditbeat-*", "filebeat-*", "logs-*")


def threat(coverage: Coverage) -> list[dict[str, Any]]:
    """Tactics, with techniques and subtechniques below them."""
    return [
        {
            "framework": "MITRE ATT&CK",
            "tactic": _reference(tactic),
            "technique": _with_subtechniques(found),
        }
        for tactic, found in coverage.by_tactic
    ]


def _with_subtechniques(found: Iterable[Technique]) -> list[dict[str, Any]]:
    below: dict[str, list[Technique]] = {}
    for technique in found:
        under = below.setdefault(technique.parent or technique.id, [])
        if technique.parent:
            under.append(technique)
    result: list[dict[str, Any]] = []
    for identifier, subtechniques in sorted(below.items()):
        entry: dict[str, Any] = dict(_reference(techniques()[identifier]))
        if subtechniques:
            entry["subtechnique"] = [_reference(technique) for technique in subtechniques]
        result.append(entry)
    return result


def _reference(named: Tactic | Technique) -> dict[str, str]:
    return {"id": named.id, "name": named.name, "reference": named.url}


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
