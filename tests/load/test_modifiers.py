"""Modifiers that work on bytes and dashes, against what the specification's words give by hand.

The encoded values were made with coreutils: printf 'ping' | iconv -t utf-16le | base64
"""

from __future__ import annotations

import base64

import pytest
from sigma.exceptions import SigmaError
from sigma.types import SigmaExpansion, SigmaString, SigmaType

from transpile.load.modifiers import detection_item


def texts(key: str, value: object) -> list[str]:
    """The texts that an item of that key looks for; wildcards as they are written."""

    def of(one: SigmaType) -> list[str]:
        if isinstance(one, SigmaExpansion):
            return [text for part in one.values for text in of(part)]
        assert isinstance(one, SigmaString)
        return ["".join(p if isinstance(p, str) else "*" for p in one.s)]

    return [text for one in detection_item(key, value).values for text in of(one)]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("F|wide", "ab", ["a\0b\0"]),
        ("F|utf16le", "ab", ["a\0b\0"]),
        ("F|utf16be", "ab", ["\0a\0b"]),
        ("F|utf16", "ab", ["\xff\xfea\0b\0"]),
        ("F|base64", "ping", ["cGluZw=="]),
        ("F|wide|base64", "ping", ["cABpAG4AZwA="]),
        ("F|utf16|base64", "ping", ["//5wAGkAbgBnAA=="]),
        ("F|utf16be|base64", "ping", ["AHAAaQBuAGc="]),
        ("F|wide|base64", "ä", ["5AA="]),
        ("F|base64", "ä", ["w6Q="]),
        ("F|base64offset|contains", "foobar", ["*Zm9vYmFy*", "*Zvb2Jhc*", "*mb29iYX*"]),
        ("F|base64offset|contains", "/bin", ["*L2Jpb*", "*9iaW*", "*vYmlu*"]),
        ("F|contains", 5, ["*5*"]),
        ("F|endswith", [4, ".x"], ["*4", "*.x"]),
        (r"F|base64", r"a\*b", [base64.b64encode(b"a*b").decode()]),
    ],
)
def test_text(key: str, value: object, expected: list[str]) -> None:
    assert texts(key, value) == expected


@pytest.mark.parametrize("value", ["foobar", "x1", "päß", "/bin/sh -i"])
def test_an_offset_is_found_wherever_the_value_stands(value: str) -> None:
    wanted = texts("F|base64offset", value)
    for before in range(3):
        for after in range(3):
            data = b"\xff" * before + value.encode() + b"\xff" * after
            assert wanted[before] in base64.b64encode(data).decode()


@pytest.mark.parametrize("dash", ["-", "/", "\u2013", "\u2014", "\u2015"])
def test_any_dash_stands_for_all_of_them(dash: str) -> None:
    expected = [f"* {d}a*" for d in "-/\u2013\u2014\u2015"]
    assert sorted(texts("F|windash|contains", f" {dash}a")) == sorted(expected)


def test_only_the_dash_of_a_parameter_is_one() -> None:
    assert len(texts("F|windash|contains", " -a-b")) == 5
    assert texts("F|windash|contains", "a-b") == ["*a-b*"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("F|base64", "a*b"),
        ("F|base64offset", "a"),
        ("F|base64offset", ""),
        ("F|nosuch", "a"),
        ("F|re", 5),
        ("F|contains", True),
    ],
)
def test_errors(key: str, value: object) -> None:
    with pytest.raises(SigmaError):
        detection_item(key, value)
