"""The model of Elastic's ingestion, held against documents of Elastic's own tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.ingestion import MODEL, Document, Model, Step, WrongModel, read_model
from transpile.targets.tables import table

FOLDER = MODEL.parent
SIGMA_SERVICES = {
    "powershell-classic": "windows.powershell",
    "security": "system.security",
    "sysmon": "windows.sysmon_operational",
}
POWERSHELL = {
    "ps_classic_provider_start": "windows.powershell",
    "ps_classic_start": "windows.powershell",
    "ps_module": "windows.powershell_operational",
    "ps_script": "windows.powershell_operational",
}
# No event of Sysmon has these: rules ask them of other agents.
NOT_OF_SYSMON = {
    "file_access": {"FileName", "Image", "ParentImage"},
    "create_remote_thread": {"SourceCommandLine", "SourceParentImage", "TargetParentProcessId"},
}


@dataclass(frozen=True)
class Witness:
    """An event, and the document that the vendor's ingestion makes of it."""

    stream: str
    line: int
    version: int
    event: dict[str, Any]
    document: dict[str, Any]
    source: dict[str, str]

    def __str__(self) -> str:
        return f"{self.stream}.ndjson:{self.line}"


def read_witnesses() -> Iterator[Witness]:
    for file in sorted(FOLDER.glob("*.ndjson")):
        for line, text in enumerate(file.read_text("utf-8").splitlines(), 1):
            told = json.loads(text)
            assert told["logsource"]["product"] == "windows"
            del told["logsource"]
            yield Witness(stream=file.stem, line=line, **told)


WITNESSES = list(read_witnesses())
MODEL_READ = read_model()


def disagreements(model: Model, witness: Witness) -> Iterator[str]:
    """Fields of which the model makes something else than the witness has."""
    number = int(witness.event["EventID"])
    told = model.document(witness.stream, witness.event, witness.version)
    for path in sorted(told.keys() | witness.document.keys()):
        if not MODEL_READ.speaks_of(witness.stream, number, witness.version, path):
            continue
        expected = witness.document.get(path, "no such field")
        found = told.get(path, "no such field")
        if found != expected or type(found) is not type(expected):
            yield f"{witness}: {path}: the document has {expected!r}, the model makes {found!r}"


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_the_model_makes_what_the_document_has(witness: Witness) -> None:
    assert list(disagreements(MODEL_READ, witness)) == []


def _made(model: Model, stream: str) -> list[Document]:
    """The documents that a model makes of the events of a stream's witnesses."""
    return [
        model.document(stream, witness.event, witness.version)
        for witness in WITNESSES
        if witness.stream == stream
    ]


def _exercised() -> Iterator[tuple[str, Step]]:
    """The steps that make a difference to some witness."""
    for stream, held in MODEL_READ.streams.items():
        made = _made(MODEL_READ, stream)
        for step in held.steps:
            if _made(MODEL_READ.without(stream, step), stream) != made:
                yield stream, step


EXERCISED = list(_exercised())


@pytest.mark.parametrize(
    ("stream", "step"),
    EXERCISED,
    ids=lambda part: part if isinstance(part, str) else f"{part.does}-{part.name}",
)
def test_a_step_that_is_forgotten_is_noticed(stream: str, step: Step) -> None:
    model = MODEL_READ.without(stream, step)
    assert [
        told
        for witness in WITNESSES
        if witness.stream == stream
        for told in disagreements(model, witness)
    ]


def test_each_kind_of_step_is_witnessed() -> None:
    kinds = {step.does for held in MODEL_READ.streams.values() for step in held.steps}
    assert {step.does for _, step in EXERCISED} == kinds - {"stays"}


@pytest.mark.parametrize("witness", WITNESSES, ids=str)
def test_a_witness_tells_where_it_is_from(witness: Witness) -> None:
    assert witness.source.keys() == {"repository", "path", "commit", "input"}
    assert re.fullmatch("[0-9a-f]{40}", witness.source["commit"])
    assert 1 <= witness.version <= len(MODEL_READ.streams[witness.stream].versions)


def _asked() -> Iterator[tuple[str, str]]:
    """The fields that Sigma rules ask of log sources whose stream the model tells of."""
    for source in table("sigma_logsources")["logsource"]:
        if source.get("product") != "windows":
            continue
        category = source.get("category", "")
        stream = POWERSHELL.get(category) or (
            "windows.sysmon_operational"
            if category
            else SIGMA_SERVICES.get(source.get("service", ""))
        )
        if stream:
            for name in source["fields"]:
                if name not in NOT_OF_SYSMON.get(category, ()):
                    yield stream, name


@pytest.mark.parametrize(("stream", "name"), sorted(set(_asked())))
def test_the_model_tells_of_each_field_that_rules_ask(stream: str, name: str) -> None:
    told = {step.name for step in MODEL_READ.streams[stream].steps}
    if name == "Data":
        assert {"param1", "param2", "param3"} <= told
    else:
        assert name in told or name in MODEL_READ.system


def test_each_path_has_a_type() -> None:
    wanted = {"type", "ignore_above", "multi", "before", "source"}
    for path, told in MODEL_READ.types.items():
        assert told.keys() <= wanted, path
        assert {"type", "source"} <= told.keys(), path
    written = {
        path.removesuffix(".") + ".md5" * path.endswith(".")
        for held in MODEL_READ.streams.values()
        for step in held.steps
        for path in step.writes()
    }
    assert all(any(fnmatchcase(p, pattern) for pattern in MODEL_READ.types) for p in written)


def test_an_entry_outside_the_schema_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "ingestion.toml"
    for entry in ('{ name = "A", does = "moved" }', '{ name = "A", does = "removed", so = 1 }'):
        wrong.write_text(
            f'[streams."a.b"]\nchannels = []\npipelines = []\nversions = []\nsteps = [{entry}]\n'
        )
        with pytest.raises(WrongModel, match=r"a\.b: "):
            read_model(wrong)
