"""Spans of time in the styles of the formats."""

from __future__ import annotations

import pytest

from transpile.export.duration import Duration


@pytest.mark.parametrize(
    ("written", "minutes", "short", "iso"),
    [
        ("5m", 5, "5m", "PT5M"),
        ("60m", 60, "1h", "PT1H"),
        ("70m", 70, "70m", "PT1H10M"),
        ("24h", 1440, "1d", "P1D"),
        ("25h", 1500, "25h", "P1DT1H"),
        ("14d", 20160, "14d", "P14D"),
        ("0m", 0, "0m", "PT0M"),
    ],
)
def test_styles(written: str, minutes: int, short: str, iso: str) -> None:
    duration = Duration.parse(written)
    assert (duration.minutes, str(duration), duration.iso) == (minutes, short, iso)


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "5s", "-5m", "1.5h", "5m\n", "999999d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        Duration.parse(text)
