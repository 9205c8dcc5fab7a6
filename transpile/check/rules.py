"""What a check has to know of each rule: where it is, what it says, and how it came out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from transpile.export.detection import stem_of
from transpile.load.about import PARTS
from transpile.query import Outcome, Reason
from transpile.run.conversion import Conversion
from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule as it is now; `stem` names its outputs, `refusals` say why some are not made."""

    stem: str
    path: str
    title: str
    digest: str
    broken: bool
    refusals: tuple[Reason, ...] = ()

    def changed_parts(self, digest: str) -> tuple[str, ...]:
        """Which parts of the rule differ from what a lock says of it, in the order of PARTS."""
        before, now = digest.split("-"), self.digest.split("-")
        if len(before) != len(PARTS) or len(now) != len(PARTS):
            return ("rule",)
        return tuple(part for part, a, b in zip(PARTS, before, now, strict=True) if a != b)


def checked_rule(conversion: Conversion, refusals: Iterable[Reason] = ()) -> CheckedRule:
    """What a check keeps of a conversion; `refusals` are those of the format."""
    first = conversion.queries[0]
    reasons = [r for q in conversion.queries if q.text is None for r in q.reasons]
    return CheckedRule(
        str(stem_of(conversion)),
        conversion.file.path,
        first.title,
        conversion.about.digest if conversion.about else "",
        conversion.about is None or any(q.outcome is Outcome.FAILED for q in conversion.queries),
        tuple(dict.fromkeys((*reasons, *refusals))),
    )


def line_of(path: str, part: str) -> int:
    """The line of a rule's file where a part of it begins; 1 where it can't be told."""
    try:
        text = Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return 1
    found = re.search(rf"(?m)^[\"']?{re.escape(part)}[\"']?\s*:", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
