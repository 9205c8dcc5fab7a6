"""A site as files in a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from transpile.catalog import manifest
from transpile.catalog.collection import Collection, explain_files
from transpile.catalog.page import Page, render
from transpile.catalog.recipe import Recipe
from transpile.catalog.site import Site
from transpile.load.files import RuleFile
from transpile.load.problem import Problem
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
    with (
        ProcessPoolExecutor(processes) if processes > 1 else nullcontext() as pool,
        progress(len(found), "explaining") as advance,
    ):
        explained = list(explain_files(found, recipe, pool, advance))
    site = Site(Collection(chain.from_iterable(explained)), recipe.targets, title)
    before = manifest.read(folder).files
    # A site that is half written is none: without a manifest the next run makes it whole.
    (folder / manifest.NAME).unlink(missing_ok=True)
    paths = list(site.paths())
    for part in sorted({(folder / path).parent for path in paths}):
        part.mkdir(parents=True, exist_ok=True)
    _write(site, paths, folder, processes, progress)
    for stale in set(before) - set(paths):
        (folder / stale).unlink(missing_ok=True)
    made = manifest.Manifest(made_from, tuple(paths), len(site.collection.broken))
    replace_file(folder / manifest.NAME, made.text().encode())
    return site


def _write(
    site: Site, paths: Sequence[str], folder: Path, processes: int, progress: Progress
) -> None:
    chunks = [paths[at : at + _CHUNK] for at in range(0, len(paths), _CHUNK)]
    if processes > 1 and len(chunks) > 1:
        # Forked processes have the site already; others are sent it.
        context = get_context("fork" if sys.platform == "linux" else None)
        with ProcessPoolExecutor(processes, context, _hold, (site, folder)) as pool:
            written = pool.map(_write_held, chunks)
            with progress(len(chunks), "writing") as advance:
                for _ in written:
                    advance()
    else:
        with progress(len(chunks), "writing") as advance:
            for chunk in chunks:
                _write_chunk(site, folder, chunk)
                advance()


_held: list[tuple[Site, Path]] = []
"""the site that this process writes, and where"""


def _hold(site: Site, folder: Path) -> None:
    _held.append((site, folder))


def _write_held(chunk: Sequence[str]) -> None:
    site, folder = _held[-1]
    _write_chunk(site, folder, chunk)


def _write_chunk(site: Site, folder: Path, chunk: Sequence[str]) -> None:
    for path in chunk:
        content = site.content(path)
        text = render(content) if isinstance(content, Page) else content
        replace_file(folder / path, text.encode("utf-8", "backslashreplace"))
