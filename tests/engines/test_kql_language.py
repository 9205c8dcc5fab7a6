"""KQL: what Microsoft's language service and the checks on its syntax tree accept and reject."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transpile.verify.engines.errors import EngineError
from transpile.verify.engines.kql_language import KqlLanguage, Schema, regex_error

SCHEMA = {
    "WindowsEvent": {
        "Channel": "string",
        "EventID": "int",
        "Level": "long",
        "EventData": "dynamic",
        "TimeGenerated": "datetime",
    },
    "Network": {
        "Address": "string",
        "Port": "int",
        "Allowed": "bool",
        "Event Name": "string",
        "it's": "string",
    },
    "_Im_Dns()": {"DnsQuery": "string"},
}


@pytest.fixture(scope="module")
def service(kql_language: Callable[[Schema], KqlLanguage]) -> KqlLanguage:
    return kql_language(SCHEMA)


ACCEPTED = [
    'WindowsEvent | where EventID == 1 | extend X = tostring(EventData.X) | where X =~ "a"',
    'WindowsEvent | extend X = tostring(EventData.X) | where X in~ ("a", "b") or X in ("c")',
    'WindowsEvent | extend X = tostring(EventData.X) | where X contains "a" or X contains_cs "a"',
    'WindowsEvent | extend X = tostring(EventData.X) | where X startswith "a" or X endswith_cs "a"',
    'WindowsEvent | extend X = tostring(EventData.X) | where X has "a" and X !contains "b"',
    "WindowsEvent | where isnull(EventData.X) or isnotnull(EventData.Y)",
    "WindowsEvent | where isnotnull(EventData.X) and isempty(tostring(EventData.X))",
    "WindowsEvent | where coalesce(todouble(EventData.N) > 5, false)",
    "WindowsEvent | where todouble(EventData.N) == 5 and EventID in (1, 3) and isnull(Level)",
    'WindowsEvent | where tostring(EventData) contains "a"',
    'WindowsEvent | where EventData.N == "5"',
    'Network | where coalesce(ipv4_is_in_range(Address, "10.0.0.0/8"), false)',
    'Network | where coalesce(ipv6_is_in_range(Address, "fe80::/10"), false)',
    r'Network | where Address matches regex @"(?is)^a.*\\b$" and isnotempty(Address)',
    'Network | where Address matches regex "(?ims)a{2,3}[^\\\\x00-\\\\x1f]"',
    "Network | where ['Event Name'] has \"x\" and ['it\\'s'] == \"y\" and Allowed",
    'let range = dynamic(["a"]); Network | where Address in~ (range) | project Address, Port',
    'Network | extend D = parse_json(Address) | where tostring(D.x) =~ "a"',
    'Network | where Address =~ ["Event Name"]',
    '_Im_Dns() | where DnsQuery endswith ".example"',
    "Network | where " + "(" * 6 + 'Address == "a"' + ")" * 6,
]


@pytest.mark.parametrize("query", ACCEPTED)
def test_accepted(service: KqlLanguage, query: str) -> None:
    assert service.errors(query) == []


REJECTED = [
    ("Nowhere | where EventID == 1", "KS204", "Nowhere"),
    ("WindowsEvent | where Image == 1", "KS142", "Image"),
    ("WindowsEvent | where EventID ==", "KS006", ""),
    ("WindowsEvent | where nosuch(Channel)", "KS211", "nosuch"),
    ('WindowsEvent | where EventID contains "46"', "KS106", "contains"),
    ("WindowsEvent | where Channel > 5", "KS106", ">"),
    ("WindowsEvent | where Channel", "KS141", "Channel"),
    ("_Im_Dns() | where Query == 1", "KS142", "Query"),
    ("Network | where " + " or ".join(['Address == "a"'] * 500), "KS245", ""),
    ("Network | where isnull(Address)", "null-check-of-string", "isnull(Address)"),
    (
        "WindowsEvent | extend X = tostring(EventData.X) | where isnotnull(X)",
        "null-check-of-string",
        "isnotnull(X)",
    ),
    ("Network | where 'Address' contains \"x\"", "constant-on-the-left", "'Address'"),
    ("Network | where ('Address') in~ (\"x\")", "constant-on-the-left", "'Address'"),
    ('WindowsEvent | where EventID == "4688"', "number-compared-with-string", 'EventID == "4688"'),
    ('WindowsEvent | where Level in ("3")', "number-compared-with-string", 'Level in ("3")'),
    ('Network | where ipv4_is_in_range(Address, "fe80::/10")', "address-range", '"fe80::/10"'),
    ('Network | where ipv4_is_in_range(Address, "10.0.0.0/33")', "address-range", '"10.0.0.0/33"'),
    ('Network | where ipv6_is_in_range(Address, "fe80::/129")', "address-range", '"fe80::/129"'),
    ('Network | where Address matches regex "a(?=b)"', "regex", '"a(?=b)"'),
    ('Network | where Address matches regex @"(a)\\1"', "regex", '@"(a)\\1"'),
]


@pytest.mark.parametrize(("query", "code", "part"), REJECTED)
def test_rejected(service: KqlLanguage, query: str, code: str, part: str) -> None:
    (error,) = service.errors(query)
    assert (error.code, query[error.start : error.end]) == (code, part)


def test_places_are_counted_in_characters(service: KqlLanguage) -> None:
    query = 'Network | where Address == "\N{OLD PERSIAN SIGN A}é" and Nothing == 1'
    (error,) = service.errors(query)
    assert query[error.start : error.end] == "Nothing"


def test_balanced_parentheses_carry_many_terms(service: KqlLanguage) -> None:
    terms = [f'Address == "{number}"' for number in range(2_000)]
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        last = terms[-1:] if len(terms) % 2 else []
        terms = [f"({left} or {right})" for left, right in pairs] + last
    assert service.errors(f"Network | where {terms[0]}") == []


def test_service_that_ended(kql_language: Callable[[Schema], KqlLanguage]) -> None:
    service = kql_language({"T": {"a": "string"}})
    service.close()
    service.close()
    with pytest.raises(EngineError, match="closed"):
        service.check("T")


def test_schema_with_an_unknown_type() -> None:
    with pytest.raises(EngineError, match=r"T\.a has the type text, which Kusto has not"):
        KqlLanguage.start({"T": {"a": "text"}})


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "a++", "(", "[a", "a{1001}"])
def test_regex_that_re2_refuses(pattern: str) -> None:
    assert regex_error(pattern)


@pytest.mark.parametrize("pattern", ["(?is)^a.*?b$", r"\bword\b", r"[\\/]\.exe", "(?:a|b){2,3}"])
def test_regex_that_re2_takes(pattern: str) -> None:
    assert regex_error(pattern) is None
