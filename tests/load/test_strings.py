"""Strings and the modifiers that put wildcards around them: the same as pySigma's."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaDetectionItem
from sigma.types import SigmaString

from transpile.load.modifiers import detection_item, string

TEXTS = st.text("\\*?a/-", max_size=8)


@given(TEXTS)
@settings(max_examples=500)
def test_a_string_is_read_as_pysigma_reads_it(text: str) -> None:
    ours, theirs = string(text), SigmaString(text)
    assert (ours.s, ours.original) == (theirs.s, theirs.original)


@given(
    st.one_of(TEXTS, st.integers(), st.sampled_from(["%x%", "a%x%"])),
    st.lists(
        st.sampled_from(["contains", "startswith", "endswith", "cased", "expand", "all"]),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=500)
def test_modifiers_make_of_it_what_pysigma_makes(value: str | int, modifiers: list[str]) -> None:
    key = "|".join(["field", *modifiers])
    if isinstance(value, int):
        value = str(value)  # text modifiers take a number for the text that spells it
    try:
        theirs = SigmaDetectionItem.from_mapping(key, value)
    except Exception as error:
        try:
            detection_item(key, value)
        except type(error):
            return
        raise
    ours = detection_item(key, value)
    assert [type(one) for one in ours.values] == [type(one) for one in theirs.value]
    assert [getattr(one, "s", None) for one in ours.values] == [
        getattr(one, "s", None) for one in theirs.value
    ]
