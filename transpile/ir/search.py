"""What a query must find, ready for a dialect."""

from __future__ import annotations

from collections.abc import Mapping

from transpile.ir.nodes import Node
from transpile.values import dataclass


@dataclass(frozen=True, slots=True)
class Parser:
    """A function that returns a table, and what it can filter by before it makes its rows.

    `arguments` gives the values of parameters that are the same for every rule, `terms` the
    parameter for a column and the operator by which terms are looked for there.
    """

    arguments: Mapping[str, tuple[str, ...]]
    terms: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Devices:
    """The machines whose events are meant: those that a table has with one of some values.

    `key` is the column of both tables that names the machine.
    """

    key: str
    table: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The events of a scope for which a condition holds, all in the target's own fields.

    `scope` are the conjuncts that the log source adds (channel, event id, dataset), `table` is
    the table or data model to read, where the language names one. `columns` are the ones to return,
    beside those that the condition asks of; all where none is named. `parser` is there where the
    table is what a function returns, `devices` where machines are told apart elsewhere. `others`
    are searches of further tables that have such events, too. `macro` names a search that the
    user's installation has, in which they are looked for, and `summarised` leaves out what a data
    model has not summarised yet.
    """

    condition: Node
    scope: tuple[Node, ...] = ()
    table: str = ""
    columns: tuple[str, ...] = ()
    parser: Parser | None = None
    devices: Devices | None = None
    others: tuple[Search, ...] = ()
    macro: str = ""
    summarised: bool = False
