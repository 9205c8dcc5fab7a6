"""What a target is: a dialect, and a plan for each log source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from transpile.targets.folder import Stated
from transpile.targets.plan import LogSource, Plan
from transpile.values import dataclass

Tables: TypeAlias = Mapping[str, Mapping[str, str]]
"""the columns of tables, with their types as the language names them"""


@dataclass(frozen=True)
class Target:
    """A place that queries are written for.

    `dialect` names the language, `plan` tells for a log source where its events are; it raises
    Refused where the target has none of them. The ending of its files is in the registry.
    `about` says in one line what the fields and tables are. `tables` gives the tables that queries
    may read, with the types of their columns, where the language has tables. Each table is a log
    source of the `product`, if there is one, with the table's name in lower case as its service.
    `folder` is the folder of data files that names the fields, where the language asks by names.
    `stated` gives what data files say of a log source, the one first that goes first.
    """

    name: str
    title: str
    dialect: str
    about: str
    plan: Callable[[LogSource], Plan]
    comments: bool = False
    product: str = ""
    folder: str = ""
    stated: Callable[[LogSource], Sequence[Stated]] = lambda _: ()
    tables: Callable[[], Tables] | None = None
