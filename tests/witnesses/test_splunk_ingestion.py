"""The model of Splunk's search-time extraction, held against its witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.witnesses.splunk_ingestion import (
    SPLUNKS_OWN,
    Document,
    Sourcetype,
    Step,
    Witness,
    WrongModel,
    read_models,
    read_witnesses,
)

MODELS = read_models()
WITNESSES = list(read_witnesses())


def fields_of(witness: Witness) -> Document:
    """The document without what Splunk itself tells of an event."""
    return {name: v for name, v in witness.document.items() if name not in SPLUNKS_OWN}


def model_of(witness: Witness) -> Sourcetype:
    return MODELS[witness.document["sourcetype"]]


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_the_model_makes_what_the_document_has(witness: Witness) -> None:
    assert model_of(witness).document(witness.raw) == fields_of(witness)


def _steps() -> Iterator[tuple[str, Step]]:
    for name, model in MODELS.items():
        for step in model.steps:
            yield name, step


@pytest.mark.parametrize(("sourcetype", "step"), list(_steps()), ids=str)
def test_a_step_that_is_forgotten_is_noticed(sourcetype: str, step: Step) -> None:
    without = MODELS[sourcetype].without(step)
    assert [
        str(witness)
        for witness in WITNESSES
        if witness.document["sourcetype"] == sourcetype
        and without.document(witness.raw) != fields_of(witness)
    ]


@pytest.mark.parametrize("name", MODELS)
def test_each_sourcetype_has_a_witness_and_tells_where_it_was_read(name: str) -> None:
    assert MODELS[name].read
    assert any(witness.document["sourcetype"] == name for witness in WITNESSES)


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_a_witness_tells_where_it_is_from_and_what_it_is(witness: Witness) -> None:
    assert witness.source
    assert witness.document["source"]
    assert witness.file == witness.document["sourcetype"].replace(":", "_") + ".ndjson"


def test_an_entry_outside_the_form_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "ingestion.toml"
    given = 'kind = "json"\nadd_on = ""\nread = ["x"]\n'
    for entry in ('steps = [{ does = "moved", name = "a" }]', "stesp = []"):
        wrong.write_text(f"[sourcetypes.a]\n{given}{entry}\n")
        with pytest.raises(WrongModel):
            read_models(tmp_path)
