"""Whatever text stands in a rule, its query looks for that text and for nothing else.

Each text is looked for beside a second condition. A text that left its literal would change what
is found: other documents, or none, or an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backends
from transpile.ir.nodes import (
    And,
    Equals,
    Exists,
    Field,
    Glob,
    Node,
    Or,
    Regex,
    Type,
    Wildcard,
)
from transpile.ir.search import Search
from transpile.targets.kusto import is_name
from transpile.verify.engines import eql_dsl
from transpile.verify.engines.elasticsearch import Elasticsearch, lucene
from transpile.verify.engines.elasticsearch import Search as DslSearch
from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.kusto import KustoEngine
from transpile.verify.engines.spl import Spl

RUN = Wildcard.ANY_RUN
LANGUAGES = ["spl", "kql", "lucene", "dsl", "eql"]
TYPES = {"spl": Type.STRING, "kql": Type.STRING}
TABLE = "Events"
INJECTIONS = (
    '" OR 1=1 OR "',
    "' OR alpha=*",
    '*" OR beta="*',
    '") or ("a" == "a',
    "x) OR (beta:*",
    "/ OR beta:/.*",
    '"}}]}}',
    "x | delete",
    "`macro`",
    "[search *]",
    "\\",
    "\\\\",
    '\\"',
    'a\\" or true //',
    '"""',
    "a*b?c",
    "$token$",
    "%placeholder%",
    "AND",
    "NOT",
    "TO",
    "null",
    "\n| take 1",
    "// comment",
    "<&>",
    "ÄÖü",
)
texts = st.one_of(
    st.sampled_from(INJECTIONS),
    st.text("\"'`\\*?/|()[]{}<>&:=~^$#@%!+-. \t\nabAB1é", min_size=1, max_size=8),
    st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn", "Co")), min_size=1),
)
batches = st.lists(texts, min_size=15, max_size=30, unique=True)

Row = Mapping[str, object]
Find = Callable[[Sequence[str], Sequence[Row]], list[set[int]]]


@pytest.fixture
def finders(elasticsearch: Elasticsearch) -> Mapping[str, Find]:
    """For each language what finds the positions of the rows for each query."""

    def in_elasticsearch(translate: Callable[[str, Mapping[str, str]], dict[str, object]]) -> Find:
        def find(queries: Sequence[str], rows: Sequence[Row]) -> list[set[int]]:
            names = {name for row in rows for name in row}
            mapping = {
                "subobjects": False,
                "properties": {name: {"type": "keyword"} for name in names},
            }
            index = elasticsearch.index(mapping, rows)
            types = dict.fromkeys(names, "keyword")
            results = index.search_many([DslSearch(translate(text, types)) for text in queries])
            index.delete()
            return [_good(result) for result in results]

        return find

    def in_kusto(queries: Sequence[str], rows: Sequence[Row]) -> list[set[int]]:
        columns = dict.fromkeys((name for row in rows for name in row), "string")
        engine = KustoEngine({TABLE: columns})
        return [set(engine.find(text, TABLE, rows)) for text in queries]

    def in_splunk(queries: Sequence[str], rows: Sequence[Row]) -> list[set[int]]:
        parsed = [Spl.parse(text) for text in queries]
        return [{n for n, row in enumerate(rows) if one.matches(row)} for one in parsed]

    return {
        "spl": in_splunk,
        "kql": in_kusto,
        "lucene": in_elasticsearch(lambda text, types: lucene(text)),
        "dsl": in_elasticsearch(lambda text, types: json.loads(text)["query"]),
        "eql": in_elasticsearch(eql_dsl.translate),
    }


def _good(result: set[int] | EngineError) -> set[int]:
    if isinstance(result, EngineError):
        raise result
    return result


def written(language: str, condition: Node) -> str | None:
    return (
        backends.get(language)
        .write(Search(condition, table=TABLE if language == "kql" else ""))
        .text
    )


