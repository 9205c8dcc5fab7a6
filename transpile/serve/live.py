"""The catalogue of a folder of rules, which follows the folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from transpile.catalog.collection import Collection, Explained, explain_file, explain_files
from transpile.catalog.recipe import Recipe, explainer_of
from transpile.catalog.site import Site
from transpile.load.files import RuleFile, find
from transpile.load.problem import Problem

PAUSE = 1.0
"""seconds between two looks at the folder"""

_State: TypeAlias = tuple[int, int]
_Entry: TypeAlias = tuple[_State, list[Explained]]


class LiveCatalogue:
    """A site that is made anew when rules change; only rules that did are explained again."""

    def __init__(self, paths: Sequence[str], recipe: Recipe, title: str) -> None:
        self._paths = paths
        self._recipe = recipe
        self._title = title
        self._entries: dict[RuleFile | Problem, _Entry] = {}
        self._explainer = explainer_of(recipe)
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="watch rules")
        self.site = self._site()

    def start(self, processes: int, advance: Callable[[], None] = lambda: None) -> None:
        """Explain all rules, then watch them."""
        found = list(find(self._paths))
        states = list(map(_state, found))
        explained = list(explain_files(found, self._recipe, processes, advance))
        self._entries = {
            file: (state, rules)
            for file, state, rules in zip(found, states, explained, strict=True)
        }
        self.site = self._site()
        self._watcher.start()

    def close(self) -> None:
        """Watch no longer."""
        self._stop.set()
        self._watcher.join()

    def look(self) -> bool:
        """Take in what has changed; gives back whether anything has."""
        entries: dict[RuleFile | Problem, _Entry] = {}
        changed = False
        for file in find(self._paths):
            state = _state(file)
            known = self._entries.get(file)
            if known is not None and known[0] == state:
                entries[file] = known
            else:
                changed = True
                entries[file] = (state, explain_file(file, self._explainer, self._recipe.folder))
        if changed or len(entries) < len(self._entries):
            self._entries = entries
            self.site = self._site()
            return True
        return False

    def _site(self) -> Site:
        explained = chain.from_iterable(rules for _, rules in self._entries.values())
        return Site(Collection(explained), self._recipe.targets, self._title, live=True)

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            try:
                self.look()
            except Exception:
                logging.getLogger(__name__).exception("the rules can't be read")


def _state(file: RuleFile | Problem) -> _State:
    if isinstance(file, Problem):
        return (0, 0)
    try:
        found = Path(file.path).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
