"""The difference between a folder and what the rules give, file by file, with its causes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from transpile.check.lock import LOCK, Lock, content_hash
from transpile.check.made import QUERIES, Made
from transpile.check.rules import CheckedRule, line_of
from transpile.export.detection import ExportedFile
from transpile.export.folder import OutputFolder
from transpile.values import dataclass

_LEFT_BY_A_KILLED_RUN = re.compile(r"\..+\.\d+\.tmp")


class Kind(str, Enum):
    """How a file differs."""

    CHANGED = "changed"
    MISSING = "missing"
    ORPHANED = "orphaned"
    """no rule gives it"""
    LEFTOVER = "leftover"
    """a temporary file of a run that was killed"""
    LOCK = "lock"
    """the lock file can't be read"""


class By(str, Enum):
    """Who or what made a file differ."""

    RULE = "rule"
    TOOL = "tool"
    PROFILE = "profile"
    PIPELINE = "pipeline"
    SCHEMA = "schema"
    ENVIRONMENT = "environment"
    TARGETS = "targets"
    HAND = "hand"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file differs, and where in the rules if it is there."""

    by: By
    text: str
    path: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that differs: what is there, what should be, and why.

    `ours` tells whether the content there is known to be written by this program, so that
    nothing of anyone else's is lost with it; `broken` that a rule behind it can't be read.
    """

    kind: Kind
    name: str
    causes: tuple[Cause, ...]
    committed: bytes | None = None
    expected: bytes | None = None
    ours: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Checked:
    """All that a check compares: what the rules give, the rules themselves, and the lock.

    `suffixes` are the endings of outputs: where there is no lock, they tell which files may be
    ours. `complete` tells whether all rules could be reached.
    """

    files: Mapping[str, ExportedFile]
    rules: Mapping[str, CheckedRule]
    made: Made
    lock: Lock | None = None
    suffixes: tuple[str, ...] = ()
    complete: bool = True


def compare(folder: OutputFolder, checked: Checked) -> list[Drift]:
    """Every file that differs, by name.

    Raises OSError: a file in the folder can't be read.
    """
    found = _Comparison(folder, checked)
    return sorted([*found.outputs(), *found.others()], key=lambda drift: drift.name)


def environment_causes(lock: Lock | None, made: Made) -> list[Cause]:
    """What is not as it was when the lock was written, the rules aside."""
    if lock is None:
        return []
    before, causes = lock.made, []
    if before.tool != made.tool:
        causes.append(Cause(By.TOOL, f"the tool changed: {before.tool} is now {made.tool}"))
    elif before.mapping != made.mapping:
        text = f"the tool's mappings changed: {before.mapping} is now {made.mapping}"
        causes.append(Cause(By.TOOL, text))
    if before.profile != made.profile:
        causes.append(Cause(By.PROFILE, "the profile changed"))
    if before.schema != made.schema:
        causes.append(Cause(By.SCHEMA, "the schema of the indices changed"))
    if before.environment != made.environment:
        text = "what the configuration says of the installation changed"
        causes.append(Cause(By.ENVIRONMENT, text))
    causes += [
        Cause(By.PIPELINE, f"the pipeline {name} changed")
        for name in sorted({*before.pipelines, *made.pipelines})
        if before.pipelines.get(name) != made.pipelines.get(name)
    ]
    if before.targets != made.targets:
        text = f"the targets changed: {', '.join(before.targets)} are now {', '.join(made.targets)}"
        causes.append(Cause(By.TARGETS, text))
    return causes


