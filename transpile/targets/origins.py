"""Where the answers of a target come from: the data file, and the line in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from transpile.load.toml_file import TomlFile
from transpile.targets.compiled import DATA
from transpile.targets.folder import Stated

_OF_OTHERS = ("paths", "others", "inside")
_OF_SCOPE = ("table", "conditions", "condition_fields", "scope")


def of_field(stated: Sequence[Stated], sigma: str) -> str:
    """The place that says what a rule's field is, such as `splunk/aws.toml:12`.

    Empty where no data file says it.
    """
    for one in stated:
        if sigma in one.entry.fields:
            inside = () if one.keys[0] == "fieldset" else ("fields",)
            return _told(one, *inside, sigma)
    head = sigma.partition(".")[0]
    for one in stated:
        if head in one.entry.members:
            return _told(one, "members", head)
    return next(_that_say(stated, _OF_OTHERS), "")


def of_scope(stated: Sequence[Stated]) -> list[str]:
    """The places that say which events are those of the log source."""
    return list(_that_say(stated, _OF_SCOPE))


def _that_say(stated: Sequence[Stated], names: Sequence[str]) -> Iterator[str]:
    for one in stated:
        for name in names:
            if getattr(one.entry, name):
                yield _told(one, name)


def _told(one: Stated, *keys: str) -> str:
    place = _file(one.file).place([*one.keys, *keys])
    name = one.file if one.file.endswith(".toml") else f"{one.file}.toml"
    return f"{name}:{place.line if place else 1}"


@cache
def _file(name: str) -> TomlFile:
    """A file of a user by its path, or one of the program's own by its name."""
    path = Path(name) if name.endswith(".toml") else DATA / f"{name}.toml"
    return TomlFile.read(path, "bad-mapping")
