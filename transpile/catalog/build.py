"""A site as files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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

Advance = Callable[[], None]


def build(  # noqa: PLR0913 (all that a site is made from)
    found: Sequence[RuleFile | Problem],
    recipe: Recipe,
    folder: Path,
    title: str,
    *,
    made_from: str,
    processes: int,
    explained: Advance = lambda: None,
    wrote: Advance = lambda: None,
) -> Site:
    """Write the site of the rules into a folder; files of an earlier one that it lacks go.

    `explained` is called for each rule file, `wrote` for each hundred pages.

    Raises OSError: a file can't be written or removed.
    """
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            return _build(found, recipe, folder, title, made_from, pool, explained, wrote)
    return _build(found, recipe, folder, title, made_from, None, explained, wrote)


def _build(  # noqa: PLR0913, PLR0917
    found: Sequence[RuleFile | Problem],
    recipe: Recipe,
    folder: Path,
    title: str,
    made_from: str,
    pool: ProcessPoolExecutor | None,
    explained: Advance,
    wrote: Advance,
) -> Site:
    files = explain_files(found, recipe, pool, explained)
    site = Site(Collection(chain.from_iterable(files)), recipe.targets, title)
    before = manifest.read(folder).files
    paths = list(site.paths())
    for part in sorted({(folder / path).parent for path in paths}):
        part.mkdir(parents=True, exist_ok=True)
    # A site that is half written is none: without a manifest the next run makes it whole.
    (folder / manifest.NAME).unlink(missing_ok=True)
    for _ in _write(site, paths, folder, pool):
        wrote()
    for stale in set(before) - set(paths):
        (folder / stale).unlink(missing_ok=True)
    made = manifest.Manifest(made_from, tuple(paths), len(site.collection.broken))
    replace_file(folder / manifest.NAME, made.text().encode())
    return site


def _write(
    site: Site, paths: Sequence[str], folder: Path, pool: ProcessPoolExecutor | None
) -> Iterator[None]:
    chunks = [
        [(path, site.content(path)) for path in paths[at : at + _CHUNK]]
        for at in range(0, len(paths), _CHUNK)
    ]
    yield from (pool.map if pool else map)(_write_chunk, [folder] * len(chunks), chunks)


def _write_chunk(folder: Path, chunk: Sequence[tuple[str, Page | str]]) -> None:
    for path, content in chunk:
        text = render(content) if isinstance(content, Page) else content
        replace_file(folder / path, text.encode("utf-8", "backslashreplace"))
