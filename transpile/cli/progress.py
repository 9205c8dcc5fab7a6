"""The progress bar, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

_INTERVAL = 0.1
"""seconds between two looks of the bar"""


@contextmanager
def progress_bar(total: int, doing: str = "converting") -> Iterator[Callable[[], None]]:
    """A bar that vanishes at the end; call what it gives for each file that is done.

    It has no thread of its own, which a process that forks must not have.
    """
    bar = Progress(
        doing,
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        auto_refresh=False,
    )
    shown = 0.0
    with bar:
        task = bar.add_task(doing, total=total)

        def advance() -> None:
            nonlocal shown
            bar.advance(task)
            if (now := time.monotonic()) - shown > _INTERVAL:
                shown = now
                bar.refresh()

        yield advance
