"""Queries fitted to indices that a real Elasticsearch holds, and what they find there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from transpile.ir.nodes import Equals, Field, Type
from transpile.load.files import RuleFile
from transpile.query import Outcome, Query
from transpile.run.convert import Converter
from transpile.schema.cluster import Connection, read
from transpile.schema.file import text_of
from transpile.schema.model import ClusterSchema, Folds, Shape
from transpile.targets.fitted import Fitting
from transpile.verify.engines import eql_dsl
from transpile.verify.engines.elasticsearch import Elasticsearch, Index, lucene

SETTINGS = {"analysis": {"normalizer": {"lc": {"type": "custom", "filter": ["lowercase"]}}}}
KEYWORD: dict[str, Any] = {"type": "keyword"}
CASELESS = {"type": "keyword", "normalizer": "lc"}
TEXT = {"type": "text"}
SCOPE = {"winlog.channel": KEYWORD, "event.code": KEYWORD}
EVENT = {"winlog.channel": "Microsoft-Windows-Sysmon/Operational", "event.code": "1"}
CONNECTION = {**EVENT, "event.code": "3"}
LANGUAGES = ("elastic-lucene", "elastic-eql", "elastic-dsl")

Document = Mapping[str, object]


def convert(
    path: Path, schema: ClusterSchema, detection: str, category: str, targets: Sequence[str]
) -> tuple[Query, ...]:
    path.write_text(text_of(schema), "utf-8")
    logsource = f"logsource: {{product: windows, category: {category}}}"
    rule = f"title: A\n{logsource}\ndetection:\n  s:\n    {detection}\n  condition: s\n"
    converter = Converter(targets, schema=str(path))
    ((converted,),) = converter.convert_files([(rule.encode(), RuleFile("a.yml", "a.yml"))])
    return converted.conversion.queries


class Cluster:
    """Makes indices, converts rules for them and runs the queries."""

    def __init__(self, node: Elasticsearch, folder: Path) -> None:
        self._node = node
        self.url = node.url
        self._path = folder / "schema.json"
        self.indices: list[Index] = []

    def index(self, properties: Mapping[str, Any], documents: Sequence[Document] = ()) -> None:
        mapping = {"properties": {**SCOPE, **properties}}
        self.indices.append(self._node.index(mapping, documents, SETTINGS))

    def convert(
        self,
        detection: str,
        category: str = "process_creation",
        targets: Sequence[str] = LANGUAGES,
    ) -> tuple[Query, ...]:
        names = [index.name for index in self.indices]
        schema = read(Connection(self.url), names)
        return convert(self._path, schema, detection, category, targets)

    def found(self, query: Query, index: Index) -> set[int]:
        """The documents of an index that a query finds."""
        assert query.text is not None, query.reasons
        if query.target.endswith("lucene"):
            dsl = lucene(query.text)
        elif query.target.endswith("dsl"):
            dsl = json.loads(query.text)["query"]
        else:
            answer = self._node.client.indices.get_mapping(index=index.name)
            types = eql_dsl.field_types(answer[index.name]["mappings"])
            dsl = eql_dsl.translate(query.text, types)
        return index.search_dsl(dsl)


@pytest.fixture
def cluster(elasticsearch: Elasticsearch, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(elasticsearch, tmp_path)
    yield made
    for index in made.indices:
        index.delete()


def codes(query: Query) -> list[str]:
    return [reason.code for reason in query.reasons]


def processes(*images: str) -> list[Document]:
    return [{**EVENT, "process.executable": image} for image in images] + [{**EVENT}]


IMAGES = processes(r"C:\cmd.exe", r"C:\CMD.EXE", r"C:\cmd.exe.bak", "x" * 300 + r"\cmd.exe")
ENDS = r"Image|endswith: '\cmd.exe'"
LONG = {**KEYWORD, "ignore_above": 256}

FOUND: list[tuple[str, Mapping[str, Any], str, str, list[str], set[int]]] = [
    ("keyword", KEYWORD, ENDS, "process.executable", [], {0, 1, 3}),
    ("in lower case", CASELESS, ENDS, "process.executable", [], {0, 1, 3}),
    (
        "with a subfield in lower case",
        {**KEYWORD, "fields": {"lower": CASELESS}},
        ENDS,
        "process.executable.lower",
        [],
        {0, 1, 3},
    ),
    (
        "case counts",
        {**KEYWORD, "fields": {"lower": CASELESS}},
        r"Image|endswith|cased: '\CMD.EXE'",
        "process.executable",
        [],
        {1},
    ),
    (
        "case counts in a whole value",
        {**KEYWORD, "fields": {"lower": CASELESS}},
        r"Image|cased: 'C:\CMD.EXE'",
        "process.executable",
        [],
        {1},
    ),
    (
        "case counts and the field is in lower case",
        {**CASELESS, "fields": {"raw": KEYWORD}},
        r"Image|endswith|cased: '\CMD.EXE'",
        "process.executable.raw",
        [],
        {1},
    ),
    (
        "a subfield holds what the field lacks",
        {**LONG, "fields": {"all": KEYWORD}},
        ENDS,
        "process.executable.all",
        [],
        {0, 1, 3},
    ),
    (
        "text with a keyword subfield",
        {**TEXT, "fields": {"keyword": LONG}},
        ENDS,
        "process.executable.keyword",
        ["long-values"],
        {0, 1},
    ),
    (
        "a whole value is short enough",
        {**TEXT, "fields": {"keyword": LONG}},
        r"Image: 'c:\cmd.exe'",
        "process.executable.keyword",
        [],
        {0, 1},
    ),
    (
        "a pattern without * is short enough",
        {**TEXT, "fields": {"keyword": LONG}},
        r"Image: 'c:\c?d.exe'",
        "process.executable.keyword",
        [],
        {0, 1},
    ),
    (
        "absence is asked of what holds all",
        {**TEXT, "fields": {"keyword": LONG}},
        "Image: null",
        "process.executable",
        ["ingested-otherwise"],
        {4},
    ),
    (
        "absence of long values",
        LONG,
        "Image: null",
        "process.executable",
        ["ingested-otherwise", "long-values"],
        {3, 4},
    ),
]


@pytest.mark.parametrize(
    ("mapping", "detection", "name", "reasons", "found"),
    [case[1:] for case in FOUND],
    ids=[case[0] for case in FOUND],
)
def test_each_test_is_put_to_the_field_that_answers_it(
    cluster: Cluster,
    *,
    mapping: Mapping[str, Any],
    detection: str,
    name: str,
    reasons: list[str],
    found: set[int],
) -> None:
    cluster.index({"process.executable": mapping}, IMAGES)
    for query in cluster.convert(detection):
        assert codes(query) == reasons
        assert query.outcome is (Outcome.APPROXIMATE if reasons else Outcome.EXACT)
        assert query.fields == {"Image": name}
        assert cluster.found(query, cluster.indices[0]) == found, query.text


def test_an_empty_text_is_there(cluster: Cluster) -> None:
    mapping = {**TEXT, "fields": {"keyword": LONG}}
    cluster.index({"process.executable": mapping}, processes("", " - ", "a"))
    for query in cluster.convert("Image: null"):
        assert cluster.found(query, cluster.indices[0]) == {3}


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        (
            {"process.executable": {**KEYWORD, "index": False, "doc_values": False}},
            "unsearchable-field",
            "process.executable (for Image) is not indexed",
        ),
        (
            {"process": {"type": "nested", "properties": {"executable": KEYWORD}}},
            "nested-field",
            "is nested (in process)",
        ),
        ({"process": {"type": "flattened"}}, "field-type", "is a key of a flattened field"),
        ({"process.executable": {"type": "flattened"}}, "field-type", "is of type flattened"),
        ({"process.executable": {"type": "geo_point"}}, "field-type", "is of type geo_point"),
        ({"process.executable": {"type": "long"}}, "field-type", "is of type long"),
        ({"process.executable": {"type": "date"}}, "field-type", "is of type date"),
    ],
)
def test_fields_that_answer_no_test(
    cluster: Cluster, properties: Mapping[str, Any], code: str, words: str
) -> None:
    cluster.index(properties)
    for query in cluster.convert(ENDS):
        (reason,) = query.reasons
        assert (query.outcome, reason.code) == (Outcome.REFUSED, code)
        assert words in reason.message
        assert reason.place is not None
        assert reason.place.line == 5


def test_words_of_analysed_text_are_found(cluster: Cluster) -> None:
    cluster.index({"process.executable": TEXT}, IMAGES)
    lucene_query, eql_query, dsl_query = cluster.convert(ENDS)
    for query in (lucene_query, dsl_query):
        assert query.outcome is Outcome.APPROXIMATE
        assert codes(query) == ["words-only"]
        assert cluster.found(query, cluster.indices[0]) >= {0, 1, 3}
    (reason,) = eql_query.reasons
    assert (eql_query.outcome, reason.code) == (Outcome.REFUSED, "field-type")
    assert "is of type text" in reason.message


def test_keys_of_a_flattened_field_take_whole_values(cluster: Cluster) -> None:
    documents = [{**EVENT, "process": {"executable": text}} for text in ("17", "a17", "aA")]
    cluster.index({"process": {"type": "flattened"}}, documents)
    for detection, found in (("Image: '17'", {0}), ("Image|cased: aA", {2})):
        lucene_query, _, dsl_query = cluster.convert(detection)
        for query in (lucene_query, dsl_query):
            assert query.outcome is Outcome.EXACT
            assert cluster.found(query, cluster.indices[0]) == found


ADDRESSES: list[Document] = [
    {**CONNECTION, "destination.ip": "10.1.2.3", "destination.port": "22"},
    {**CONNECTION, "destination.ip": "11.1.2.3", "destination.port": "220"},
    {**CONNECTION},
]


@pytest.mark.parametrize("address", ["ip", "keyword"])
@pytest.mark.parametrize("port", ["long", "keyword"])
def test_addresses_and_ports_are_asked_as_they_are_mapped(
    cluster: Cluster, address: str, port: str
) -> None:
    cluster.index(
        {"destination.ip": {"type": address}, "destination.port": {"type": port}}, ADDRESSES
    )
    for detection, found in (
        ("DestinationIp|cidr: 10.0.0.0/8", {0}),
        ("DestinationPort: 22", {0}),
        ("DestinationPort|gte: 100", {1}),
        ("DestinationPort: null", {2}),
    ):
        for query in cluster.convert(detection, "network_connection"):
            # Where ingestion drops values, events without one may have had them.
            assert codes(query) == ["ingested-otherwise"] * detection.endswith("null")
            assert cluster.found(query, cluster.indices[0]) == found, query.text


def test_indices_that_differ_in_a_type(cluster: Cluster) -> None:
    port = {"destination.port": {"type": "long"}}
    for kind in ("ip", "ip", "keyword"):
        cluster.index({"destination.ip": {"type": kind}, **port}, ADDRESSES)
    queries = cluster.convert("DestinationIp|cidr: 10.0.0.0/8", "network_connection")
    for query in queries:
        (reason,) = query.reasons
        assert (query.outcome, reason.code) == (Outcome.APPROXIMATE, "field-conflict")
        told = f"destination.ip is ip, but not in {cluster.indices[2].name}; there the query"
        assert reason.message.startswith(told)
        assert cluster.found(query, cluster.indices[0]) == {0}
    for query in cluster.convert("DestinationPort: 22", "network_connection"):
        assert query.outcome is Outcome.EXACT


def test_a_subfield_that_not_all_indices_have_is_left_alone(cluster: Cluster) -> None:
    cluster.index({"process.executable": {**KEYWORD, "fields": {"caseless": CASELESS}}}, IMAGES)
    cluster.index({"process.executable": KEYWORD}, IMAGES)
    for query in cluster.convert(ENDS, targets=[*LANGUAGES, "elastic-agent-eql"]):
        assert query.outcome is Outcome.EXACT
        assert query.fields == {"Image": "process.executable"}
        for index in cluster.indices:
            assert cluster.found(query, index) == {0, 1, 3}


def test_a_multi_field_that_the_user_names(cluster: Cluster) -> None:
    cluster.index({"Company": {**KEYWORD, "fields": {"lower": CASELESS}}})
    cluster.index({"Company": KEYWORD})
    names = [index.name for index in cluster.indices]
    fitting = Fitting(read(Connection(cluster.url), names))
    leaf = Equals(Field("Company.lower", Type.KEYWORD), "x")
    fitted, (reason,) = fitting.fit(leaf)
    assert fitted.field == Field("Company.lower", Type.CASELESS)
    assert (reason.code, names[1] in reason.message) == ("field-conflict", True)


def test_an_alias_leads_to_the_field_with_its_subfields(cluster: Cluster) -> None:
    mapping = {
        "proc.path": {**KEYWORD, "fields": {"lower": CASELESS}},
        "process.executable": {"type": "alias", "path": "proc.path"},
    }
    documents = [{**EVENT, "proc.path": image} for image in (r"C:\cmd.EXE", "other")]
    cluster.index(mapping, documents)
    for query in cluster.convert(ENDS):
        assert query.outcome is Outcome.EXACT
        assert query.fields == {"Image": "proc.path.lower"}
        assert cluster.found(query, cluster.indices[0]) == {0}


def test_a_field_that_no_index_has(cluster: Cluster) -> None:
    cluster.index({"process.executables": KEYWORD})
    for query in cluster.convert(ENDS):
        (reason,) = query.reasons
        assert (query.outcome, reason.code) == (Outcome.APPROXIMATE, "absent-field")
        assert reason.message == (
            "no index has the field process.executable (for Image): a test on it finds nothing,"
            " and an EQL query fails; there is process.executables"
        )
        assert reason.place is not None
        assert (reason.place.line, reason.place.column) == (5, 21)


def test_a_reason_is_told_once(cluster: Cluster) -> None:
    cluster.index({})
    for query in cluster.convert("Image: [a, b, c]"):
        assert codes(query) == ["absent-field"]


def schema(**fields: Shape) -> ClusterSchema:
    """One with the fields of the scope besides."""
    shapes = {name.replace("__", "."): (shape,) for name, shape in fields.items()}
    scope = {"winlog.channel": (Shape("keyword"),), "event.code": (Shape("keyword"),)}
    return ClusterSchema((), (), scope | shapes)


def test_the_scope_is_fitted(tmp_path: Path) -> None:
    fitted = schema(process__executable=Shape("keyword"), winlog__channel=Shape("text"))
    (query,) = convert(tmp_path / "a", fitted, ENDS, "process_creation", ["elastic-eql"])
    assert codes(query) == ["field-type"]
    absent = ClusterSchema((), (), {"process.executable": (Shape("keyword"),)})
    (query,) = convert(tmp_path / "a", absent, ENDS, "process_creation", ["elastic-eql"])
    assert codes(query) == ["absent-field", "absent-field"]
    assert all("event.code" in r.message or "winlog.channel" in r.message for r in query.reasons)


@pytest.mark.parametrize(
    ("shape", "name", "reasons"),
    [
        (Shape("wildcard"), "process.executable", []),
        (Shape("constant_keyword"), "process.executable", []),
        (
            Shape("keyword", fields={"w": Shape("wildcard")}),
            "process.executable.w",
            [],
        ),
        (
            Shape("match_only_text", fields={"w": Shape("wildcard")}),
            "process.executable.w",
            [],
        ),
        (
            Shape("keyword", normalizer="n", folds=Folds.OTHER),
            "process.executable",
            ["normalized-field"],
        ),
    ],
)
def test_types_that_the_test_server_lacks(
    tmp_path: Path, shape: Shape, name: str, reasons: list[str]
) -> None:
    fitted = schema(process__executable=shape)
    (query,) = convert(tmp_path / "a", fitted, ENDS, "process_creation", ["elastic-lucene"])
    assert codes(query) == reasons
    assert query.fields == {"Image": name}


def test_keywords_are_looked_for_in_a_field_that_holds_the_text(tmp_path: Path) -> None:
    text = Shape("match_only_text", fields={"w": Shape("wildcard")})
    rule, words = "'|all': [abc]", ["keyword-field", "words-only"]
    for shape, told in ((text, ["keyword-field"]), (Shape("text"), words)):
        (query,) = convert(
            tmp_path / "a", schema(message=shape), rule, "process_creation", ["elastic-lucene"]
        )
        assert codes(query) == told
        assert query.text is not None
        assert ("message.w:" if shape is text else "message:*abc*") in query.text


def test_a_scope_in_lower_case(cluster: Cluster) -> None:
    cluster.index({"process.executable": KEYWORD, "winlog.channel": CASELESS}, IMAGES)
    for query in cluster.convert(ENDS):
        assert query.outcome is Outcome.EXACT, query.reasons
        assert cluster.found(query, cluster.indices[0]) == {0, 1, 3}


def test_multi_fields_of_what_an_alias_stands_for_in_some_indices_only() -> None:
    lower = Shape("keyword", normalizer="lc", folds=Folds.CASE)
    mixed = ClusterSchema(
        (),
        ("a", "b"),
        {
            "real": (Shape("keyword", fields={"lower": lower}),),
            "name": (
                Shape("alias", path="real", sources=("a",)),
                Shape("keyword", sources=("b",)),
            ),
        },
    )
    fitted, reasons = Fitting(mixed).fit(Equals(Field("name", Type.KEYWORD), "x"))
    assert (fitted.field, list(reasons)) == (Field("name", Type.KEYWORD), [])


def test_other_targets_stay_as_they_are(tmp_path: Path) -> None:
    (query,) = convert(tmp_path / "a", schema(), ENDS, "process_creation", ["splunk"])
    assert query.outcome is Outcome.EXACT
