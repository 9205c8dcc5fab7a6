from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from transpile.verify.events import DEFAULT_LIMIT, boundary_events
from transpile.verify.predicates import Cidr, Regex
from transpile.verify.reference import Meaning
from transpile.verify.sample import samples
from transpile.verify.values import addresses

UNSATISFIABLE = {
    # CommandLine is to equal one text and to hold a GUID which that text doesn't have
    "proc_creation_win_xwizard_runwizard_com_object_exec.yml",
}


def rule(text: str) -> Meaning:
    return Meaning.of({"detection": yaml.safe_load(text)})


def labelled(meaning: Meaning, limit: int = DEFAULT_LIMIT) -> tuple[list[object], list[object]]:
    """The values of the field ``f`` in the events that hit, and in those that miss."""
    hits: list[object] = []
    misses: list[object] = []
    for event in boundary_events(meaning, limit):
        (hits if meaning.matches(event) else misses).append(event.get("f"))
    return hits, misses


FILTERED = rule(
    r"""
    selection:
        Image|endswith: ['\net.exe', '\net1.exe']
        CommandLine|contains|all: [' user ', '/add']
        Port|gte: 1024
    filter_ip: {Ip|cidr: [10.0.0.0/8, 'fe80::/10']}
    filter_parent: {ParentImage: null}
    condition: selection and not 1 of filter_*
    """
)


def test_every_leaf_is_hit_and_missed() -> None:
    events = boundary_events(FILTERED)
    for leaf in FILTERED.leaves:
        assert {leaf.holds(event) for event in events} == {True, False}


def test_each_alternative_leads_to_a_hit_and_each_leg_alone_to_a_miss() -> None:
    events = boundary_events(FILTERED)
    hits = [event for event in events if FILTERED.matches(event)]
    misses = [event for event in events if not FILTERED.matches(event)]
    images = {str(event.get("Image")).rpartition("\\")[2].lower() for event in hits}
    assert images == {"net.exe", "net1.exe"}
    base = hits[0]
    for field in ("Image", "CommandLine", "Port", "Ip"):
        others = {name: value for name, value in base.items() if name != field}
        assert any(
            {name: value for name, value in event.items() if name != field} == others
            for event in misses
        )


def test_the_whole_event_comes_in_the_other_case() -> None:
    events = boundary_events(FILTERED)
    first = events[0]
    swapped = {n: v.swapcase() if isinstance(v, str) else v for n, v in first.items()}
    assert swapped in events
    assert swapped != first


def test_each_field_comes_absent_and_each_text_empty() -> None:
    events = boundary_events(FILTERED)
    for field in FILTERED.fields:
        assert any(field not in event for event in events)
    for field in ("Image", "CommandLine"):
        assert any(event.get(field) == "" for event in events)


@pytest.mark.parametrize("limit", [1, 7, 60, 1000])
def test_the_limit_holds_and_no_event_comes_twice(limit: int) -> None:
    events = boundary_events(FILTERED, limit)
    assert 1 <= len(events) <= limit
    assert all(events.count(event) == 1 for event in events)
    assert all(value is not None for event in events for value in event.values())


def test_a_long_list_is_sampled_over_its_whole_length() -> None:
    words = [f"word{number:04}" for number in range(1000)]
    meaning = Meaning.of({"detection": {"s": {"f|contains": words}, "condition": "s"}})
    hits, misses = labelled(meaning)
    assert len(hits) + len(misses) == DEFAULT_LIMIT
    assert len({str(value)[1:7] for value in hits if str(value).startswith("xword")}) >= 10
    assert misses


