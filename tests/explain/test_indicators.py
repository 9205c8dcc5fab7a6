"""What rules look for, and how many look for the same."""

from __future__ import annotations

from transpile.explain.indicators import Corpus, Indicator, Seeker, count, indicators
from transpile.explain.stages import Predicate


def found(key: str, value: object) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in indicators([Predicate(key, value)])]


def test_kinds() -> None:
    assert found("F|contains", " a ") == [("match", "a")]
    assert found("F", "*\\a.exe") == [("match", "\\a.exe")]
    assert found("F", "*\\a\\*") == [("match", "\\a\\*")]  # the last star is a literal one
    assert found("F|re", "a*") == [("regex_match", "a*")]
    assert found("F|cidr", "10.0.0.0/8") == [("cidr_match", "10.0.0.0/8")]
    assert found("F|base64offset|contains", "a") == [("base64_match", "a")]
    assert found("F|gte", 5) == [("greater_or_equal_match", "5")]
    assert found("F", 4688) == [("match", "4688")]
    assert found("F", None) == found("F", "") == found("F|exists", True) == found("F", "*") == []
    assert indicators([Predicate("", "word")])[0].field == "(any field)"


def test_blanks_case_and_anchors_make_no_difference() -> None:
    keys = {
        indicators([Predicate(key, value)])[0].key
        for key, value in (("F|contains", " Ab "), ("F|endswith", "ab"), ("F", "*AB*"))
    }
    assert len(keys) == 1
    cased = {indicators([Predicate("F|re", value)])[0].key for value in ("Ab", "ab")}
    assert len(cased) == 2


def test_counts_begin_at_two_and_tell_the_sources() -> None:
    corpus = Corpus()
    indicator = Indicator("F", "match", "a")
    corpus.add(Seeker("1", "upstream"), [indicator])
    corpus.add(Seeker("1", "upstream"), [indicator])
    assert count(corpus, indicator) is None
    corpus.add(Seeker("2", "own"), [indicator])
    corpus.add(Seeker("3", "own"), [indicator])
    assert str(count(corpus, indicator)) == "corpus 3 (own 2, upstream 1)"
