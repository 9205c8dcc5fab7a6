"""Metadata in order: whatever is called so, pySigma has nothing against."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.load import pysigma
from transpile.load.metadata import is_in_order

ODD = st.sampled_from([None, "", "x", 0, 1, True, [], {}, ["x"], ["a.b"], [1], date(2026, 1, 2)])
ID = "c649a6c7-cd8c-4a78-9c04-000fc76df954"
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["t", "t" * 256, "t" * 257]),
    "id": st.sampled_from([ID, ID.upper(), ID.replace("-", ""), "{" + ID + "}"]),
    "name": st.just("n"),
    "taxonomy": st.just("sigma"),
    "status": st.sampled_from(["test", "TEST", "Stable", "odd"]),
    "level": st.sampled_from(["high", "High", "odd"]),
    "date": st.sampled_from([date(2026, 1, 2), "2026-01-02", "2026/13/02"]),
    "modified": st.sampled_from([date(2026, 1, 2), "2026/1/2"]),
    "tags": st.sampled_from([["attack.t1000"], ["attack"], ["a.b", "c.d"]]),
    "related": st.sampled_from(
        [[], [{"id": ID, "type": "derived"}], [{"id": ID}], [{"id": "x", "type": "derived"}], [1]]
    ),
    **{key: st.just("x") for key in ("author", "description", "license")},
    **{
        key: st.just(["x"]) for key in ("fields", "falsepositives", "references", "scope", "custom")
    },
}


@given(st.fixed_dictionaries({}, optional={k: st.one_of(v, v, v, ODD) for k, v in FIELDS.items()}))
@settings(max_examples=500, deadline=None)
def test_nothing_is_wrong_with_what_is_in_order(document: dict[str, Any]) -> None:
    if not is_in_order(document):
        return
    read, faulty = pysigma.metadata(document)
    assert not faulty
    assert read["title"] == document["title"]
    identifier = document.get("id")
    assert (None if read["id"] is None else str(read["id"])) == (identifier and identifier.lower())


def test_usual_metadata_is_in_order() -> None:
    document = {
        "title": "A",
        "id": ID,
        "status": "test",
        "level": "high",
        "date": date(2026, 1, 2),
        "tags": ["attack.t1059"],
        "related": [{"id": ID, "type": "derived"}],
        "references": ["https://example.org"],
    }
    assert is_in_order(document)
