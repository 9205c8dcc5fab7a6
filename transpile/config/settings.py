"""Which options of which commands each key of the configuration file is the default of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from transpile.config.environment import Mistake, mistake_of_index, mistake_of_windows

# As the commands have them, which would take long to load.
CONVERT_FORMATS = ("text", "json", "ndjson", "dsl")
EXPORT_FORMATS = (
    "splunk-savedsearches",
    "splunk-app",
    "kibana-rules",
    "kibana-saved-searches",
    "sentinel-yaml",
    "sentinel-arm",
    "defender-rules",
)
Value = Any
"""text, a boolean, a list of texts or a table of them"""


def _targets() -> Sequence[str]:
    from transpile.targets import registry  # noqa: PLC0415

    return registry.names()


def _windows_tables() -> Sequence[str]:
    from transpile.targets import environment  # noqa: PLC0415

    return tuple(environment.TABLES)


def _is_target(name: str) -> bool:
    """Whether there is such a target; other distributions are asked for none of this program's."""
    from transpile.targets import registry  # noqa: PLC0415

    return registry.is_known(name)


class Setting(NamedTuple):
    """A key, and the parameters by the commands that have them (`cache info` is a command).

    Where the parameter is empty, the command takes the setting from the file alone.

    `is_path` says that it is relative to the file, `is_input` that it must be there; `known` gives
    the values that there are of `called`, `mistake` what else is wrong with a value. A `negated`
    one is the opposite of its parameter.
    """

    keys: tuple[str, ...]
    parameters: Mapping[str, str]
    is_path: bool = False
    is_input: bool = False
    known: Callable[[], Sequence[str]] | None = None
    called: str = ""
    negated: bool = False
    is_known: Callable[[str], bool] | None = None
    """tells of one of the known values, where to list all takes longer"""
    mistake: Callable[[Value], Mistake | None] | None = None
    within: Callable[[], Sequence[str]] | None = None
    """the texts that there are in a value of any shape, which `mistake` checks"""

    @property
    def name(self) -> str:
        return ".".join(self.keys)

    def knows(self, value: str) -> bool:
        """Whether it may have this value."""
        if self.is_known is not None:
            return self.is_known(value)
        return self.known is None or value in self.known()

    def parameter_value(self, value: Value) -> Value:
        """The value as its parameter takes it."""
        return not value if self.negated else value


def defaults_of_commands(values: Mapping[str, Value]) -> dict[str, Any]:
    """What settings are for the parameters of each command.

    A command of a group is in a map of its own.
    """
    given: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.name not in values:
            continue
        for command, parameter in setting.parameters.items():
            if not parameter:
                continue
            inner = given
            for name in command.split():
                inner = inner.setdefault(name, {})
            inner[parameter] = setting.parameter_value(values[setting.name])
    tables = [path for path in values.get("pipelines", ()) if path.endswith(".toml")]
    if tables:
        given.setdefault("targets", {})["explain"] = {"pipeline": tables}
    return given


def _each(commands: str, parameter: str) -> dict[str, str]:
    return dict.fromkeys(commands.split(), parameter)


_CONVERT = "convert export check explain catalog serve"
SETTINGS: Sequence[Setting] = (
    Setting(
        ("rules",),
        {**_each("convert export verify", "paths"), **_each("check catalog serve", "rules")},
        is_path=True,
        is_input=True,
    ),
    Setting(
        ("targets",),
        _each("convert check verify explain catalog serve", "target"),
        known=_targets,
        is_known=_is_target,
        called="target",
    ),
    Setting(
        ("pipelines",),
        _each(_CONVERT, "pipeline"),
        is_path=True,
        is_input=True,
    ),
    Setting(
        ("schema",),
        _each(_CONVERT, "schema"),
        is_path=True,
        is_input=True,
    ),
    Setting(("convert", "output"), {"convert": "output"}, is_path=True),
    Setting(
        ("convert", "format"), {"convert": "form"}, known=lambda: CONVERT_FORMATS, called="format"
    ),
    Setting(
        ("export", "format"),
        {"export": "form", "check": "form"},
        known=lambda: EXPORT_FORMATS,
        called="format",
    ),
    Setting(("export", "output"), {"export": "output"}, is_path=True),
    Setting(
        ("export", "target"),
        {"export": "target", "check": "target"},
        known=_targets,
        is_known=_is_target,
        called="target",
    ),
    Setting(
        ("export", "profile"),
        {"export": "profile", "check": "profile"},
        is_path=True,
        is_input=True,
    ),
    Setting(("check", "output"), {"check": "out"}, is_path=True),
    Setting(("check", "diff"), {"check": "diff"}),
    Setting(("catalog", "output"), {"catalog": "output"}, is_path=True),
    Setting(("catalog", "title"), _each("catalog serve", "title")),
    Setting(("explain", "corpus"), {"explain": "corpus"}, is_path=True, is_input=True),
    Setting(("verify", "engine"), {"verify": "engine"}),
    Setting(("verify", "events"), {"verify": "events"}, is_path=True, is_input=True),
    Setting(("splunk", "index"), _each(f"{_CONVERT} verify", ""), mistake=mistake_of_index),
    Setting(("splunk", "summariesonly"), _each(f"{_CONVERT} verify", "")),
    Setting(
        ("elastic", "windows"),
        _each(f"{_CONVERT} verify", ""),
        known=lambda: ("modules", "event_data"),
        called="form",
    ),
    Setting(
        ("sentinel", "windows"),
        _each(f"{_CONVERT} verify", ""),
        mistake=mistake_of_windows,
        within=_windows_tables,
    ),
    Setting(
        ("cache", "folder"),
        {**_each("convert export check", "cache"), "cache info": "folder", "cache clear": "folder"},
        is_path=True,
    ),
    Setting(("cache", "enabled"), _each("convert export check", "no_cache"), negated=True),
)