def test_events_are_the_same_in_every_process() -> None:
    script = (
        "from transpile.verify.reference import Meaning\n"
        "from transpile.verify.events import boundary_events\n"
        "m = Meaning.of({'detection': {'s': {'a|contains|all': ['x', 'y'], 'b|re': 'a+(b|c)',"
        " 'c': ['p', 'q']}, 'k': ['w'], 'condition': 's or not k'}})\n"
        "print(boundary_events(m))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


# What each kind of test is surrounded with


def test_around_an_equal_text() -> None:
    hits, misses = labelled(rule("{s: {f: cmd.exe}, condition: s}"))
    assert {"cmd.exe", "CMD.EXE"} <= set(hits)
    assert {"x cmd.exe", "cmd.exe x", "cmdZexe", "cmd.ex", "cmd.exe\n", "", None} <= set(misses)


def test_around_a_suffix() -> None:
    hits, misses = labelled(rule(r"{s: {f|endswith: '\a.exe'}, condition: s}"))
    assert {"\\a.exe", "x\\a.exe", "x x\\a.exe", "X\\A.EXE", "x\nx\\a.exe"} <= set(hits)
    assert {"x\\a.exe x", "x/a.exe", "x\\a.exe\n"} <= set(misses)


def test_around_a_contained_text() -> None:
    hits, misses = labelled(rule("{s: {f|contains: ' -a '}, condition: s}"))
    for neighbour in ('"', "\\", "*", "?", "<", ">", "&", "\n", "\xe9"):
        assert any(neighbour in str(value) for value in hits)
    assert "x-ax" in misses


def test_around_wildcards() -> None:
    hits, misses = labelled(rule("{s: {f: 'a?c'}, condition: s}"))
    assert {"a*c", "a\nc", "a\\c"} <= set(hits)
    assert {"ac", "aqqc"} <= set(misses)
    hits, _ = labelled(rule("{s: {f: 'a*c'}, condition: s}"))
    assert {"ac", "a c"} <= set(hits)


def test_around_a_literal_star_and_question_mark() -> None:
    hits, misses = labelled(rule(r"{s: {f: 'a\*b\?c'}, condition: s}"))
    assert "a*b?c" in hits
    assert {"aZbZc", "abc", "aZZb?c", "a*bZc"} <= set(misses)


def test_around_numbers() -> None:
    hits, misses = labelled(rule("{s: {f: 4688}, condition: s}"))
    assert {4688, "4688"} <= set(hits)
    assert {4687, 4689, 46880} <= set(misses)
    hits, misses = labelled(rule("{s: {f|gt: 9}, condition: s}"))
    assert {10, "10"} <= set(hits)
    assert {9, "9", 8, "8"} <= set(misses)


def test_around_networks() -> None:
    hits, misses = labelled(rule("{s: {f|cidr: 10.0.0.0/8}, condition: s}"))
    assert {"10.0.0.0", "10.255.255.255"} <= set(hits)
    assert {"9.255.255.255", "11.0.0.0"} <= set(misses)
    hits, misses = labelled(rule("{s: {f|cidr: 'fe80::/10'}, condition: s}"))
    assert {"fe80::", "fe80:0:0:0:0:0:0:0", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} <= set(hits)
    assert {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::"} <= set(misses)


def test_the_ends_of_the_address_space_have_nothing_outside() -> None:
    for text in ("{f|cidr: 0.0.0.0/0}", "{f|cidr: '::/0'}", "{f|cidr: 255.255.255.255/32}"):
        leaf = rule(f"{{s: {text}, condition: s}}").leaves[0]
        assert isinstance(leaf.test, Cidr)
        assert all(Cidr(leaf.test.network).accepts(a, {}) for a in addresses(leaf.test.network)[:1])


def test_around_null_and_empty() -> None:
    hits, misses = labelled(rule("{s: {f: null}, condition: s}"))
    assert None in hits
    assert "" in misses
    hits, misses = labelled(rule("{s: {f: ''}, condition: s}"))
    assert "" in hits
    assert None in misses


def test_around_another_field() -> None:
    meaning = rule("{s: {f|fieldref: g}, condition: s}")
    events = boundary_events(meaning)
    hits = [event for event in events if meaning.matches(event)]
    assert any(event["f"] != event["g"] for event in hits)
    assert {"f": None, "g": None}.keys() >= {n for event in events for n in event}
    assert any("g" not in event for event in events)


def test_keywords_are_in_the_raw_message() -> None:
    meaning = rule("{s: {'|all': [one, two]}, condition: s}")
    events = boundary_events(meaning)
    assert all(set(event) <= {"_raw"} for event in events)
    assert meaning.matches(events[0])


@pytest.mark.parametrize(
    "text",
    [
        "{s: {f|startswith: 'C:\\a\\', f|endswith: '\\b.exe', f|contains: mid}, condition: s}",
        "{s: {f|startswith: ab, f|endswith: bc, f|contains: abc}, condition: s}",
        "{s: {f|contains|all: [abc, cde], f: 'x*y'}, condition: s}",
        "{s: {f|re: '^a\\d{3}', f|endswith: '.txt'}, condition: s}",
        "{s: {f|gt: 5, f|lt: 7}, condition: s}",
        "{s: {f|cidr: 10.0.0.0/8}, n: {f|cidr: 10.128.0.0/9}, condition: s and not n}",
        "{s: {f|contains: a}, n: {f|contains: xa}, condition: s and not n}",
        "{s: {f|hour: 3, f|month: 12}, condition: s}",
        "{s: {f|week: 52, f|year: 2021}, condition: s}",
        "{s: {f|fieldref: g, g|startswith: a}, n: {f: a}, condition: s and not n}",
        "{s: {f|exists: true}, n: {f: ['*a*', '*7*', '']}, condition: s and not n}",
        "{s: {f|fieldref: g}, condition: not s}",
        "{a: {f: x}, b: {f: y}, c: {g: z}, condition: 1 of a* and not b and not c}",
    ],
)
def test_tests_of_one_field_are_met_together(text: str) -> None:
    meaning = rule(text)
    assert any(meaning.matches(event) for event in boundary_events(meaning))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^a\d{3}[b-d]+(x|yy)?$",
        r"\s-k\s\w{1,64}(?:\s?(?:-p|-s))?",
        r"(.){200,}",
        r"[^\\]{1,256}\.tmp$",
        r"(?i)\$\{`?e`?n`?v`?\}",
        r"(ab|cd)\1",
        r"a(?=b)",
        r"\bword\b",
        r"(?:(?:25[0-5]|(?:2[0-4]|1\d|[1-9])?\d)(?:\.|\b)){4}",
        r"\n\n[\x00-\x08]",
    ],
)
def test_samples_of_a_regular_expression(pattern: str) -> None:
    regex = Regex(pattern)
    found = samples(regex)
    assert found
    assert all(regex.accepts(text, {}) for text in found)


def test_an_expression_that_finds_nothing_has_no_samples() -> None:
    assert samples(Regex(r"a\Bb$^c")) == ()


@pytest.mark.corpus
def test_every_rule_of_the_corpus_is_hit_and_missed(corpus: Path) -> None:
    never_hit, never_missed = set(), set()
    for path in sorted(corpus.rglob("*.yml")):
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader):
            meaning = Meaning.of(document)
            labels = {meaning.matches(event) for event in boundary_events(meaning)}
            if True not in labels:
                never_hit.add(path.name)
            if False not in labels:
                never_missed.add(path.name)
    assert never_hit == UNSATISFIABLE
    assert never_missed == set()
