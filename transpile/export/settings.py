"""The settings of one rule: how often it runs, how loud it is, what it is held back for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from transpile.export.duration import Duration
from transpile.load.about import LEVELS, SETTINGS_KEY
from transpile.load.hints import did_you_mean
from transpile.query import Refused
from transpile.values import dataclass

RUNS = ("5m", "10m", "15m", "20m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d")
"""how often a rule can run: what every format can say"""
LONGEST_LOOKBACK = Duration.parse("1d")
_HOUR = Duration(60)
_TEN_MINUTES = Duration(10)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one rule runs.

    It runs every `every`, and finds events that come up to `lookback` late. Alerts with the same
    values of `suppress_by` (of any, if empty) are held back for `suppress_for`. `index` are index
    patterns, empty for those of the log source.
    """

    enabled: bool = True
    every: Duration = _HOUR
    lookback: Duration = _TEN_MINUTES
    severity: str = "medium"
    risk_score: int = 47
    suppress_for: Duration | None = None
    suppress_by: tuple[str, ...] = ()
    index: tuple[str, ...] = ()


def own_settings(value: Any) -> dict[str, Any]:
    """The settings that a rule itself gives."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("rule-settings", f"{SETTINGS_KEY} must be a map")
    own = {}
    for key, one in value.items():
        if key not in SETTINGS:
            hint = did_you_mean(str(key), SETTINGS) or f"there is {', '.join(SETTINGS)}"
            raise Refused("rule-settings", f"{SETTINGS_KEY} has no key {key!r}; {hint}")
        try:
            own[key.replace("-", "_")] = SETTINGS[key](one)
        except ValueError as error:
            raise Refused("rule-settings", f"{SETTINGS_KEY}: {key}: {error}") from None
    return own


# --- what a value may be --------------------------------------------------------------------

ReadValue = Callable[[Any], Any]
"""from a value of TOML or YAML to what it means; raises ValueError for what it may not be"""


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("this must be true or false")
    return value


def text_value(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("this must be text, on one line and not empty")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("this must be a list of texts")
    return tuple(map(text_value, value))


def _grouped_by(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    if not 1 <= len(texts) <= 3:
        raise ValueError("Kibana groups alerts by one to three fields")
    return texts


def _every(value: Any) -> Duration:
    duration = Duration.parse(text_value(value))
    if duration not in map(Duration.parse, RUNS):
        raise ValueError(f"not every format can say {value}; there is {', '.join(RUNS)}")
    return duration


def _lookback(value: Any) -> Duration:
    duration = Duration.parse(text_value(value))
    if duration > LONGEST_LOOKBACK:
        raise ValueError(f"this can't be longer than {LONGEST_LOOKBACK}")
    return duration


def _suppress_for(value: Any) -> Duration:
    duration = Duration.parse(text_value(value))
    # https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview
    if not 1 <= duration.minutes <= 24 * 60:
        raise ValueError("this must be between 1m and 1d")
    return duration


def _severity(value: Any) -> str:
    if value not in LEVELS:
        raise ValueError(f"there is {', '.join(LEVELS)}")
    return str(value)


def _score(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise ValueError("this must be a whole number from 0 to 100")
    return value


SETTINGS: Mapping[str, ReadValue] = {
    "enabled": flag,
    "every": _every,
    "lookback": _lookback,
    "severity": _severity,
    "risk-score": _score,
    "suppress-for": _suppress_for,
    "suppress-by": _grouped_by,
    "index": _texts,
}
"""the keys of settings, in [defaults], [level.*], [rule.*] and a rule's own `sigma-transpile`"""
