"""The embedded Elasticsearch, and what it does with Lucene queries that the backends rely on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from typing import Any

import pytest

from transpile.verify.engines.elasticsearch import Elasticsearch, Index, Search, lucene
from transpile.verify.engines.errors import EngineError

MAPPING = {
    "properties": {
        "k": {"type": "keyword"},
        "c": {"type": "keyword", "normalizer": "lowercase"},
        "n": {"type": "long"},
        "ip": {"type": "ip"},
    }
}
DOCUMENTS: list[dict[str, Any]] = [
    {"k": r"C:\Windows\cmd.exe", "c": r"C:\Windows\CMD.exe"},  # 0
    {"k": r"C:\Windows\CMD.EXE"},  # 1
    {"k": ""},  # 2
    {"n": 50},  # 3
    {"k": "50", "n": 9},  # 4
    {"ip": "10.1.1.1"},  # 5
    {"ip": "::ffff:10.1.1.1"},  # 6
    {"ip": "fe80::1"},  # 7
    {"k": "a~b#c@d&e<f>g"},  # 8
    {"k": "line one\nline two"},  # 9
    {"ip": "127.0.0.1"},  # 10
    {"k": "x/y\\"},  # 11
    {"k": 'say "hi" (a[b]{c}) +-^$'},  # 12
    {"c": "ÄRGER"},  # 13
]

FOUND = [
    # A keyword field is cased: a wildcard misses what a regex with both cases finds.
    (r"k:*\\cmd.exe", {0}),
    (r"k:/.*[\\][cC][mM][dD]\.[eE][xX][eE]/", {0, 1}),
    # A field with a lowercase normalizer folds the query too.
    (r"c:*\\cmd.EXE", {0}),
    (r"c:ärger", {13}),
    # Empty, present, absent.
    ('k:""', {2}),
    ("k:?*", {0, 1, 4, 8, 9, 11, 12}),
    ("_exists_:k", {0, 1, 2, 4, 8, 9, 11, 12}),
    ("(NOT _exists_:k) AND _exists_:n", {3}),
    # In a regex these are themselves only when escaped.
    (r"k:/a\~b\#c\@d\&e\<f\>g/", {8}),
    (r"k:/say \"hi\" \(a\[b\]\{c\}\) \+\-\^\$/", {12}),
    # A backslash as a class, also at the end of the regex.
    (r"k:/x\/y[\\]/", {11}),
    # A dot matches a newline; ^ and $ are plain characters.
    ("k:/line.*two/", {9}),
    ("k:/^line.*/", set()),
    ("k:/.*one$/", set()),
    # An empty alternative must be a group of its own.
    (r"k:/(50|())/", {2, 4}),
    # Ranges of an ip field; the IPv4 range finds the mapped address too.
    ('ip:"10.0.0.0/8"', {5, 6}),
    ('ip:"fe80::/10"', {7}),
    # A range of a keyword field compares as text, of a long field as numbers.
    ("n:>=9", {3, 4}),
    ("k:>=9 AND _exists_:n", set()),
]


@pytest.fixture(scope="module")
def index(elasticsearch: Elasticsearch) -> Index:
    return elasticsearch.index(MAPPING, DOCUMENTS)


@pytest.mark.parametrize(("query", "found"), FOUND)
def test_lucene_query_finds(index: Index, query: str, found: set[int]) -> None:
    assert index.search_lucene(query) == found


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("k:(a", "Cannot parse"),
        ("n:a*", "type [long]"),
        ("ip:127.*", "type [ip]"),
        ("k:/(/", "unexpected end-of-string"),
        (r"k:/x\\/ OR k:/a/", "Cannot parse"),
        ("word", "not an IP string literal"),
        (f"k:/{'a' * 1001}/", "max_regex_length"),
        ("k:/.*(a|b)*.{100,200}(c|d)*.{100,200}/", "Determinizing"),
    ],
)
def test_lucene_query_is_refused(index: Index, query: str, reason: str) -> None:
    with pytest.raises(EngineError) as error:
        index.search_lucene(query)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("query", "missed"),
    [(r"k:/a\~b#c\@d\&e\<f\>g/", 8), (r"k:/a\~b\#c\@d\&e<f>g/", 8), ("k:/(50|)/", 2)],
)
def test_lucene_regex_does_not_mean_what_it_seems(index: Index, query: str, missed: int) -> None:
    """Releases differ in whether they refuse it or find nothing; none finds what is meant."""
    (result,) = index.search_many([Search(lucene(query))])
    assert isinstance(result, EngineError) or missed not in result


def test_lenient_search_of_all_fields_hides_what_fails(index: Index) -> None:
    assert index.search_lucene("50", lenient=True) == {3, 4}
    assert index.search_lucene("127.*", lenient=True) == set()


def test_query_dsl_folds_the_case_of_ascii_only(index: Index) -> None:
    folded = {"wildcard": {"k": {"value": "*\\\\CmD.eXe", "case_insensitive": True}}}
    assert index.search_dsl(folded) == {0, 1}


def test_groups_restrict_a_search_and_are_no_field(elasticsearch: Elasticsearch) -> None:
    documents = [{"k": "a"}, {"k": "a"}, {"k": "b"}]
    index = elasticsearch.index(MAPPING, documents, groups=["7", "8", "7"])
    assert index.search_lucene("k:a") == {0, 1}
    assert index.search_lucene("k:a", group="7") == {0}
    assert index.search_lucene("NOT k:a", group="7") == {2}
    assert index.search_lucene("7", lenient=True) == set()
    searches = [Search(lucene("k:a"), "8"), Search(lucene("k:("), "8"), Search(lucene("k:b"))]
    first, second, third = index.search_many(searches)
    assert (first, third) == ({1}, {2})
    assert isinstance(second, EngineError)
    index.delete()
    index.delete()
    with pytest.raises(EngineError, match="no such index"):
        index.search_lucene("k:a")


def test_more_documents_than_one_request(elasticsearch: Elasticsearch) -> None:
    index = elasticsearch.index(MAPPING, [{"n": number} for number in range(10_001)])
    assert index.search_lucene("n:>=1") == set(range(1, 10_001))
    with pytest.raises(EngineError, match="10001 documents found"):
        index.search_lucene("_exists_:n")
    index.delete()


def test_rejected_document_is_named(elasticsearch: Elasticsearch) -> None:
    with pytest.raises(EngineError) as error:
        elasticsearch.index(MAPPING, [{"n": 1}, {"n": "many"}])
    assert "document 1 is rejected" in str(error.value)
    assert 'For input string: "many"' in str(error.value)
    assert '{"n": "many"}' in str(error.value)


def test_unknown_field_type_is_refused(elasticsearch: Elasticsearch) -> None:
    with pytest.raises(EngineError, match=r"No handler for type \[wildcard\]"):
        elasticsearch.index({"properties": {"f": {"type": "wildcard"}}}, [])


def test_a_cluster_named_by_the_environment_is_used_and_left_clean(
    elasticsearch: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch.url)
    with Elasticsearch.start() as guest:
        index = guest.index(MAPPING, [{"k": "a"}])
        assert index.search_lucene("k:a") == {0}
        assert index.name.startswith("sigma-transpile-")
    with pytest.raises(EngineError, match="no such index"):
        Index(elasticsearch.client, index.name).search_lucene("k:a")


def test_no_cluster_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"no healthy Elasticsearch at http://127\.0\.0\.1:9"):
        Elasticsearch.start()


KILLED = """
import os, signal
from transpile.verify.engines.elasticsearch import Elasticsearch
print(Elasticsearch.start().url, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif("ELASTICSEARCH_URL" in os.environ, reason="no server of our own to end")
def test_server_ends_with_a_killed_process() -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=120, check=False
    )
    url = run.stdout.strip()
    assert url.startswith("http://127.0.0.1:"), run.stderr
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/_cluster/health", timeout=5).close()
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail(f"the server at {url} outlived the process that started it")
