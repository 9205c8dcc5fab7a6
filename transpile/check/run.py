"""One check, from the rules and the folder to what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from transpile.check.drift import By, Cause, Checked, Drift, Kind, compare
from transpile.check.lock import LOCK, DamagedLock, Lock, read
from transpile.check.made import Made
from transpile.check.rules import CheckedRule, checked_rule
from transpile.export.folder import OutputFolder
from transpile.export.outputs import Outputs
from transpile.load.problem import Problem, Severity
from transpile.query import Place, Reason
from transpile.run.conversion import Conversion
from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Locked:
    """The lock of a folder, or why there is none that can be read."""

    lock: Lock | None = None
    damage: str = ""


def locked(folder: OutputFolder) -> Locked:
    """The lock of a folder.

    Raises OSError: it can't be read.
    """
    data = folder.read(LOCK)
    if data is None:
        return Locked()
    try:
        return Locked(read(data.decode("utf-8", errors="replace")))
    except DamagedLock as damaged:
        return Locked(None, str(damaged))


class Check:
    """Takes conversions in and compares what they give with a folder."""

    def __init__(
        self, folder: OutputFolder, outputs: Outputs, made: Made, suffixes: Sequence[str]
    ) -> None:
        self.folder = folder
        self.lock = locked(folder)
        self._outputs = outputs
        self._made = made
        self._suffixes = tuple(suffixes)
        self._rules: dict[str, CheckedRule] = {}

    @property
    def rules(self) -> int:
        return len(self._rules)

    @property
    def broken(self) -> bool:
        return any(rule.broken for rule in self._rules.values())

    def add(self, conversion: Conversion) -> list[Problem]:
        """Take a rule in; what is wrong with it as an output comes back."""
        problems = self._outputs.add(conversion)
        rule = checked_rule(conversion, _refusals(problems))
        if any(problem.code == "rule-settings" for problem in problems):
            rule = replace(rule, broken=True)
        self._rules[rule.stem] = rule
        return problems

    def checked(self, *, complete: bool = True) -> Checked:
        """What there is to compare; `complete` tells whether all rules could be reached."""
        return Checked(
            self._outputs.files(),
            self._rules,
            self._made,
            self.lock.lock,
            self._suffixes,
            complete,
        )

    def drifts(self, checked: Checked) -> list[Drift]:
        """Everything that differs.

        Raises OSError: a file in the folder can't be read.
        """
        return [*self._lock_drift(), *compare(self.folder, checked)]

    def _lock_drift(self) -> Iterator[Drift]:
        if self.lock.damage:
            cause = Cause(By.HAND, f"it was edited or written in part: {self.lock.damage}")
            yield Drift(Kind.LOCK, LOCK, (cause,))


def _refusals(problems: Iterable[Problem]) -> list[Reason]:
    return [
        Reason(p.code, p.message, Place(p.line, p.column or 1) if p.line else None)
        for p in problems
        if p.severity is Severity.ERROR
    ]
