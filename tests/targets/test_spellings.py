"""Fields that spell an event's text otherwise: what a test says of the text holds of the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

import pytest

from transpile.ir.nodes import (
    And,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Keyword,
    Node,
    Not,
    NumberEquals,
    Or,
    Regex,
    SameAs,
    Wildcard,
)
from transpile.query import Refused
from transpile.targets.arguments import line
from transpile.targets.forms import Form, form

RUN, ONE = Wildcard.ANY_RUN, Wildcard.ANY_ONE
TEXT = Field("Text")
LINE, OTHER = Field("line"), Field("other")


def matches(node: Node, held: Mapping[str, object]) -> bool:
    """Whether a row fits, by what the nodes mean."""
    if isinstance(node, (And, Or)):
        return (all if isinstance(node, And) else any)(matches(o, held) for o in node.operands)
    if isinstance(node, Not):
        return not matches(node.operand, held)
    assert not isinstance(node, Keyword)
    value = held.get(node.field.name)
    if isinstance(node, IsNull):
        return value is None
    if value is None or isinstance(node, Exists):
        return value is not None
    return fits(node, str(value))


def fits(leaf: FieldLeaf, text: str) -> bool:
    if isinstance(leaf, Regex):
        return (
            re.search(leaf.pattern.replace("$", r"\Z"), text, _flags("i" in leaf.flags)) is not None
        )
    assert isinstance(leaf, (Equals, Glob))
    runs = {RUN: ".*", ONE: "."}
    parts = leaf.parts if isinstance(leaf, Glob) else (leaf.value,)
    pattern = "".join(runs[p] if isinstance(p, Wildcard) else re.escape(p) for p in parts)
    return re.fullmatch(pattern, text, _flags(not leaf.cased)) is not None


def _flags(caseless: bool) -> re.RegexFlag:
    return re.DOTALL | re.IGNORECASE if caseless else re.DOTALL


def differing(made: Form, leaf: FieldLeaf, texts: list[str | None]) -> list[str | None]:
    """The texts, None for no value, of which the field says something else than the text."""
    node, _ = made.test(leaf)
    found = []
    for text in texts:
        held = {} if text is None else made.held(text)
        assert held is not None, text
        if matches(node, held) is not matches(leaf, {} if text is None else {"Text": text}):
            found.append(text)
    return found


def leaves_of(texts: list[str]) -> list[FieldLeaf]:
    ways = [(), (RUN,)]
    globs = [Glob(TEXT, (*a, t, *b)) for t, a, b in product(texts, ways, ways) if a or b]
    return [*(Equals(TEXT, t) for t in texts), *globs, IsNull(TEXT), Exists(TEXT)]


ENTITIES = form("entities", (LINE,))
COMMANDS: list[str | None] = [None, *"&<;bp"]
COMMANDS += [
    "",
    "b & b",
    'sh -c "id"',
    "x>y",
    "b&b>c",
    "&amp",
    "gt",
    "AT&T",
    "b;b",
    "x<",
    "& rm",
    "; rm",
]


@pytest.mark.parametrize(
    "leaf", leaves_of(["b", " & ", "&", '"id"', ">y", "<", "b&b", "sh -c", "x&"]), ids=str
)
def test_entities(leaf: FieldLeaf) -> None:
    assert made_exactly(ENTITIES, leaf)
    assert differing(ENTITIES, leaf, COMMANDS) == []


def made_exactly(made: Form, leaf: FieldLeaf) -> bool:
    _, reasons = made.test(leaf)
    return not reasons


@pytest.mark.parametrize("text", ["quot", "AMP", "t;", ";", "gt", "; rm"])
def test_what_stands_in_entities_has_a_reason(text: str) -> None:
    for inside in (Glob(TEXT, (RUN, text, RUN)), Glob(TEXT, (RUN, text, RUN, "b"))):
        assert not made_exactly(ENTITIES, inside)
    assert made_exactly(ENTITIES, Equals(TEXT, text))
    assert made_exactly(ENTITIES, Glob(TEXT, (text, RUN)))


@pytest.mark.parametrize("pattern", ["-D", r"\s-O\s", "[0-9]{3}"])
def test_a_pattern_that_takes_no_special_character(pattern: str) -> None:
    assert made_exactly(ENTITIES, Regex(TEXT, pattern))


@pytest.mark.parametrize("pattern", ["(.){9,}", "a>", '"', r"\S+", "[^a]", "(?<!x)a", "amp", ";"])
def test_a_pattern_that_may_take_one_has_a_reason(pattern: str) -> None:
    assert not made_exactly(ENTITIES, Regex(TEXT, pattern))
    assert not made_exactly(ENTITIES, Glob(TEXT, ("a", ONE, "b")))


ARGUMENTS = form("arguments", (LINE,))
COMMAND_LINES = [
    ["nc", "-l"],
    ["nc", "-e", "/bin/sh"],
    ["nc", "-e"],
    ["osascript", "-e", 'display "a b"'],
    ["osascript", "-e", "say x", "y"],
    ["sh", "-c", "nc -l"],
    ["sh", "-c", "x -e y"],
    ["my app", "-l"],
    ["echo", 'a"b'],
    ["echo", "a\\b", "c"],
    ["echo", "a\\b c"],
    ["say x"],
    [""],
]


@pytest.mark.parametrize(
    "leaf",
    [
        *leaves_of(["nc -l", " -l", "-e ", " -e ", "nc", " ", "-l", "say x", "my", "app -l"]),
        *leaves_of(['a"b', "a\\b", 'display "a', "x y", "b c", "y", "o", "e", "nc -e", ""])[:-2],
        Glob(TEXT, ("nc", RUN, "sh")),
        Glob(TEXT, ("nc ", ONE, "l")),
        Glob(TEXT, (RUN, "a", ONE, "b", RUN)),
        Glob(TEXT, (RUN, "-c", ONE, "nc", RUN)),
    ],
    ids=str,
)
def test_arguments(leaf: FieldLeaf) -> None:
    node, reasons = ARGUMENTS.test(leaf)
    assert list(reasons) == []
    for words in COMMAND_LINES:
        text = " ".join(words)
        assert matches(node, {"line": line(words)}) is matches(leaf, {"Text": text}), words
    assert matches(node, {}) is matches(leaf, {})


def test_how_osquery_writes_arguments() -> None:
    assert line(["sh", "-c", 'say "x"', "a\\b", "c\\ d"]) == ('sh -c "say \\"x\\"" a\\b "c\\\\ d" ')
    assert ARGUMENTS.held("nc -l") == {"line": "nc -l "}


def test_what_else_is_asked_of_arguments() -> None:
    assert not made_exactly(ARGUMENTS, Regex(TEXT, "nc$"))
    with pytest.raises(Refused):
        ARGUMENTS.test(NumberEquals(TEXT, 1))


DASH = form("dashed", (LINE, OTHER))


@pytest.mark.parametrize(
    "leaf",
    [
        *leaves_of(["curl", "c", "a-b", "-b"]),
        Glob(TEXT, (RUN, "-", RUN)),
        Glob(TEXT, (ONE,)),
        Glob(TEXT, (RUN,)),
        Regex(TEXT, "^.{0,3}$"),
    ],
    ids=str,
)
@pytest.mark.parametrize("field", ["line", "other"])
def test_a_dash_for_none(leaf: FieldLeaf, field: str) -> None:
    node, reasons = DASH.test(leaf)
    assert list(reasons) == []
    for text in ["curl", "a-b", "c", "", "--"]:
        assert matches(node, {field: text}) is matches(leaf, {"Text": text}), text
    for none in ({}, {field: "-"}, {"line": "-", "other": "-"}):
        assert matches(node, none) is matches(leaf, {}), none


def test_only_a_test_for_a_dash_finds_one() -> None:
    node, _ = DASH.test(Equals(TEXT, "-"))
    assert matches(node, {"line": "-"})
    assert DASH.held("-") is None


URLS = [
    ("http://www.example.com/a/b.exe?x=1#y", "www.example.com", "x=1", "exe"),
    ("https://user:pw@host.example:8443/setup.msi", "host.example", None, "msi"),
    ("www.example.com/a.tar.gz", "www.example.com", None, "gz"),
    ("www.example.com:443", "www.example.com", None, None),
    ("http://evil.exe", "evil.exe", None, None),
    ("http://a.example/?u=http://b.example/c.zip", "a.example", "u=http://b.example/c.zip", None),
    ("http://a.example/dir.d/file", "a.example", None, None),
]


@pytest.mark.parametrize(("url", "host", "query", "ending"), URLS)
def test_the_parts_of_a_url(url: str, host: str, query: str | None, ending: str | None) -> None:
    parts = {"url-host": host, "url-query": query, "url-ending": ending}
    asked = [text for *_, h, q, e in URLS for text in (h, q, e) if text]
    for name, part in parts.items():
        made = form(name, (LINE,))
        told: dict[str, object] = {} if part is None else {"Text": part}
        for leaf in leaves_of([*asked, ".com", "x=", "example"]):
            node, _ = made.test(leaf)
            if name == "url-ending" and isinstance(leaf, Glob) and "." in str(leaf.parts):
                continue  # what follows the last dot has none
            assert matches(node, {"line": url}) is matches(leaf, told), (name, leaf)
        assert matches(made.test(IsNull(TEXT))[0], {})


def test_of_a_part_only_texts_can_be_asked() -> None:
    for name, example in (("url-host", "a.b"), ("url-query", "a=b"), ("url-ending", "exe")):
        made = form(name, (LINE,))
        with pytest.raises(Refused):
            made.test(Regex(TEXT, "a"))
        held = made.held(example)
        assert held is not None
        assert matches(made.test(Equals(TEXT, example.upper()))[0], held)
        assert not matches(made.test(Equals(TEXT, example.upper(), cased=True))[0], held)
    assert form("url-ending", (LINE,)).held("a.b") is None
    assert matches(form("url-ending", (LINE,)).test(NumberEquals(TEXT, 7))[0], {"line": "a/b.7"})


@pytest.mark.parametrize("name", ["arguments", "dashed", "entities", "url-host"])
def test_two_fields_are_not_compared(name: str) -> None:
    with pytest.raises(Refused) as refused:
        form(name, (LINE,)).test(SameAs(TEXT, OTHER))
    assert refused.value.reason.code == "kept-in-parts"
