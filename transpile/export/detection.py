"""A rule and its query, with all that the formats ask of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Protocol

from transpile.attack import Coverage, cover
from transpile.export.profile import Profile
from transpile.export.settings import Settings
from transpile.load.about import About
from transpile.query import Query
from transpile.run.conversion import Conversion
from transpile.values import dataclass

_NAMESPACE = uuid.UUID("6a0c2a0e-4f0b-5d55-9a2f-3c1f4c3b8e11")
"""where the ids of exported rules come from; it must never change"""


@dataclass(frozen=True, slots=True)
class Detection:
    """One rule for one format.

    `id` is a UUID that depends on the format, the target and the rule's id only (for a rule
    without one, on its file's name). `title` is one line; `relative` is the rule's file below the
    folder that was given; `stem` names its output.
    """

    id: str
    rule_id: str | None
    title: str
    about: About
    query: Query
    text: str
    settings: Settings
    coverage: Coverage
    relative: str
    stem: PurePosixPath

    @property
    def short_id(self) -> str:
        """What tells it from another of the same title."""
        return (self.rule_id or self.id)[:8]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the query finds other than the rule means."""
        return tuple(one_line(reason.message) for reason in self.query.reasons)

    @property
    def description(self) -> str:
        """The rule's description, or its title where it has none."""
        return printable(self.about.description) or self.title


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of an export, and the rules that it comes from (each the stem of its output).

    `combined` tells that one file holds all rules.
    """

    path: PurePosixPath
    text: str
    stems: tuple[str, ...] = ()
    combined: bool = False


class Exporter(Protocol):
    """Makes the files of one format."""

    def __init__(self, profile: Profile) -> None: ...

    def add(self, detection: Detection) -> None:
        """Take one rule in.

        Raises Refused: the format can't hold it.
        """

    def files(self) -> Iterable[ExportedFile]:
        """The files of all rules that were taken in, in the order of their paths."""


def detection(
    form: str, conversion: Conversion, query: Query, about: About, profile: Profile
) -> Detection:
    """A rule's query for a format.

    Raises Refused: the rule's own settings are wrong.
    """
    if query.text is None:
        raise ValueError("a refused query is no detection")
    relative = conversion.file.relative
    stem = stem_of(conversion)
    name = query.id or str(stem)
    return Detection(
        str(uuid.uuid5(_NAMESPACE, f"{form}/{query.target}/{name}")),
        query.id,
        one_line(query.title),
        about,
        query,
        query.text,
        profile.settings(about, query.id),
        cover(about.tags),
        relative,
        stem,
    )


def stem_of(conversion: Conversion) -> PurePosixPath:
    """The name of a rule's output without its ending, in folders like the rules'."""
    relative = PurePosixPath(conversion.file.relative)
    stem = PurePosixPath(relative.name).stem
    return relative.parent / (stem if conversion.alone else f"{stem}-{conversion.position}")


def one_line(text: str) -> str:
    """The text on one line, without characters that don't print."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """The text without control characters, line breaks and tabs aside."""
    kept = (c if c.isprintable() or c in "\n\t" else " " for c in text.replace("\r\n", "\n"))
    return "".join(kept).strip()
