"""The files that users give with -p: whether they are there, and what of them no target heeds.

All of it comes from the files alone, each time anew, and takes no pySigma, so that it is told
with the cache warm, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from transpile.load.problem import Problem, ProblemFound, Severity

_SUFFIXES = (".yml", ".yaml", ".toml")
_MOST = 5
"""files of a folder that a hint names"""
_KUSTO = ("azure_monitor", "microsoft_365_defender", "microsoft_xdr", "sentinel_asim")
"""pipelines that come with pySigma's Kusto backend, which is not used here"""
_MADE = "_pipeline"
"""how the functions that make pipelines end"""
_NO_PIPELINES = ("base", "common", "test")
"""what else is in pySigma's package of pipelines"""


def problems(targets: Sequence[str], paths: Sequence[str]) -> list[Problem]:
    """Errors that keep the files from being used, and warnings of what no target heeds."""
    missing = [problem for path in paths if (problem := _misplaced(path)) is not None]
    if missing or not paths:
        return missing
    from transpile.load.toml_file import TomlFile  # noqa: PLC0415
    from transpile.run import pipeline_file, unused  # noqa: PLC0415 (loads YAML)

    found: list[Problem] = []
    pipelines = []
    for path in paths:
        try:
            if path.endswith(".toml"):
                found += unused.of_tables(TomlFile.read(path, "bad-mapping"), targets)
            else:
                pipelines.append(pipeline_file.read(path))
        except ProblemFound as bad:
            found.append(bad.problem)
    return [*found, *unused.of_pipelines(pipelines, targets)]


def are_usable(found: Iterable[Problem]) -> bool:
    """Whether these are only warnings."""
    return all(problem.severity is Severity.WARNING for problem in found)


def _misplaced(path: str) -> Problem | None:
    if os.path.isdir(path):  # noqa: PTH112 (pathlib raises where a name is too long)
        hint = _files_of(path)
        return Problem("no-pipeline-file", "this is a folder; -p takes files", path, hint=hint)
    if not os.path.exists(path):  # noqa: PTH110 (as above)
        hint = _instead_of(path)
        return Problem("no-pipeline-file", "there is no such file", path, hint=hint)
    return None


def _files_of(folder: str) -> str:
    names = [name for name in _names(folder) if name.endswith(_SUFFIXES)]
    if not names:
        return "there is no .yml file in it"
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"give each file by itself: {', '.join(names[:_MOST])}{more}"


def _names(folder: str) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return []


def _instead_of(path: str) -> str:
    folder, name = os.path.split(path)
    files = [one for one in _names(folder or ".") if one.endswith(_SUFFIXES)]
    if not folder and not name.endswith(_SUFFIXES):
        pipelines = get_close_matches(name.lower(), _published(), n=1, cutoff=0.8)
        if pipelines:
            return (
                f"{pipelines[0]} is a pipeline of pySigma; pipelines are not taken by name, and"
                " each target maps its fields by itself already: leave it out"
            )
    stems = {Path(one).stem.lower(): one for one in files}
    close = get_close_matches(Path(name).stem.lower(), stems, n=1, cutoff=0.6)
    return f"did you mean {str(Path(folder, stems[close[0]]))!r}?" if close else ""


def _published() -> list[str]:
    """The names of the pipelines that are installed with pySigma.

    pySigma's own discovery loads its test pipelines, too, after which others don't apply.
    """
    import sigma.pipelines  # noqa: PLC0415 (only where a name is wrong)

    names = [*_KUSTO]
    for module in iter_modules(sigma.pipelines.__path__):
        if module.name not in _NO_PIPELINES:
            try:
                found = import_module(f"sigma.pipelines.{module.name}")
            except Exception:  # noqa: S112 (whatever a package of others does when it is loaded)
                continue
            made = [name for name in vars(found) if name.endswith(_MADE)]
            names += getattr(found, "pipelines", [name.removesuffix(_MADE) for name in made])
    return names
