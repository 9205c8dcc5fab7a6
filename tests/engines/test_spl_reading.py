"""The reading of SPL on the manual's own examples and rules.

Search Reference 9.4, search, where and tstats; Search Manual 9.3, Boolean expressions and
"Difference between != and NOT".
"""

from __future__ import annotations

import pytest

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.spl import Spl


def finds(text: str, **event: object) -> bool:
    return Spl.parse(text).matches(event)


# The ponies of "Difference between != and NOT".
PONIES: list[dict[str, object]] = [
    {"ID": "101M3", "Name": "McIntosh", "Color": "Chestnut", "Location": "Marin Meadows"},
    {"ID": "104F5", "Name": "Lyra", "Color": "Bay"},
    {"ID": "104M6", "Name": "Rutherford", "Color": "Dun", "Location": "Placer Pastures"},
    {"ID": "101F2", "Name": "Rarity", "Location": "Marin Meadows"},
    {"ID": "102M7", "Name": "Dash", "Color": "Black", "Location": "Calaveras Farms"},
    {"ID": "102M1", "Name": "Roan"},
    {"ID": "101F6", "Color": "Chestnut", "Location": "Marin Meadows"},
    {"ID": "104F4", "Name": "Pinkie", "Color": "Sorrel", "Location": "Placer Pastures"},
    {"ID": "102M8", "Name": "Spike", "Color": "Grey", "Location": "Calaveras Farms"},
]


def ponies(text: str) -> list[object]:
    query = Spl.parse(text)
    return [pony["ID"] for pony in PONIES if query.matches(pony)]


def test_unequal_needs_a_value_and_not_does_not() -> None:
    unequal = ponies('Location!="Calaveras Farms"')
    assert unequal == ["101M3", "104M6", "101F2", "101F6", "104F4"]
    negated = ponies('NOT Location="Calaveras Farms"')
    assert negated == ["101M3", "104F5", "104M6", "101F2", "102M1", "101F6", "104F4"]
    assert ponies("NOT Color=*") == ["101F2", "102M1"]
    assert ponies('Missing!="x"') == []


def test_or_binds_closer_than_and_in_a_search() -> None:
    # "A=1 AND B=2 OR C=3" is processed as "A=1 AND (B=2 OR C=3)".
    assert not finds("A=1 AND B=2 OR C=3", C=3)
    assert finds("A=1 AND B=2 OR C=3", A=1, C=3)
    assert finds("A=1 B=2", A=1, B=2)
    assert not finds("A=1 B=2", A=1)
    assert finds("NOT A=1 OR B=2", A=1, B=2)
    assert not finds("NOT (A=1 OR B=2)", B=2)


def test_and_binds_closer_than_or_in_where() -> None:
    text = "* | where isnull('a') AND isnull('b') OR isnull('c')"
    assert finds(text, a=1, b=1)
    assert not finds(text, b=1, c=1)


def test_values_are_compared_as_text_without_case() -> None:
    assert finds('f="Fail*"', f="failure")
    assert finds('f="C:\\\\Temp\\\\*"', f="c:\\temp\\x\ny")
    assert finds('f="say \\"x\\""', f='SAY "X"')
    assert not finds('f="a?c"', f="abc")
    assert finds('f="a?c"', f="a?c")
    # "1" does not match "1.0".
    assert not finds("f=1", f="1.0")
    assert finds("f=1", f=1)
    assert finds('f="true"', f=True)


def test_empty_is_a_value() -> None:
    assert finds('f=""', f="")
    assert not finds('f=""', g="x")
    assert finds("f=*", f="")
    assert not finds("f=*", f=None)


def test_in_is_a_list_of_values_with_wildcards() -> None:
    # The blog's and the manual's example: error_code IN (40*), here in quotes.
    assert finds('error_code IN (400, "40*")', error_code=404)
    assert finds("NOT error_code IN (400, 402)", error_code=404)
    assert finds("NOT error_code IN (400, 402)")


def test_subnets() -> None:
    assert finds('src="10.9.165.0/25"', src="10.9.165.8")
    assert not finds('src="10.9.165.0/25"', src="10.9.165.200")
    assert not finds('src="10.9.165.0/25"', src="10.9.165.0/25x")
    assert finds('src="fe80::/10"', src="FE80:0:0::1")
    assert not finds('src="10.0.0.0/8"', src="::ffff:10.0.0.1")
    assert finds('src="::ffff:10.0.0.0/104"', src="::ffff:10.0.0.1")


def test_order_is_numeric_between_numbers_and_by_letters_elsewhere() -> None:
    assert finds("f>5", f="10")
    assert not finds("f>5", f=4)
    assert finds("f>5", f="x")


