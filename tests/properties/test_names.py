"""A field of whatever name has a query or a refusal at its place, in every target.

That a name never leaves its quoting is executed in `test_literals.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.load.files import RuleFile
from transpile.load.rules import load_bytes
from transpile.query import Outcome
from transpile.run.convert import Converter
from transpile.targets import registry

VALUES: Mapping[str, Sequence[str]] = {
    "": ("x", "''", "null", "7", "true", "[a, b, '']", "[a*, '*b', 'c?d']", "[1, 2]", "[null, Ä]"),
    "|contains": ("x", "[a, b]", "''"),
    "|contains|all": ("[a, b]",),
    "|startswith": ("[a, b]",),
    "|endswith": ("[a, b]",),
    "|cased": ("[a, b]",),
    "|startswith|cased": ("[a, b]",),
    "|re": ("'a.*b'", "[a, b]"),
    "|re|i": ("[a, 'b+']",),
    "|cidr": ("10.0.0.0/8", "[10.0.0.0/8, 'fe80::/10']"),
    "|exists": ("true", "false"),
    "|fieldref": ("User",),
    "|fieldref|contains": ("User",),
    "|lt": ("1",),
    "|gte": ("[1, 2]",),
    "|neq": ("[a, b]",),
    "|hour": ("1",),
    "|base64offset|contains": ("abc",),
}
SOURCES = ("{product: windows, category: process_creation}", "{category: proxy}")
ODD = (
    *(chr(point) for point in (0, 7, 9, 10, 13, 27, 127, 133, 160, 173, 8203, 8238, 8232, 12288)),
    *("\ufeff", "\U000e0001", "\U0001f600", "ß", "İ", *"\"'`\\*?/()[]{}<>&:=~^$#@%!+-., ;"),
)
WORDS = ("AND", "or", "not", "where", "null", "in", "TO", "_exists_", "earliest", "__x", "1", "*")


def rules(name: str) -> Iterator[str]:
    """Rules that ask for the field in each way, alone and negated."""
    items = [(f"{name}{modifier}", one) for modifier, ones in VALUES.items() for one in ones]
    written = [f"{json.dumps(key)}: {value}" for key, value in items]
    for item in (*written, f"User|fieldref: {json.dumps(name)}"):
        for condition in ("selection", "not selection"):
            yield f"detection:\n  selection:\n    {item}\n  condition: {condition}\n"


@pytest.fixture(scope="module")
def converter() -> Converter:
    return Converter(list(registry.MODULES))


def check(name: str, source: str, converter: Converter) -> None:
    texts = [f"title: T\nlogsource: {source}\n{rule}" for rule in rules(name)]
    loaded = [rule for text in texts for rule in load_bytes(text.encode(), RuleFile("r", "r"))]
    assert len(loaded) == len(texts)
    for text, conversion in zip(texts, converter.convert_all(loaded), strict=True):
        assert conversion.traceback == "", text
        for query in conversion.queries:
            assert (query.text is None) == (query.outcome in (Outcome.REFUSED, Outcome.FAILED))
            for reason in query.reasons:
                assert reason.code not in ("internal-error", "sigma-error"), text
                assert reason.place is not None or reason.code != "field-name", (query.target, text)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", [*(f"a{c}b" for c in ODD), *WORDS], ids=ascii)
def test_odd_names(name: str, source: str, converter: Converter) -> None:
    check(name, source, converter)


names = st.text(
    st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=("Cs",))),
    min_size=1,
    max_size=8,
).filter(lambda name: "|" not in name)


@settings(max_examples=40)
@given(name=names, source=st.sampled_from(SOURCES))
def test_names_of_any_characters(name: str, source: str, converter: Converter) -> None:
    check(name, source, converter)
