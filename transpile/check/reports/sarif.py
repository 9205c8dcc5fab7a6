"""SARIF 2.1.0, which code scanning reads: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from transpile.check.drift import Drift, Kind
from transpile.check.reports.words import SAID, place, sentence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def log(drifts: Iterable[Drift], out: str, version: str) -> str:
    """A log with a result for each difference."""
    kinds = list(Kind)
    rules = [
        {"id": kind.value, "shortDescription": {"text": f"The file {SAID[kind]}."}}
        for kind in kinds
    ]
    driver = {"name": "sigma-transpile", "version": version, "rules": rules}
    results = [_result(drift, out, kinds.index(drift.kind)) for drift in drifts]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _result(drift: Drift, out: str, rule: int) -> dict[str, Any]:
    path, line = place(drift, out)
    location = {
        "artifactLocation": {"uri": quote(path)},
        "region": {"startLine": line},
    }
    fingerprint = hashlib.sha256(f"{drift.kind.value} {drift.name}".encode()).hexdigest()
    return {
        "ruleId": drift.kind.value,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": sentence(drift)},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"drift/v1": fingerprint},
    }
