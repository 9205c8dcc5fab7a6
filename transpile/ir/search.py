"""What a query must find, ready for a dialect."""

from __future__ import annotations

from dataclasses import dataclass

from transpile.ir.nodes import Node


@dataclass(frozen=True, slots=True)
class Search:
    """The events of a scope for which a condition holds, all in the target's own fields.

    `scope` are the conjuncts that the log source adds (channel, event id, dataset), `table` is
    the table or data model to read, where the language names one. `columns` are the ones to return,
    beside those that the condition asks of; all where none is named.
    """

    condition: Node
    scope: tuple[Node, ...] = ()
    table: str = ""
    columns: tuple[str, ...] = ()
