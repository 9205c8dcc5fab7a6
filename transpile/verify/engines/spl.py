"""A strict reading of SPL: the searches that this project writes, by what the manual says of them.

It is an oracle for tests. Whatever the manual leaves open, or this project never writes, is an
error rather than a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from transpile.values import dataclass
from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.spl_search import Event, Test, parse_terms
from transpile.verify.engines.spl_tokens import Cursor, tokens
from transpile.verify.engines.spl_where import parse_expression

Rows: TypeAlias = Callable[[Event], Event | None]
"""from an event to the row that a command makes of it, None for none"""


@dataclass(frozen=True)
class Query:
    """A search or tstats, and the `where` commands behind it."""

    rows: Rows
    filters: tuple[Test, ...] = ()

    def matches(self, event: Mapping[str, object]) -> bool:
        """Whether the query finds the event, which has Splunk's field names; null is no value."""
        row = self.rows({name: value for name, value in event.items() if value is not None})
        return row is not None and all(test(row) for test in self.filters)


class Spl:
    """SPL as far as it is written here."""

    @staticmethod
    def parse(text: str, macro: str = "") -> Query:
        """The query; EngineError says what in it is not understood.

        `macro` is the one search macro of the installation that it may begin with.
        """
        found = tokens(text)
        for token in found:
            if token.kind == "macro" and token.text != f"`{macro}`":
                raise EngineError(f"no macro {token.text} is known")
        cursor = Cursor(found)
        if cursor.take("|"):
            cursor.expect("tstats")
            rows, columns = _tstats(cursor)
            lost = {t.content for t in found if t.kind == "column"} - {*columns}
            if lost:
                raise EngineError(f"no {lost} behind tstats")
        else:
            rows = _search(cursor)
        filters: list[Test] = []
        while cursor.take("|"):
            cursor.expect("where")
            filters.append(_where(cursor))
        if cursor.peek().kind != "end":
            raise EngineError(f"unexpected {cursor.peek().text!r}")
        return Query(rows, tuple(filters))


def _search(cursor: Cursor) -> Rows:
    cursor.take("search")
    test = parse_terms(cursor)
    return lambda event: event if test(event) else None


def _where(cursor: Cursor) -> Test:
    """ "The where command returns only the results for which the eval expression returns true"."""
    expression = parse_expression(cursor)
    return lambda row: expression(row) is True


def _tstats(cursor: Cursor) -> tuple[Rows, list[str]]:
    """Rows of a data model, with the fields of `by` alone, and these.

    "fillnull_value: substitutes for null values for any field within its group-by field list";
    without it a row with a null there is lost. The dataset must be the root one; a child of it is
    chosen by nodename.
    https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/tstats
    """
    fill = _options(cursor)
    cursor.expect("count", "min", "(", "_time", ")", "as", "firstTime")
    cursor.expect("max", "(", "_time", ")", "as", "lastTime", "from", "datamodel", "=")
    dataset = cursor.expect_kind("word").text.split(".")
    if len(dataset) != 2:
        raise EngineError("datamodel names a model and its root dataset")
    test = parse_terms(cursor, subnets=False) if cursor.take("where") else None
    cursor.expect("by")
    columns: list[str] = []
    while cursor.peek().kind == "word":
        columns.append(cursor.next().text)
    if not columns or not all(name.startswith(f"{dataset[1]}.") for name in columns):
        raise EngineError(f"fields of {dataset[1]} stand behind by")

    def rows(event: Event) -> Event | None:
        if test is not None and not test(event):
            return None
        row = {name: event.get(name, fill) for name in columns}
        return None if None in row.values() else row

    return rows, columns


def _options(cursor: Cursor) -> str | None:
    cursor.expect("summariesonly", "=", "false", "allow_old_summaries", "=", "true")
    if not cursor.take("fillnull_value"):
        return None
    cursor.expect("=")
    return cursor.expect_kind("string").content