def test_phrases_are_sought_in_raw() -> None:
    assert finds('"*access denied*"', _raw="x ACCESS denied y")
    assert not finds('"*access denied*"', message="access denied")


def test_where_keeps_what_is_true_only() -> None:
    assert not finds("* | where NOT match('f', \"a\")")
    assert finds("* | where isnull('f') OR NOT match('f', \"a\")")
    assert finds("* | where NOT match('f', \"a\")", f="b")
    assert not finds("* | where 'f'='g'", f="a")
    assert not finds("* | where tonumber('f')>5", f="ten")
    assert finds("* | where tonumber('f')>5", f="10")


WHERE = [
    (r"""match('f', "^\\d{1,3}\\.\\d$")""", "10.1", True),
    (r"""match('f', "^\\d{1,3}\\.\\d$")""", "a10.1", False),
    (r"""match('f', "(?i)\\Aab\\z")""", "AB", True),
    (r"""match('f', "(?i)\\Aab\\z")""", "AB\n", False),
    (r"""match('f', "ab$")""", "ab\n", True),
    (r"""match('f', "(?s)a.b")""", "a\nb", True),
    (r"""match('f', "a.b")""", "a\nb", False),
    (r"""match('f', "(?i)É")""", "é", True),
    (r"""cidrmatch("123.132.32.0/25", 'f')""", "123.132.32.1", True),
    (r"""cidrmatch("123.132.32.0/25", 'f')""", "text", False),
    (r"""lower('f')="abc" """, "ABC", True),
    (r"""'f'="abc" """, "ABC", False),
    (r"""substr('f', 1, 3)="str" """, "string", True),
    (r"""1+len('f')-len('f')=1""", "abcde", True),
    (r"""tonumber(strftime(strptime('f', "%Y-%m-%d"), "%V"))=1""", "2024-12-30", True),
]


@pytest.mark.parametrize(("expression", "value", "expected"), WHERE)
def test_functions_of_where(expression: str, value: str, expected: bool) -> None:
    assert finds(f"* | where {expression}", f=value) is expected


TSTATS = (
    '| tstats summariesonly=false allow_old_summaries=true fillnull_value="unknown" count'
    " min(_time) as firstTime max(_time) as lastTime from datamodel=Endpoint.Processes"
    ' where Processes.process="*x*" by Processes.dest Processes.user'
)


def test_tstats_fills_what_where_reads() -> None:
    event = {"Processes.process": "axb", "Processes.dest": "h"}
    assert Spl.parse(TSTATS).matches(event)
    known = "| where 'Processes.user'=\"unknown\""
    assert Spl.parse(f"{TSTATS} {known}").matches(event)
    assert not Spl.parse(f"{TSTATS} {known}").matches({**event, "Processes.user": "u"})
    assert not Spl.parse(TSTATS).matches({"Processes.dest": "h"})


def test_tstats_loses_rows_with_nulls_that_are_not_filled() -> None:
    unfilled = TSTATS.replace('fillnull_value="unknown" ', "")
    event = {"Processes.process": "axb", "Processes.dest": "h"}
    assert not Spl.parse(unfilled).matches(event)
    assert Spl.parse(unfilled).matches({**event, "Processes.user": "u"})


ERRORS = [
    "",
    "word",
    "f=word",
    'f="a',
    'f="a\\d"',
    'f="a\nb"',
    'f="a" )',
    '(f="a"',
    'f="a" OR',
    "f IN ()",
    'f IN ("a"',
    'f="a" | regex f="x"',
    'f="a" | where',
    'f="a" | where f="x"',
    "f=\"a\" | where 'f'=5",
    'f="a" | where replace(\'f\', "a", "b")="c"',
    'f="a" | where match(\'f\', "(")',
    'f="a" | where match(\'f\', "\\\\u0041")',
    '"phrase"',
    '"*a*b*"',
    'f="a*b"',
    '"phrase*"',
    'earliest="-1d"',
    'c-useragent="x"',
    '"a\'b"="x"',
    "`macro`",
    'f="a" [search g="b"]',
    "f=$token$",
    "f=a,b",
    "| delete",
    TSTATS.replace("Endpoint.Processes", "Web.Web.Proxy"),
    TSTATS.replace("Processes.user", "user"),
    TSTATS.replace('"*x*"', '"10.0.0.0/8"'),
    f"{TSTATS} | where isnull('Processes.process')",
]


@pytest.mark.parametrize("text", ERRORS)
def test_what_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(EngineError):
        Spl.parse(text).matches({"f": "a"})
