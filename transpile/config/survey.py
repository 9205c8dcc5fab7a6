"""What a folder tells of how its rules are to be converted: rules, pipelines, outputs, scripts.

Nothing is guessed: what is found is there by its content, and only what was in use before (by a
lock file of this program, or by a script that runs sigma-cli) is taken over as in use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path, PurePosixPath

from transpile.check.lock import LOCK, DamagedLock, Lock, read
from transpile.check.made import QUERIES, made
from transpile.export import profile as profiles
from transpile.load.problem import ProblemFound
from transpile.values import dataclass

_YAML = (".yml", ".yaml")
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
_RULE = (re.compile(rb"(?m)^logsource:"), re.compile(rb"(?m)^detection:"))
_PIPELINE = re.compile(rb"(?m)^transformations:")
_TABLES = re.compile(rb"(?m)^\s*\[\[\s*(logsource|fieldset)\s*\]\]|^\s*\[\s*table\b")
_PROFILE = re.compile(rb"(?m)^\s*\[\s*(defaults|level|rule|splunk|kibana|sentinel)\b")
_MOSTLY = 0.9
"""the share of YAML files that are rules in a folder of rules"""
_MAX_BYTES = 1024 * 1024
_SIGMA_CLI = re.compile(r"\bsigma(?:-cli)?\s+convert\b((?:\\\r?\n|[^\n;|&])*)")
_OPTION = re.compile(r"(?:^|\s)(?:-t|--target|-p|--pipeline)[\s=]+[\"']?([^\s\"'\\]+)")
_TARGET = re.compile(r"(?:^|\s)(?:-t|--target)[\s=]+[\"']?([\w-]+)")
TARGETS = {
    "splunk": "splunk",
    "kusto": "sentinel",
    "microsoft365defender": "defender",
    "eql": "elastic-eql",
    "lucene": "elastic-lucene",
    "elasticsearch": "elastic-lucene",
}
"""the nearest target of each target of sigma-cli"""


@dataclass(frozen=True, slots=True)
class Output:
    """A folder that this program wrote, by its lock file."""

    folder: str
    lock: Lock

    @property
    def is_export(self) -> bool:
        return self.lock.made.form != QUERIES


@dataclass(slots=True)
class Survey:
    """What was found, as paths from the folder with forward slashes."""

    rules: dict[str, int] = field(default_factory=dict)
    """folders of rules, with how many files of rules are in each"""
    pipelines: list[str] = field(default_factory=list)
    """files that `-p` takes"""
    profiles: list[str] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    scripts: dict[str, list[str]] = field(default_factory=dict)
    """files that run sigma-cli, with the targets of this program nearest to theirs"""
    used: list[str] = field(default_factory=list)
    """those of the pipelines that a lock file or a script names"""

    def output(self, *, export: bool) -> Output | None:
        """The first output of the kind."""
        return next((one for one in self.outputs if one.is_export is export), None)

    def targets(self) -> list[str]:
        """Targets in use: of committed queries, or else of the scripts."""
        queries = self.output(export=False)
        if queries is not None:
            return list(queries.lock.made.targets)
        return list(dict.fromkeys(one for targets in self.scripts.values() for one in targets))

    def profile(self) -> str | None:
        """The profile that the export was made with."""
        export = self.output(export=True)
        if export is None or not export.lock.made.profile:
            return None
        return next((path for path in self.profiles if _is_profile(path, export.lock)), None)


def survey() -> Survey:
    """Look through the working folder."""
    found = Survey()
    _Walk(found).go()
    found.used = [path for path in found.pipelines if _is_used(path, found.outputs)]
    for script in found.scripts:
        for path in _options(Path(script)):
            name = PurePosixPath(path).as_posix()
            if name in found.pipelines and name not in found.used:
                found.used.append(name)
    return found


@dataclass(slots=True)
class _Folder:
    """A folder on the way back from the walk: what is to be named for its rules."""

    rules: int = 0
    files: int = 0
    own_rules: int = 0
    chosen: dict[str, int] = field(default_factory=dict)


class _Walk:
    def __init__(self, found: Survey) -> None:
        self._found = found

    def go(self) -> None:
        top = self._folder("")
        self._found.rules = {".": top.rules} if top.own_rules else top.chosen

    def _folder(self, path: str) -> _Folder:
        """What is in a folder; the largest folders that hold mostly rules are chosen."""
        here = _Folder()
        try:
            entries = sorted(os.scandir(path or "."), key=lambda entry: entry.name)
        except OSError:
            return here
        if path and any(entry.name == LOCK for entry in entries):
            self._add_output(path)
            return here
        for entry in entries:
            name = f"{path}/{entry.name}" if path else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name in _PASSED_OVER or _is_hidden(entry.name):
                    continue
                inner = self._folder(name)
                here.rules += inner.rules
                here.files += inner.files
                here.chosen |= inner.chosen
            elif entry.is_file():
                self._file(name, here)
        if path and here.rules and (here.own_rules or here.rules >= _MOSTLY * here.files):
            here.chosen = {path: here.rules}
        return here

    def _file(self, path: str, here: _Folder) -> None:
        name = path.lower()
        if name.endswith(_YAML):
            text = _start(path)
            here.files += 1
            if all(one.search(text) for one in _RULE):
                here.rules += 1
                here.own_rules += 1
            elif _PIPELINE.search(text):
                self._found.pipelines.append(path)
        elif name.endswith(".toml"):
            text = _start(path)
            if _TABLES.search(text):
                self._found.pipelines.append(path)
            elif _PROFILE.search(text):
                self._found.profiles.append(path)
        if name.endswith((*_YAML, ".sh", "makefile", "justfile", "jenkinsfile")):
            called = _SIGMA_CLI.findall(_start(path).decode("utf-8", "replace"))
            targets = [TARGETS[t] for one in called for t in _TARGET.findall(one) if t in TARGETS]
            if called:
                self._found.scripts[path] = list(dict.fromkeys(targets))

    def _add_output(self, folder: str) -> None:
        try:
            lock = read((Path(folder) / LOCK).read_text("utf-8", "replace"))
        except (OSError, DamagedLock):
            return
        self._found.outputs.append(Output(folder, lock))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != ".github"


def _start(path: str) -> bytes:
    """The beginning of a file; nothing of one that can't be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_MAX_BYTES)
    except OSError:
        return b""


def _options(script: Path) -> Iterator[str]:
    """What sigma-cli is given in a script with -t and -p."""
    for called in _SIGMA_CLI.findall(_start(str(script)).decode("utf-8", "replace")):
        yield from _OPTION.findall(called)


def _is_used(path: str, outputs: Sequence[Output]) -> bool:
    """Whether an output was made with a pipeline file as it is now."""
    try:
        ((name, content),) = made("", (), "", [path]).pipelines.items()
    except ProblemFound:
        return False
    return any(one.lock.made.pipelines.get(name) == content for one in outputs)


def _is_profile(path: str, lock: Lock) -> bool:
    try:
        return profiles.read(path).digest == lock.made.profile
    except ProblemFound:
        return False
