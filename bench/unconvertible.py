"""Run by the peer's Python: the rules of a folder that end sigma-cli's batch for Kusto."""

from __future__ import annotations

import sys
from pathlib import Path

from sigma.backends.kusto import KustoBackend
from sigma.collection import SigmaCollection
from sigma.pipelines.microsoftxdr import microsoft_xdr_pipeline

for path in sorted(Path(sys.argv[1]).rglob("*.yml")):
    try:
        backend = KustoBackend(microsoft_xdr_pipeline(), collect_errors=False)
        backend.convert(SigmaCollection.load_ruleset([path]))
    except Exception:
        print(path)
