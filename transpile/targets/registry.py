"""The targets that there are, by name: those of this program, and those of other distributions.

Another distribution has a target of its own by an entry point of the group
`sigma_transpile.targets` that leads to a `Target`, and a language of its own by one of the group
`sigma_transpile.dialects` that leads to a class on `backends.dialect.Dialect` with its `SUFFIX`. A
name of this program's is never another's.
https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from transpile.targets.target import Target

_PACKAGE = "transpile.targets"
_TARGETS: Mapping[str, tuple[str, str]] = {
    "splunk": ("plans:splunk", "spl"),
    "splunk-cim": ("plans:splunk-cim", "spl"),
    "sentinel": ("sentinel", "kql"),
    "sentinel-securityevent": ("sentinel", "kql"),
    "sentinel-event": ("sentinel", "kql"),
    "sentinel-windowsevent": ("sentinel", "kql"),
    "defender": ("defender", "kql"),
    "asim": ("asim", "kql"),
    "elastic-eql": ("plans:elastic", "eql"),
    "elastic-lucene": ("plans:elastic", "lucene"),
    "elastic-dsl": ("plans:elastic", "dsl"),
    "elastic-agent-eql": ("plans:elastic-agent", "eql"),
    "elastic-agent-lucene": ("plans:elastic-agent", "lucene"),
    "elastic-agent-dsl": ("plans:elastic-agent", "dsl"),
}
"""for each target the module whose TARGETS holds it, or its `targets` of a folder of data, and its
language"""

SUFFIXES: Mapping[str, str] = {
    "spl": "spl",
    "kql": "kql",
    "eql": "eql",
    "lucene": "lucene",
    "dsl": "json",
}
"""the ending of the files of a language, without a dot"""

MODULES: Mapping[str, str] = {name: f"{_PACKAGE}.{of}" for name, (of, _) in _TARGETS.items()}
"""which module's TARGETS holds a target of this program; loaded only when it is asked for"""

DEFAULTS = ("splunk", "sentinel", "elastic-eql", "elastic-lucene")
"""one target for each of the four languages"""


class Ending(NamedTuple):
    """A target's name and the ending of its files, known without loading it."""

    name: str
    suffix: str


class BrokenTarget(Exception):
    """A target of another distribution that can't be loaded, and why."""


def names() -> tuple[str, ...]:
    """The names of all targets, those of this program first."""
    return (*MODULES, *sorted(_installed("targets")))


def is_known(name: str) -> bool:
    """Whether there is a target of this name."""
    return name in MODULES or name in _installed("targets")


def ending(name: str) -> Ending:
    """The ending of this target's files; KeyError where there is none of the name.

    Raises BrokenTarget: it can't be loaded.
    """
    if name in _TARGETS:
        return Ending(name, SUFFIXES[_TARGETS[name][1]])
    dialect = get(name).dialect
    if dialect in SUFFIXES:
        return Ending(name, SUFFIXES[dialect])
    try:
        return Ending(name, str(_installed("dialects")[dialect].load().SUFFIX))
    except Exception as error:
        raise BrokenTarget(f"{name}: its language {dialect!r}: {_words(error)}") from error


def get(name: str) -> Target:
    """The target of this name; KeyError where there is none.

    Raises BrokenTarget: it can't be loaded.
    """
    if name not in MODULES:
        return _load(_installed("targets")[name])
    path, _, folder = MODULES[name].partition(":")
    module = import_module(path)
    targets: Mapping[str, Target] = module.targets(folder) if folder else module.TARGETS
    return targets[name]


def folder_of(name: str) -> str:
    """The folder of data files that names a target's fields; empty where there is none."""
    return MODULES[name].partition(":")[2] if name in MODULES else ""


def entries_for(name: str) -> tuple[str, ...]:
    """What `target` says in a user's log source that is for this target; `""` where it is left out.

    KQL's targets are named one by one, or all by no name; the others by their own names or those of
    the folders whose data they share. Empty where a target takes nothing from a user's file.
    """
    if ending(name).suffix == SUFFIXES["kql"]:
        return ("", name)
    if not (of := folder_of(name)):
        return ()
    from transpile.targets.folder import folder  # noqa: PLC0415 (only for who has such files)

    return (name, *folder(of).family)


def origin(name: str) -> str:
    """The distribution and the version that a target comes from; empty for this program's own."""
    if name in MODULES:
        return ""
    dist = _installed("targets")[name].dist
    return f"{dist.name} {dist.version}" if dist is not None else name


@cache
def _installed(kind: str) -> Mapping[str, EntryPoint]:
    """What other distributions have, by name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 (looks through all of them)

    found = entry_points(group=f"sigma_transpile.{kind}")
    return {one.name: one for one in found if one.name not in MODULES}


def _load(entry: EntryPoint) -> Target:
    from transpile.targets.target import Target  # noqa: PLC0415 (loads plans)

    try:
        found = entry.load()
    except Exception as error:
        raise BrokenTarget(f"{entry.name} ({entry.value}): {_words(error)}") from error
    if not isinstance(found, Target) or found.name != entry.name:
        raise BrokenTarget(f"{entry.name} ({entry.value}) is no target of that name")
    return found


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
