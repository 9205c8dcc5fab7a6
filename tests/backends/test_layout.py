"""Queries stay on one line as long as they fit, and break at their outermost joint first."""

from __future__ import annotations

from backends.layout import WIDTH, Join, Listing, Prefixed, Text, render

A, B = Text("a" * 20), Text("b" * 20)
LONG = Join("OR", (Text("c" * 60), Text("d" * 60)))


def test_short() -> None:
    assert render(Join("AND", (A, Prefixed("NOT ", B)))) == f"{A.text} AND NOT {B.text}"
    assert render(Join("AND", (A, Join("OR", (A, B))))) == f"{A.text} AND ({A.text} OR {B.text})"
    assert render(Prefixed("NOT ", Join("OR", (A, B)))) == f"NOT ({A.text} OR {B.text})"
    assert render(Prefixed("NOT ", A, closed=True)) == f"(NOT {A.text})"
    assert render(Listing("f in (", ("1", "2"))) == "f in (1, 2)"


def test_long() -> None:
    assert render(Join("AND", (A, LONG))) == (f"{A.text}\nAND (\n  {'c' * 60}\n  OR {'d' * 60}\n)")
    assert render(Prefixed("NOT ", LONG)) == f"NOT (\n  {'c' * 60}\n  OR {'d' * 60}\n)"
    items = tuple(f"item{number:03}" for number in range(20))
    text = render(Listing("f in (", items))
    assert text.splitlines()[0] == "f in ("
    assert text.splitlines()[1] == "  item000,"
    assert text.splitlines()[-1] == ")"


def test_the_text_is_the_same_but_for_white_space() -> None:
    doc = Join(
        "AND", tuple(Join("OR", (Text(f"x{n}"), Listing("l(", ("1", "2")))) for n in range(9))
    )
    broken = render(doc)
    assert "\n" in broken
    assert all(len(line) <= WIDTH for line in broken.splitlines())
    flat = " AND ".join(f"(x{n} OR l(1, 2))" for n in range(9))
    assert "".join(broken.split()) == "".join(flat.split())