def check(
    language: str,
    finders: Mapping[str, Find],
    values: Sequence[str],
    leaf: Callable[[Field, str], Node],
    rows_of: Callable[[str], tuple[str, str]],
) -> None:
    """Each leaf finds the first of its two rows and neither the second nor what lacks `beta`."""
    alpha = Field("alpha", TYPES.get(language, Type.KEYWORD))
    beta = Field("beta", TYPES.get(language, Type.KEYWORD))
    said = [
        (text, value, hit, miss)
        for number, value in enumerate(values)
        for hit, miss in [rows_of(value)]
        if (text := written(language, And((leaf(alpha, value), Equals(beta, f"b{number}")))))
        is not None
    ]
    rows: list[Row] = []
    wanted: list[set[int]] = []
    for _, value, hit, miss in said:
        beta_value = f"b{list(values).index(value)}"
        wanted.append({len(rows)})
        rows += [
            {"alpha": hit, "beta": beta_value},
            {"alpha": miss, "beta": beta_value},
            {"alpha": hit, "beta": "other"},
        ]
    found = finders[language]([text for text, *_ in said], rows)
    wrong = [
        (value, text, positions)
        for (text, value, *_), positions, right in zip(said, found, wanted, strict=True)
        if positions != right
    ]
    assert wrong == []
    assert len(said) > len(values) // 3


@pytest.mark.parametrize("language", LANGUAGES)
@given(values=batches)
def test_a_string_is_itself(language: str, finders: Mapping[str, Find], values: list[str]) -> None:
    check(language, finders, values, Equals, lambda value: (value, f"{value}x"))


@pytest.mark.parametrize("language", LANGUAGES)
@given(values=batches)
def test_a_cased_string_is_itself(
    language: str, finders: Mapping[str, Find], values: list[str]
) -> None:
    check(
        language,
        finders,
        values,
        lambda field, value: Equals(field, f"A{value}", cased=True),
        lambda value: (f"A{value}", f"a{value}"),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@given(values=batches)
def test_the_text_of_a_glob_is_itself(
    language: str, finders: Mapping[str, Find], values: list[str]
) -> None:
    check(
        language,
        finders,
        values,
        lambda field, value: Glob(field, (RUN, f"q{value}q", RUN)),
        lambda value: (f"xq{value}qx", f"xq{value[:-1]}qx"),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@given(values=batches)
def test_an_escaped_regex_is_its_text(
    language: str, finders: Mapping[str, Find], values: list[str]
) -> None:
    check(
        language,
        finders,
        values,
        lambda field, value: Regex(field, f"q{re.escape(value)}q"),
        lambda value: (f"xq{value}qx", f"xq{value[:-1]}qx"),
    )


# What the languages read as no name, or not as a part of one, where it stands alone.
WORDS = ("AND", "OR", "NOT", "TO", "and", "or", "not", "in", "where", "null", "true", "_exists_")
names = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.text(
            "\"'`\\*?/|()[]{}<>&:=~^$#@%!+-. abAB1é\t\n\x07\x7f\xad\u200b\u202e\u2028\u3000",
            min_size=1,
            max_size=6,
        ),
    ).filter(lambda name: not re.search(r"^[.\s]|[.\s]$|\.\.", name)),
    min_size=10,
    max_size=20,
    unique_by=str.lower,
)
TESTS: Mapping[str, Callable[[Field], Node]] = {
    "alone": lambda field: Equals(field, "v"),
    "list": lambda field: Or((Equals(field, "v"), Equals(field, "1"))),
    "pattern": lambda field: Glob(field, ("v", RUN)),
    "presence": Exists,
}


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("language", LANGUAGES)
@given(fields=names)
def test_a_field_is_the_one_that_is_named(
    language: str, test: str, finders: Mapping[str, Find], fields: list[str]
) -> None:
    kind = TYPES.get(language, Type.KEYWORD)
    # No column of Kusto has any other name, so no table can be made to run a query on.
    sayable = [name if language != "kql" or is_name(name) else "plain" for name in fields]
    rows: list[Row] = [{name: "v", "beta": str(n)} for n, name in enumerate(sayable)]
    queries = [written(language, TESTS[test](Field(name, kind))) for name in sayable]
    said = [
        (text, number)
        for number, text in enumerate(queries)
        if text is not None and sayable[number] == fields[number]
    ]
    found = finders[language]([text for text, _ in said], rows)
    wrong = [
        (fields[number], text, positions)
        for (text, number), positions in zip(said, found, strict=True)
        if positions != {number}
    ]
    assert wrong == []
