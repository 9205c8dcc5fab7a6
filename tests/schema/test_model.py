"""Questions that a schema answers."""

from __future__ import annotations

from transpile.schema.model import ClusterSchema, Folds, Shape

CASELESS = Shape("keyword", normalizer="lowercase", folds=Folds.CASE)
AGENT = Shape("keyword", fields={"caseless": CASELESS}, sources=("logs-a",))
BEAT = Shape("keyword", sources=("winlogbeat-*",))
SCHEMA = ClusterSchema(
    ("*",),
    ("logs-a", "winlogbeat-*"),
    {
        "process.executable": (AGENT, BEAT),
        "process.name": (Shape("alias", path="process.executable"),),
        "process.command_line": (Shape("wildcard"),),
        "labels": (Shape("flattened", ignore_above=9),),
        "a.b": (Shape("flattened"),),
        "gone": (Shape("alias", path="nowhere"),),
        "list.k": (Shape("keyword", nested="list", fields={"t": Shape("text")}),),
        "source.ip": (Shape("ip"),),
        "destination.ip": (Shape("ip"),),
    },
)


def test_a_field_and_none() -> None:
    assert SCHEMA.field("process.executable") == (AGENT, BEAT)
    assert SCHEMA.field("process") == ()
    assert SCHEMA.field("process.executable.other") == ()


def test_a_multi_field_is_where_its_owner_is() -> None:
    (found,) = SCHEMA.field("process.executable.caseless")
    assert (found.folds, found.sources) == (Folds.CASE, ("logs-a",))
    assert SCHEMA.field("list.k.t") == (Shape("text", nested="list"),)


def test_keys_of_a_flattened_field() -> None:
    assert SCHEMA.field("labels.priority") == (Shape("flattened", ignore_above=9),)
    assert SCHEMA.field("a.b.c.d") == (Shape("flattened"),)
    assert SCHEMA.field("a.c") == ()


def test_behind_an_alias() -> None:
    assert SCHEMA.field("process.name")[0].path == "process.executable"
    assert SCHEMA.behind("process.name") == (AGENT, BEAT)
    assert SCHEMA.behind("gone") == ()
    assert SCHEMA.behind("source.ip") == (Shape("ip"),)


def test_names_that_may_be_meant() -> None:
    assert SCHEMA.near("Process.Executable")[0] == "process.executable"
    assert SCHEMA.near("process.commandline")[0] == "process.command_line"
    assert SCHEMA.near("src.ip")[0] == "source.ip"
    assert SCHEMA.near("process.executable.case")[0] == "process.executable.caseless"
    assert SCHEMA.near("CommandLine", most=1) in ((), ("process.command_line",))
    assert SCHEMA.near("zzz") == ()
    assert len(SCHEMA.near("x.ip", most=1)) == 1
