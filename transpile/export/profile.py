"""The profile: how often a rule runs, how loud it is, and where it is deployed to.

A TOML file. `[defaults]` is for every rule, `[level.high]` for the rules of a level, and
`[rule."ID"]` for one rule; the key `sigma-transpile` of a rule itself holds the same settings and
comes last. `[splunk]`, `[kibana]` and `[sentinel]` are about whole exports.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from transpile.export.duration import Duration
from transpile.export.settings import (
    SETTINGS,
    ReadValue,
    Settings,
    flag,
    own_settings,
    text_value,
)
from transpile.load.about import LEVELS, About
from transpile.load.hints import instead_of
from transpile.load.problem import ProblemFound
from transpile.load.toml_file import TomlFile
from transpile.values import dataclass

_SWITCHED_OFF = ("deprecated", "unsupported")
"""statuses whose rules are exported switched off"""


@dataclass(frozen=True, slots=True)
class SplunkSettings:
    """Of the app that searches are part of; `enterprise_security` adds its keys."""

    app: str = "sigma_detections"
    label: str = "Sigma detections"
    author: str = "sigma-transpile"
    version: str = "1.0.0"
    enterprise_security: bool = False
    security_domain: str = "threat"


@dataclass(frozen=True, slots=True)
class KibanaSettings:
    """`data_view` is the id of one that exists."""

    data_view: str = ""


@dataclass(frozen=True, slots=True)
class SentinelSettings:
    """`workspace` is the default of the template's parameter; `grouping` joins alerts about the
    same entities to one incident."""

    workspace: str = ""
    grouping: bool = True


# The risk scores in the middle of what Kibana calls low, medium, high and critical.
_BY_LEVEL: Mapping[str, Mapping[str, Any]] = {
    "informational": {"severity": "informational", "risk_score": 5},
    "low": {"severity": "low", "risk_score": 21},
    "medium": {"severity": "medium", "risk_score": 47},
    "high": {"severity": "high", "risk_score": 73, "every": Duration.parse("30m")},
    "critical": {"severity": "critical", "risk_score": 99, "every": Duration.parse("15m")},
}


@dataclass(frozen=True)
class Profile:
    """What a profile file says, or what holds without one."""

    path: str = ""
    digest: str = ""
    splunk: SplunkSettings = field(default_factory=SplunkSettings)
    kibana: KibanaSettings = field(default_factory=KibanaSettings)
    sentinel: SentinelSettings = field(default_factory=SentinelSettings)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def settings(self, about: About, identifier: str | None) -> Settings:
        """The settings of a rule.

        Raises Refused: `rule-settings`, the rule's own are wrong.
        """
        level = about.level or "medium"
        own = own_settings(about.settings)
        layers = [
            {"enabled": about.status not in _SWITCHED_OFF},
            _BY_LEVEL[level],
            self.defaults,
            self.levels.get(level, {}),
            self.rules.get((identifier or "").lower(), {}),
            own,
        ]
        merged = {key: value for layer in layers for key, value in layer.items()}
        settings = replace(Settings(), **merged)
        if not any("risk_score" in layer for layer in layers[2:]):
            settings = replace(settings, risk_score=_BY_LEVEL[settings.severity]["risk_score"])
        return settings


def read(path: str | None) -> Profile:
    """The profile of a file; the defaults for None.

    Raises ProblemFound: `bad-profile`, with its place.
    """
    if path is None:
        return Profile()
    return _Reader(TomlFile.read(path, "bad-profile")).profile()


class _Reader:
    """Checks what a profile says, key by key, and tells where it is wrong."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file

    def profile(self) -> Profile:
        content = self._file.document
        known = ("defaults", "level", "rule", *TABLES)
        for key in content:
            if key not in known:
                self._fail([key], f"there is no table {key!r}", instead_of(key, known))
        tables = {name: self._table(content, name) for name in TABLES}
        return Profile(
            self._file.path,
            digest(content),
            SplunkSettings(**tables["splunk"]),
            KibanaSettings(**tables["kibana"]),
            SentinelSettings(**tables["sentinel"]),
            self._settings(["defaults"], content.get("defaults", {})),
            self._by_name("level", content, LEVELS),
            self._by_name("rule", content, None),
        )

    def _by_name(
        self, table: str, content: Mapping[str, Any], known: tuple[str, ...] | None
    ) -> dict[str, Mapping[str, Any]]:
        named = self._map([table], content.get(table, {}))
        for name in named:
            if known is not None and name not in known:
                self._fail([table, name], f"there is no {table} {name!r}", instead_of(name, known))
        return {name.lower(): self._settings([table, name], v) for name, v in named.items()}

    def _settings(self, path: list[str], value: Any) -> dict[str, Any]:
        return self._entries(path, value, SETTINGS)

    def _table(self, content: Mapping[str, Any], name: str) -> dict[str, Any]:
        return self._entries([name], content.get(name, {}), TABLES[name])

    def _entries(
        self, path: list[str], value: Any, known: Mapping[str, ReadValue]
    ) -> dict[str, Any]:
        entries = {}
        for key, one in self._map(path, value).items():
            if key not in known:
                where = ".".join(path)
                message = f"there is no key {key!r} in [{where}]"
                self._fail([*path, key], message, instead_of(key, known))
            try:
                entries[key.replace("-", "_")] = known[key](one)
            except ValueError as error:
                self._fail([*path, key], f"{key}: {error}")
        return entries

    def _map(self, path: list[str], value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._fail(path, f"{'.'.join(path)} must be a table")
        result: dict[str, Any] = value
        return result

    def _fail(self, path: list[str], message: str, hint: str = "") -> None:
        raise ProblemFound(self._file.problem(message, path, hint=hint))


def _app_name(value: Any) -> str:
    text = text_value(value)
    if not text.replace("_", "").isalnum() or not text.isascii():
        raise ValueError("the name of an app is made of letters, digits and underscores")
    return text


def _version(value: Any) -> str:
    parts = text_value(value).split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("a version is three numbers: 1.0.0")
    return str(value)


TABLES: Mapping[str, Mapping[str, ReadValue]] = {
    "splunk": {
        "app": _app_name,
        "label": text_value,
        "author": text_value,
        "version": _version,
        "enterprise-security": flag,
        "security-domain": text_value,
    },
    "kibana": {"data-view": text_value},
    "sentinel": {"workspace": text_value, "grouping": flag},
}


def digest(content: Mapping[str, Any]) -> str:
    """The same for profiles that say the same."""
    canonical = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
