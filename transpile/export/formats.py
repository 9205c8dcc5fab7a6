"""The formats that there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from transpile.export.detection import Exporter
from transpile.export.profile import Profile
from transpile.values import dataclass


@dataclass(frozen=True)
class Format:
    """What a format is: its exporter as `module:class`, and which queries it can hold."""

    name: str
    about: str
    exporter: str
    target: str
    """the target of its queries, if none is asked for"""
    dialects: tuple[str, ...]
    """which is also what the files of such queries end in"""

    def start(self, profile: Profile) -> Exporter:
        """An exporter without rules."""
        module, _, name = self.exporter.partition(":")
        made: Exporter = getattr(import_module(f"transpile.export.{module}"), name)(profile)
        return made


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format(
            "splunk-savedsearches",
            "a savedsearches.conf of scheduled searches",
            "splunk:SavedSearches",
            "splunk",
            ("spl",),
        ),
        Format(
            "splunk-app",
            "an app for Splunk with the searches",
            "splunk:App",
            "splunk",
            ("spl",),
        ),
        Format(
            "kibana-rules",
            "rules of Elastic Security's detection engine, as NDJSON to import",
            "kibana:Rules",
            "elastic-lucene",
            ("lucene", "eql"),
        ),
        Format(
            "kibana-saved-searches",
            "saved searches of Discover, as NDJSON of saved objects to import",
            "kibana:SavedSearches",
            "elastic-lucene",
            ("lucene",),
        ),
        Format(
            "sentinel-yaml",
            "analytics rules as YAML, as in the Azure-Sentinel repository",
            "sentinel:YamlRules",
            "sentinel",
            ("kql",),
        ),
        Format(
            "sentinel-arm",
            "analytics rules as ARM templates to deploy",
            "sentinel:ArmTemplates",
            "sentinel",
            ("kql",),
        ),
        Format(
            "defender-rules",
            "custom detection rules as Microsoft Graph takes them",
            "defender:Rules",
            "defender",
            ("kql",),
        ),
    )
}
