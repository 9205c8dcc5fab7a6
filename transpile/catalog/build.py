"""A site as files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
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
    with ProcessPoolExecutor(processes) if processes > 1 else nullcontext() as pool:
        with progress(len(found), "explaining") as advance:
            explained = list(explain_files(found, recipe, pool, advance))
        site = Site(Collection(chain.from_iterable(explained)), recipe.targets, title)
        before = manifest.read(folder).files
        # A site that is half written is none: without a manifest the next run makes it whole.
        (folder / manifest.NAME).unlink(missing_ok=True)
        paths = list(site.paths())
        _write(site, paths, folder, pool, progress)
    for stale in set(before) - set(paths):
        (folder / stale).unlink(missing_ok=True)
    made = manifest.Manifest(made_from, tuple(paths), len(site.collection.broken))
    replace_file(folder / manifest.NAME, made.text().encode())
    return site


def _write(
    site: Site,
    paths: Sequence[str],
    folder: Path,
    pool: ProcessPoolExecutor | None,
    progress: Progress,
) -> None:
    for part in sorted({(folder / path).parent for path in paths}):
        part.mkdir(parents=True, exist_ok=True)
    chunks = [
        [(path, site.content(path)) for path in paths[at : at + _CHUNK]]
        for at in range(0, len(paths), _CHUNK)
    ]
    with progress(len(chunks), "writing") as advance:
        for _ in (pool.map if pool else map)(_write_chunk, [folder] * len(chunks), chunks):
            advance()


def _write_chunk(folder: Path, chunk: Sequence[tuple[str, Page | str]]) -> None:
    for path, content in chunk:
        text = render(content) if isinstance(content, Page) else content
        replace_file(folder / path, text.encode("utf-8", "backslashreplace"))
