"""One rule to many targets: outcomes, pipelines, and faults that cost one rule only."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import transpile.run.convert as convert_module
from transpile import Outcome, Place, Query, transpile, transpile_files
from transpile.load.files import RuleFile
from transpile.load.problem import ProblemFound
from transpile.load.rules import load_text
from transpile.load.source import SourceText
from transpile.run.batch import convert_files
from transpile.run.convert import Conversion, Converter

RULE = """\
title: A
id: c649a6c7-cd8c-4a78-9c04-000fc76df954
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '\\a.exe'
  condition: selection
"""
LOOKAHEAD = RULE.replace("Image|endswith: '\\a.exe'", "CommandLine|re: 'a(?!b)'")


def convert(text: str, converter: Converter) -> Conversion:
    rule = next(load_text(SourceText("r.yml", text), RuleFile("r.yml", "r.yml")))
    return converter.convert(rule)


def pipeline(tmp_path: Path, text: str) -> str:
    path = tmp_path / "pipeline.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_exact() -> None:
    query = transpile(RULE, "elastic-lucene")
    assert query.outcome is Outcome.EXACT
    assert query.reasons == ()
    assert query.text is not None
    assert "process.executable" in query.text
    assert query.fields == {"Image": "process.executable"}
    assert (query.id, query.title) == ("c649a6c7-cd8c-4a78-9c04-000fc76df954", "A")


def test_refused_at_its_place() -> None:
    query = transpile(LOOKAHEAD, "elastic-lucene")
    assert (query.outcome, query.text) == (Outcome.REFUSED, None)
    (reason,) = query.reasons
    assert (reason.code, reason.place) == ("regex-lookaround", Place(8, 21))


def test_broken() -> None:
    query = transpile(RULE.replace("endswith", "endwith"), "elastic-lucene")
    assert (query.outcome, query.text) == (Outcome.FAILED, None)
    assert [(r.code, r.place) for r in query.reasons] == [("unknown-modifier", Place(8, 11))]


def test_correlation_is_refused() -> None:
    query = transpile("title: C\ncorrelation:\n  type: event_count\n", "elastic-lucene")
    assert (query.outcome, query.title) == (Outcome.REFUSED, "C")


def test_conversions_cross_processes() -> None:
    converter = Converter(["elastic-lucene", "elastic-eql"])
    for text in (RULE, LOOKAHEAD, "broken: ["):
        conversion = convert(text, converter)
        assert pickle.loads(pickle.dumps(conversion)) == conversion


def test_fault_of_the_program_costs_one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: object) -> None:
        raise KeyError("nothing")

    converter = Converter(["elastic-lucene", "elastic-eql"])
    with monkeypatch.context() as patch:
        patch.setattr(convert_module, "lower", fault)
        conversion = convert(RULE, converter)
    assert {query.outcome for query in conversion.queries} == {Outcome.FAILED}
    (reason,) = conversion.queries[0].reasons
    assert reason.code == "internal-error"
    assert reason.message == (
        "KeyError: 'nothing'; this is a fault of the program, please report the rule"
    )
    assert "in fault" in conversion.traceback
    assert convert(RULE, converter).queries[0].outcome is Outcome.EXACT


def test_fault_in_one_target_costs_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty:
        def write(self, _: object) -> None:
            raise RecursionError("too deep")

    converter = Converter(["elastic-lucene", "elastic-eql"])
    get = convert_module.backends.get
    monkeypatch.setattr(
        convert_module.backends, "get", lambda name: Faulty() if name == "eql" else get(name)
    )
    first, second = convert(RULE, converter).queries
    assert (first.outcome, second.outcome) == (Outcome.EXACT, Outcome.FAILED)


def test_user_pipeline_names_fields_of_the_target(tmp_path: Path) -> None:
    path = pipeline(
        tmp_path,
        "name: mine\npriority: 10\ntransformations:\n"
        "  - type: field_name_mapping\n    mapping:\n      Image: my.image\n",
    )
    query = transpile(RULE, "elastic-lucene", pipelines=[Path(path)])
    assert query.text is not None
    assert "my.image:" in query.text
    assert query.fields == {"Image": "my.image"}


def test_user_pipeline_leaves_the_rule_alone(tmp_path: Path) -> None:
    path = pipeline(
        tmp_path,
        "transformations:\n  - type: field_name_mapping\n    mapping:\n      Image: [a, b]\n",
    )
    converter = Converter(["elastic-lucene"], [path])
    first, second = convert(RULE, converter), convert(RULE, converter)
    assert first == second
    assert first.queries[0].fields == {"Image": "a, b"}


def test_user_pipeline_changes_the_log_source(tmp_path: Path) -> None:
    path = pipeline(
        tmp_path,
        "transformations:\n  - type: change_logsource\n    product: windows\n"
        "    category: image_load\n",
    )
    query = transpile(RULE, "elastic-lucene", pipelines=[Path(path)])
    assert query.text is not None
    assert 'event.code:"7"' in query.text


def test_user_pipeline_resolves_placeholders(tmp_path: Path) -> None:
    text = RULE.replace("Image|endswith: '\\a.exe'", "IntegrityLevel|expand: '%admins%'")
    assert [r.code for r in transpile(text, "elastic-lucene").reasons] == ["unresolved-placeholder"]
    path = pipeline(
        tmp_path,
        "vars:\n  admins: [root]\ntransformations:\n  - type: value_placeholders\n",
    )
    query = transpile(text, "elastic-lucene", pipelines=[Path(path)])
    assert query.text is not None
    assert "[rR][oO][oO][tT]" in query.text


@pytest.mark.parametrize(
    ("transformation", "code"),
    [
        ("type: rule_failure\n    message: not here", "pipeline-failure"),
        ("type: drop_detection_item", "emptied-detection"),
    ],
)
def test_user_pipeline_refuses(tmp_path: Path, transformation: str, code: str) -> None:
    path = pipeline(tmp_path, f"transformations:\n  - {transformation}\n")
    query = transpile(RULE, "elastic-lucene", pipelines=[Path(path)])
    assert query.outcome is Outcome.REFUSED
    assert [reason.code for reason in query.reasons] == [code]


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("transformations:\n  - type: nope\n", "bad-pipeline", 2, "Unknown transformation"),
        ("- a\n", "bad-pipeline", 1, "a pipeline is a map"),
        ("", "bad-pipeline", None, "a pipeline file holds one document"),
        ("a: [\n", "yaml-syntax", 2, "did not find expected node content"),
        (
            "name: x\npostprocessing:\n  - type: embed\n    prefix: index=x\n",
            "pipeline-postprocessing",
            2,
            "postprocessing would change the text of finished queries and is not supported",
        ),
    ],
)
def test_broken_pipeline_is_located(
    tmp_path: Path, text: str, code: str, line: int | None, message: str
) -> None:
    with pytest.raises(ProblemFound) as caught:
        Converter(["elastic-lucene"], [pipeline(tmp_path, text)])
    problem = caught.value.problem
    assert (problem.code, problem.line) == (code, line)
    assert message in problem.message


def test_second_rule_of_an_id_is_broken(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(RULE, encoding="utf-8")
    (tmp_path / "c.yml").write_text(RULE.replace("title", "titel"), encoding="utf-8")
    found = [RuleFile(name, name) for name in ("a.yml", "b.yml", "c.yml")]
    found = [RuleFile(str(tmp_path / f.path), f.relative) for f in found]
    first, second, third = convert_files(found, Converter(["elastic-lucene"]))
    assert first.queries[0].outcome is Outcome.EXACT
    for other in (second, third):
        (reason,) = other.queries[0].reasons
        assert (reason.code, reason.place) == ("duplicate-id", Place(2, 5))
        assert reason.message.endswith(f"is already that of {tmp_path}/a.yml:2")


def test_api_over_files(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "b.yml").write_text("a: [", encoding="utf-8")
    queries = list(transpile_files([tmp_path], ["elastic-eql", "elastic-lucene"]))
    assert [(Path(q.path).name, q.target, q.outcome) for q in queries] == [
        ("a.yml", "elastic-eql", Outcome.EXACT),
        ("a.yml", "elastic-lucene", Outcome.EXACT),
        ("b.yml", "elastic-eql", Outcome.FAILED),
        ("b.yml", "elastic-lucene", Outcome.FAILED),
    ]
    assert transpile(tmp_path / "a.yml", "elastic-eql") == queries[0]


def test_api_misuse() -> None:
    with pytest.raises(ValueError, match="there is no target 'splank'"):
        transpile(RULE, "splank")
    with pytest.raises(ValueError, match="several rules"):
        transpile(f"{RULE}---\n{RULE}", "elastic-eql")
    with pytest.raises(ValueError, match="there is no such file"):
        transpile(RULE, "elastic-eql", pipelines=[Path("nowhere.yml")])


def test_query_is_exported() -> None:
    assert isinstance(transpile(RULE, "elastic-eql"), Query)
