"""Spans of time, in the styles of the formats."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {"m": 1, "h": 60, "d": 24 * 60}
_WRITTEN = re.compile(r"(\d{1,5})([mhd])")


@dataclass(frozen=True, order=True, slots=True)
class Duration:
    """A span of whole minutes."""

    minutes: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """`90m`, `2h` or `1d`; ValueError for anything else."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no span of time; write it as 15m, 2h or 1d")
        return cls(int(found[1]) * _UNITS[found[2]])

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.minutes + other.minutes)

    def __str__(self) -> str:
        """In the largest unit that it is a whole number of: `2h`, `70m`."""
        for unit in ("d", "h"):
            if self.minutes and self.minutes % _UNITS[unit] == 0:
                return f"{self.minutes // _UNITS[unit]}{unit}"
        return f"{self.minutes}m"

    @property
    def iso(self) -> str:
        """As ISO 8601 has it: `PT1H10M`, `P1D`."""
        days, rest = divmod(self.minutes, _UNITS["d"])
        hours, minutes = divmod(rest, _UNITS["h"])
        date = f"{days}D" if days else ""
        time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        if not date and not time:
            return "PT0M"
        return f"P{date}T{time}" if time else f"P{date}"
