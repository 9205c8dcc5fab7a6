"""The folders of data files: what they say of a log source, with all that it inherits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from itertools import product
from typing import Any

from msgspec.structs import asdict, replace

from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets.compiled import decoded, names
from transpile.targets.model import (
    Fields,
    LogSourceEntry,
    LogSourceFile,
    TargetFile,
    Values,
)

ANY = "*"
NAMES = ("product", "category", "service")
_OF_ITSELF = frozenset((*NAMES, "inherits"))
"""keys that nothing inherits"""
Named = tuple[str, str, str]
"""the names of a log source; empty for none"""


class LogSources:
    """The log sources of some files, and the sets of fields that they inherit."""

    def __init__(self, files: Iterable[LogSourceFile]) -> None:
        self._index: dict[Named, LogSourceEntry] = {}
        self.fieldsets: dict[str, Fields] = {}
        for file in files:
            self.fieldsets |= file.fieldset
            for entry in file.logsource:
                for named in log_sources(entry):
                    self._index[named] = entry

    def find(self, source: LogSource) -> LogSourceEntry | None:
        """What is said of a log source, with all that is inherited; None for nothing."""
        of, category, service = (name or "" for name in source)
        for named in (
            (of, category, service),
            (of, category, ANY),
            (of, ANY, service),
            (ANY, category, service),
            (of, ANY, ANY),
            (ANY, category, ANY),
            (ANY, ANY, service),
            (ANY, ANY, ANY),
        ):
            if (entry := self._index.get(named)) is not None:
                return self._with_inherited(entry, source)
        return None

    def _with_inherited(self, entry: LogSourceEntry, source: LogSource) -> LogSourceEntry:
        for name in entry.inherits:
            within, _, fieldset = name.rpartition("/")
            if name in self.fieldsets:
                inherited: LogSourceEntry | None = LogSourceEntry(fields=self.fieldsets[name])
            elif not within:
                inherited = folder(name).find(source)
            elif "/" in within:
                inherited = LogSourceEntry(fields=read(within).fieldsets[fieldset])
            else:
                inherited = read(name).find(source)
            if inherited is not None:
                entry = _before(entry, inherited)
        return entry


class Folder:
    """The folder of a target, or of several that differ in their language only."""

    def __init__(self, name: str) -> None:
        """Read `target.toml`, and the other files when they are asked for."""
        self._name = name
        own = decoded(f"{name}/target", TargetFile)
        self._parent: Folder | None = folder(own.inherits) if own.inherits else None
        self.target: TargetFile = _before(own, self._parent.target) if self._parent else own

    @cached_property
    def _own(self) -> LogSources:
        files = (name for name in names(self._name) if not name.endswith("/target"))
        return LogSources(decoded(name, LogSourceFile) for name in files)

    @property
    def family(self) -> tuple[str, ...]:
        """The name of the folder, and of those that it inherits."""
        return (self._name, *(self._parent.family if self._parent else ()))

    def find(self, source: LogSource) -> LogSourceEntry | None:
        """What is said of a log source here or in the folder that this one inherits."""
        found = self._own.find(source)
        return self._parent.find(source) if found is None and self._parent else found

    def entry(self, source: LogSource) -> LogSourceEntry:
        """As `find`, of a log source that there are events of.

        Raises:
            Refused: `unmapped-logsource`, in the words of the entry.
        """
        found = self.find(source)
        if found is None:
            raise Refused("unmapped-logsource", f"nothing is known here of {source}")
        if found.unmapped and not found.conditions:
            raise Refused("unmapped-logsource", filled(found.unmapped, source))
        return found


@cache
def folder(name: str) -> Folder:
    """The folder `data/NAME`."""
    return Folder(name)


@cache
def read(name: str) -> LogSources:
    """The log sources of the file `data/NAME.toml`."""
    return LogSources([decoded(name, LogSourceFile)])


def windows_conditions(source: LogSource) -> Values:
    """The channels, event ids and event types of a log source of Windows, in Sigma's fields."""
    found = read("shared/windows").find(source)
    return found.conditions if found else {}


def windows_audit_name(sigma: str) -> str:
    """The name of a field of process creation in event 4688 of the Security channel."""
    name = read("published/windows_audit").fieldsets["process_creation"].get(sigma, sigma)
    return name if isinstance(name, str) else name.name


def filled(text: str, source: LogSource) -> str:
    """A text of an entry with the names of the log source in it."""
    if "{" not in text:
        return text
    for key, name in zip(NAMES, source, strict=True):
        text = text.replace(f"{{{key}}}", name or ANY)
    return text.replace("{logsource}", str(source))


def _before(first: Any, other: Any) -> Any:
    """What one says, and what the other does where it says nothing.

    Keys of the other come first, so that a log source adds to the conditions that it inherits.
    """
    changed = {}
    for key, value in asdict(other).items():
        if not value or key in _OF_ITSELF:
            continue
        own = getattr(first, key)
        if isinstance(value, Mapping) and own:
            changed[key] = {**value, **own}
        elif not own:
            changed[key] = value
    return replace(first, **changed)


def log_sources(entry: LogSourceEntry) -> Iterator[Named]:
    """The log sources that an entry names."""
    yield from product(*(_listed(getattr(entry, name)) for name in NAMES))


def _listed(names: str | list[str] | None) -> list[str]:
    return names if isinstance(names, list) else [names or ""]
