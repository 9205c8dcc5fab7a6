"""A site as files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from transpile.catalog import manifest
from transpile.catalog.collection import Collection, explain_files
from transpile.catalog.page import Page, render
from transpile.catalog.recipe import Recipe
from transpile.catalog.site import Site
from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.run.processes import Work, spread
from transpile.run.temporary import remove_left
from transpile.run.write import replace_file

_CHUNK = 100

Progress = Callable[[int, str], AbstractContextManager[Callable[[], None]]]
"""shows how far a step of so many parts is: `with progress(total, "writing") as advance`"""


@contextmanager
def unseen(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """Progress that nobody sees."""
    yield lambda: None


def build(  # noqa: PLR0913 (all that a site is made from)
    found: Sequence[RuleFile | Problem],
    recipe: Recipe,
    folder: Path,
    title: str,
    *,
    made_from: str,
    processes: int,
    progress: Progress = unseen,
) -> Site:
    """Write the site of the rules into a folder; files of an earlier one that it lacks go.

    Raises OSError: a file can't be written or removed.
    """
    with progress(len(found), "explaining") as advance:
        explained = list(explain_files(found, recipe, processes, advance))
    site = Site(Collection(chain.from_iterable(explained)), recipe.targets, title)
    before = manifest.read(folder).files
    # A site that is half written is none: without a manifest the next run makes it whole.
    (folder / manifest.NAME).unlink(missing_ok=True)
    paths = list(site.paths())
    for part in sorted({(folder / path).parent for path in paths}):
        part.mkdir(parents=True, exist_ok=True)
        remove_left(part)
    _write(site, paths, folder, processes, progress)
    for stale in set(before) - set(paths):
        (folder / stale).unlink(missing_ok=True)
    made = manifest.Manifest(made_from, tuple(paths), len(site.collection.broken))
    replace_file(folder / manifest.NAME, made.text().encode())
    return site


def _write(
    site: Site, paths: Sequence[str], folder: Path, processes: int, progress: Progress
) -> None:
    writing = partial(_writing, site, folder)
    with progress(len(paths), "writing") as advance:
        for path, lost in zip(paths, spread(paths, writing, processes, _CHUNK), strict=True):
            if lost is not None:
                message = f"the process that wrote it ended before it was done ({lost})"
                raise OSError(None, message, path)
            advance()


def _writing(site: Site, folder: Path) -> Work[str, None]:
    return partial(_write_all, site, folder)


def _write_all(site: Site, folder: Path, paths: Sequence[str]) -> list[None]:
    for path in paths:
        content = site.content(path)
        text = render(content) if isinstance(content, Page) else content
        replace_file(folder / path, text.encode("utf-8", "backslashreplace"))
    return [None] * len(paths)
