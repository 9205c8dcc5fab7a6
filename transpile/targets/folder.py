"""The folders of data files: what they say of a log source, with all that it inherits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, reduce
from itertools import product
from typing import Any, NamedTuple

from msgspec.structs import asdict, replace

from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets.compiled import decoded, names
from transpile.targets.model import (
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


class Stated(NamedTuple):
    """Something that a file says of a log source: the file, the keys there, and what it says."""

    file: str
    keys: tuple[str | int, ...]
    entry: LogSourceEntry


class LogSources:
    """The log sources of some files, by the files' names, and the sets of fields in them.

    Of the log sources, those count that are `wanted`.
    """

    def __init__(
        self,
        files: Mapping[str, LogSourceFile],
        wanted: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        self._index: dict[Named, Stated] = {}
        self.fieldsets: dict[str, Stated] = {}
        for name, file in files.items():
            for fieldset, fields in file.fieldset.items():
                said = LogSourceEntry(fields=fields)
                self.fieldsets[fieldset] = Stated(name, ("fieldset", fieldset), said)
            for number, entry in enumerate(file.logsource):
                for named in log_sources(entry) if wanted(entry) else ():
                    self._index[named] = Stated(name, ("logsource", number), entry)

    def find(self, source: LogSource) -> LogSourceEntry | None:
        """What is said of a log source, with all that is inherited; None for nothing."""
        said = [one.entry for one in self.stated(source)]
        return reduce(_before, said) if said else None

    def stated(self, source: LogSource) -> Iterator[Stated]:
        """All that is said of a log source, the one first that goes first."""
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
            if (found := self._index.get(named)) is not None:
                yield found
                for name in found.entry.inherits:
                    yield from self._inherited(name, source)
                return

    def _inherited(self, name: str, source: LogSource) -> Iterator[Stated]:
        within, _, fieldset = name.rpartition("/")
        if name in self.fieldsets:
            yield self.fieldsets[name]
        elif not within:
            yield from folder(name).stated(source)
        elif "/" in within:
            yield read(within).fieldsets[fieldset]
        else:
            yield from read(name).stated(source)


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
        return LogSources({name: decoded(name, LogSourceFile) for name in files})

    @property
    def family(self) -> tuple[str, ...]:
        """The name of the folder, and of those that it inherits."""
        return (self._name, *(self._parent.family if self._parent else ()))

    def find(self, source: LogSource) -> LogSourceEntry | None:
        """What is said of a log source here or in the folder that this one inherits."""
        said = [one.entry for one in self.stated(source)]
        return reduce(_before, said) if said else None

    def stated(self, source: LogSource) -> list[Stated]:
        """All that is said of a log source, here or in the folder that this one inherits."""
        said = list(self._own.stated(source))
        return self._parent.stated(source) if not said and self._parent else said

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
    return LogSources({name: decoded(name, LogSourceFile)})


def windows_conditions(source: LogSource) -> Values:
    """The channels, event ids and event types of a log source of Windows, in Sigma's fields."""
    found = read("shared/windows").find(source)
    return found.conditions if found else {}


def windows_audit_name(sigma: str) -> str:
    """The name of a field of process creation in event 4688 of the Security channel."""
    published = read("published/windows_audit").fieldsets["process_creation"]
    name = published.entry.fields.get(sigma, sigma)
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
