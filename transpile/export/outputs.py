"""What a batch of rules gives as files: queries as `convert` writes them, or a format's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from transpile.export.detection import Detection, ExportedFile, detection, stem_of
from transpile.export.formats import Format
from transpile.export.profile import Profile
from transpile.load.problem import Problem, Severity
from transpile.query import Query, Refused
from transpile.run.conversion import Conversion
from transpile.run.write import QueryFolder
from transpile.targets.registry import Ending


class Outputs(Protocol):
    """Collects conversions and gives their files."""

    def add(self, conversion: Conversion) -> list[Problem]:
        """Take a rule in; what is wrong with it here comes back."""

    def files(self) -> Mapping[str, ExportedFile]:
        """The files of all rules by their path below the folder, sorted."""


class QueryFiles:
    """The queries themselves, a file for each rule and target."""

    def __init__(self, endings: Sequence[Ending]) -> None:
        self._names = QueryFolder(Path(), endings)
        self._files = _Files()

    def add(self, conversion: Conversion) -> list[Problem]:
        stems = (str(stem_of(conversion)),)
        found = []
        for query in conversion.queries:
            if query.text is not None:
                path = self._names.name(conversion, query)
                file = ExportedFile(path, f"{query.text}\n", stems)
                found.append(self._files.add(file, conversion.file.path))
        return [problem for problem in found if problem is not None]

    def files(self) -> Mapping[str, ExportedFile]:
        return self._files.all()


class Export:
    """The files of a format."""

    def __init__(self, form: Format, profile: Profile) -> None:
        self._form = form
        self._profile = profile
        self._exporter = form.start(profile)
        self._paths: dict[str, str] = {}
        self._ids: set[str] = set()
        self.exported = 0

    def add(self, conversion: Conversion) -> list[Problem]:
        (query,) = conversion.queries
        if query.text is None or conversion.about is None:
            return []
        try:
            made = detection(self._form.name, conversion, query, conversion.about, self._profile)
            self._exporter.add(made)
        except Refused as refused:
            return [_problem(query, refused)]
        self._ids.add((query.id or "").lower())
        self._paths[str(made.stem)] = conversion.file.path
        self.exported += 1
        return list(_warnings(made))

    def files(self) -> Mapping[str, ExportedFile]:
        files = _Files()
        for file in self._exporter.files():
            files.add(file, self._paths.get(file.stems[0], "") if file.stems else "")
        return files.all()

    def unused_overrides(self) -> list[Problem]:
        """The profile's settings for rules that there are not."""
        return [
            Problem(
                "unused-override",
                f"there is no rule {identifier} among those that are exported",
                self._profile.path,
                severity=Severity.WARNING,
            )
            for identifier in self._profile.rules
            if identifier not in self._ids
        ]


class _Files:
    """Files that can stand side by side on every system."""

    def __init__(self) -> None:
        self._files: dict[str, ExportedFile] = {}
        self._sources: dict[str, tuple[str, PurePosixPath]] = {}

    def add(self, file: ExportedFile, source: str) -> Problem | None:
        other, name = self._sources.setdefault(str(file.path).casefold(), (source, file.path))
        if other != source or name != file.path:
            message = f"{file.path} already holds what comes from {other}"
            hint = "rename one of the two rule files"
            return Problem("output-collision", message, source, hint=hint)
        self._files[str(file.path)] = file
        return None

    def all(self) -> Mapping[str, ExportedFile]:
        return dict(sorted(self._files.items()))


def _problem(query: Query, refused: Refused) -> Problem:
    return Problem(refused.reason.code, refused.reason.message, query.path)


def _warnings(made: Detection) -> list[Problem]:
    found = [
        Problem(
            "unknown-attack-tag",
            f"ATT&CK has no {tag!r}; it is left out",
            made.query.path,
            severity=Severity.WARNING,
        )
        for tag in made.coverage.unknown
    ]
    if made.rule_id is None:
        message = "the rule has no id; its exported id comes from the file's name"
        found.append(Problem("missing-id", message, made.query.path, severity=Severity.WARNING))
    return found