class _Comparison:
    def __init__(self, folder: OutputFolder, checked: Checked) -> None:
        self._folder = folder
        self._checked = checked
        self._lock = checked.lock
        self._environment = environment_causes(checked.lock, checked.made)
        self._broken = {rule.stem for rule in checked.rules.values() if rule.broken}

    def outputs(self) -> Iterator[Drift]:
        """The files that the rules give and that are not there, or otherwise."""
        for name, file in self._checked.files.items():
            expected = file.text.encode()
            committed = self._folder.read(name)
            if committed == expected:
                continue
            broken = file.combined and bool(self._broken)
            if committed is None:
                causes = self._why_missing(name, file)
                yield Drift(Kind.MISSING, name, causes, None, expected, broken=broken)
            else:
                causes = self._why_changed(name, file, committed)
                ours = self._is_as_written(name, committed)
                yield Drift(Kind.CHANGED, name, causes, committed, expected, ours, broken)

    def others(self) -> Iterator[Drift]:
        """The files that are there and that no rule gives."""
        locked = self._lock.files if self._lock else {}
        for name in self._folder.names():
            base = name.rpartition("/")[2]
            if name in self._checked.files or name == LOCK:
                continue
            if _LEFT_BY_A_KILLED_RUN.fullmatch(base):
                cause = Cause(By.UNKNOWN, "a run that was killed left it")
                yield Drift(Kind.LEFTOVER, name, (cause,), ours=True)
            elif name in locked or (not self._lock and base.endswith(self._checked.suffixes)):
                committed = self._folder.read(name) or b""
                cause, broken = self._why_orphaned(name)
                ours = self._is_as_written(name, committed)
                yield Drift(Kind.ORPHANED, name, (cause,), committed, None, ours, broken)

    def _is_as_written(self, name: str, committed: bytes) -> bool:
        locked = self._lock.files.get(name) if self._lock else None
        return locked is not None and locked.content == content_hash(committed)

    def _why_missing(self, name: str, file: ExportedFile) -> tuple[Cause, ...]:
        if self._lock is None:
            return (Cause(By.UNKNOWN, "it is not there", self._place(file.stems)),)
        if name in self._lock.files:
            return (Cause(By.HAND, "it was deleted"),)
        return self._since_the_lock(file) or (Cause(By.UNKNOWN, "it was never written"),)

    def _why_changed(self, name: str, file: ExportedFile, committed: bytes) -> tuple[Cause, ...]:
        if self._lock is None:
            text = "the rule, the tool or the file changed; without a lock file nobody can tell"
            return (Cause(By.UNKNOWN, text, self._place(file.stems)),)
        causes = list(self._since_the_lock(file))
        if name in self._lock.files and not self._is_as_written(name, committed):
            causes.insert(0, Cause(By.HAND, "the file was edited by hand, or written in part"))
        return tuple(causes) or (Cause(By.UNKNOWN, "the lock file is older than the file"),)

    def _since_the_lock(self, file: ExportedFile) -> tuple[Cause, ...]:
        """What changed in the rules of a file, and around them."""
        causes = [cause for stem in file.stems for cause in self._rule_causes(stem)]
        if self._lock is not None and file.combined:
            gone = sorted(set(self._lock.rules) - set(self._checked.rules))
            causes += [Cause(By.RULE, f"the rule {stem} is gone") for stem in gone]
        return (*causes, *self._environment)

    def _rule_causes(self, stem: str) -> Iterator[Cause]:
        rule = self._checked.rules.get(stem)
        if rule is None or self._lock is None:
            return
        before = self._lock.rules.get(stem)
        if before is None:
            yield Cause(By.RULE, f"the rule is new: {rule.title}", rule.path)
        elif parts := self._that_count(rule.changed_parts(before)):
            line = line_of(rule.path, parts[0])
            yield Cause(By.RULE, f"the rule changed: {', '.join(parts)}", rule.path, line)

    def _that_count(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The parts of a rule that its outputs come from; queries don't tell how loud it is."""
        if self._checked.made.form != QUERIES or self._checked.made.pipelines:
            return parts
        return tuple(part for part in parts if part in ("detection", "logsource", "other"))

    def _why_orphaned(self, name: str) -> tuple[Cause, bool]:
        """Why no rule gives a file, and whether that is because its rule is broken."""
        locked = self._lock.files.get(name) if self._lock else None
        for stem, rule in self._checked.rules.items():
            if not (_is_of(name, stem) if rule.broken or not locked else locked.rule == stem):
                continue
            reasons = "; ".join(reason.message for reason in rule.refusals)
            line = next((r.place.line for r in rule.refusals if r.place), 1)
            if rule.broken:
                return Cause(By.RULE, f"the rule is broken: {reasons}", rule.path, line), True
            if reasons:
                return Cause(By.RULE, f"the rule is refused: {reasons}", rule.path, line), False
            return Cause(By.TARGETS, "no target gives it", rule.path), False
        return Cause(By.RULE, "no rule gives it"), not self._checked.complete

    def _place(self, stems: Sequence[str]) -> str:
        rule = self._checked.rules.get(stems[0]) if len(stems) == 1 else None
        return rule.path if rule else ""


def _is_of(name: str, stem: str) -> bool:
    return name.startswith((f"{stem}.", f"{stem}-"))
