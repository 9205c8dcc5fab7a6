"""Whatever type a value of a rule has, there is an outcome, or a problem at its place.

The table puts each value at each place of a rule; hypothesis puts several of them, nested, at some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.diagnostics import DIAGNOSTICS
from transpile.load.about import about
from transpile.load.files import RuleFile
from transpile.load.rules import Rule, load_bytes
from transpile.query import Outcome
from transpile.run.conversion import Conversion
from transpile.run.convert import Converter
from transpile.targets import registry

Place = Callable[[str], str]

VALUES: Mapping[str, str] = {
    "null": "null",
    "nothing": "",
    "true": "true",
    "zero": "0",
    "number": "-17",
    "octal": "017",
    "base 60": "1:30",
    "400 digits": "9" * 400,
    "5000 digits": "9" * 5000,
    "5000 hexadecimal digits": "0x" + "f" * 5000,
    "5000 digits of base 60": "1" + ":59" * 5000,
    "float": "1.5",
    "smallest": "4.9e-324",
    "infinity": "-.inf",
    "nan": ".nan",
    "date": "2024-01-02",
    "time": "2024-01-02T03:04:05+14:00",
    "no date": "2024-02-31",
    "text": "text",
    "empty text": "''",
    "long text": "x" * 3000,
    "wildcard": "'*'",
    "placeholder": "'%a%'",
    "control character": '"\\a"',
    "line break": '"a\\nb"',
    "bar": "'|'",
    "empty list": "[]",
    "list": "[a, b]",
    "mixed list": "[1, a, null, true, 2024-01-01, .nan, {a: b}, [c]]",
    "list in list": "[[]]",
    "map in list": "[{a: b}, {}]",
    "empty map": "{}",
    "map": "{a: b}",
    "number as key": "{1: a}",
    "null as key": "{null: a}",
    "date as key": "{2024-01-01: a}",
    "empty key": "{'': a}",
    "key twice": "{.nan: a, .NaN: b}",
    "list as key": "{[a]: b}",
    "list in map": "{a: []}",
    "map in map": "{a: {b: c}}",
    "merge": "{<<: {a: b}}",
    "no merge": "{<<: [a]}",
    "bytes": "!!binary aGVsbG8=",
    "set": "!!set {a, b}",
    "ordered map": "!!omap [a: b]",
    "foreign tag": "!python/object:os.system {}",
    "value tag": "=",
    "no integer": "!!int x",
    "empty integer": "!!int ''",
    "no float": "!!float ''",
    "no boolean": "!!bool x",
    "no null": "!!null x",
    "no time": "!!timestamp x",
    "number of a map": "!!int {a: b}",
    "alias of itself": "&x [*x]",
    "alias of nothing": "*y",
}


def _top(key: str) -> Place:
    keys = {
        "title": "T",
        "id": "c649a6c7-cd8c-4a78-9c04-000fc76df954",
        "logsource": "{product: windows, category: process_creation}",
        "detection": "{selection: {Image: x}, condition: selection}",
    }
    return lambda value: "".join(f"{name}: {one}\n" for name, one in (keys | {key: value}).items())


def _in(key: str, template: str) -> Place:
    """The value in place of the @ in a key's block."""
    return lambda value: _top(key)("\n" + template.replace("@", value))


def _detection(template: str) -> Place:
    return _in("detection", f"  selection:\n    {template}\n  condition: selection")


_KEYS = (
    *("title", "id", "related", "name", "taxonomy", "status", "description", "license", "author"),
    *("references", "date", "modified", "logsource", "detection", "fields", "falsepositives"),
    *("level", "tags", "scope", "sigma-transpile", "custom", "action", "correlation", "filter"),
    *("1", "null", "2024-01-01", ".nan", "''", "<<", "!!null logsource", "!!int detection"),
)
_MODIFIERS = (
    *("", "|contains", "|startswith", "|endswith", "|re", "|re|i", "|cidr", "|exists", "|fieldref"),
    *("|lt", "|neq", "|re|neq", "|cased", "|base64", "|base64offset|contains", "|utf16"),
    *("|wide|base64", "|windash", "|all", "|contains|all", "|expand", "|hour", "|hour|gte", "|"),
)
_SHARED = "action: global\nlevel: low\n"
_REPEATED = "---\naction: repeat\ntitle: Again\n"
PLACES: Mapping[str, Place] = {
    **{f"{key}:": _top(key) for key in _KEYS},
    **{
        f"{key} of the log source": _in("logsource", f"  {key}: @")
        for key in ("product", "category", "service", "definition", "other", "1", "<<")
    },
    **{
        f"log source with {key}": _in("logsource", f"  product: windows\n  {key}: @")
        for key in ("service", "definition", "other", "?")
    },
    **{f"in the list of {key}": _in(key, "- @") for key in ("tags", "fields", "references")},
    **{
        f"{key} of a related rule": _in("related", f"- {key}: @\n  other: x")
        for key in ("id", "type")
    },
    "detection": _in("detection", "  selection: @\n  condition: selection"),
    "condition": _in("detection", "  selection: {Image: x}\n  condition: @"),
    "conditions": _in("detection", "  selection: {Image: x}\n  condition:\n  - @\n  - selection"),
    "timeframe": _in(
        "detection", "  selection: {Image: x}\n  timeframe: @\n  condition: selection"
    ),
    "unused": _in("detection", "  a: {Image: x}\n  1: @\n  null: @\n  condition: 1 of *"),
    "name of a detection": _in("detection", "  ? @\n  : {Image: x}\n  condition: all of them"),
    **{f"Image{one}": _detection(f"Image{one}: @") for one in _MODIFIERS},
    **{f"list for Image{one}": _detection(f"Image{one}:\n    - a\n    - @") for one in _MODIFIERS},
    **{f"keyword{one}": _detection(f"'{one}': @") for one in _MODIFIERS},
    "item in a list": _detection("- Image: a\n    - @"),
    "item in a map in a list": _detection("- Image: @\n      User: @"),
    "name of a field": _detection("? @\n    : a"),
    "key": lambda value: f"? {value}\n: x\n{_top('level')('low')}",
    "document": lambda value: f"{value}\n",
    "second document": lambda value: f"{_top('level')('low')}---\n{value}\n",
    "shared document": lambda value: f"{_SHARED}---\n{value}\n",
    "shared key": lambda value: f"{_SHARED}? {value}\n: {value}\n---\n{_top('level')('low')}",
    "repeated key": lambda value: f"{_top('level')('low')}? {value}\n: x\n{_REPEATED}",
    "repeated document": lambda value: f"{value}\n{_REPEATED}",
}

PIPELINE = """\
name: Own names
priority: 1
transformations:
- {id: names, type: field_name_mapping, mapping: {Image: proc.image}}
- {id: prefix, type: field_name_prefix, prefix: win.}
- {id: more, type: add_condition, conditions: {level: 1}}
"""


@pytest.fixture(scope="module")
def converters(tmp_path_factory: pytest.TempPathFactory) -> list[Converter]:
    """One for targets of every kind, and one behind a pipeline."""
    path = tmp_path_factory.mktemp("pipeline") / "own.yml"
    path.write_text(PIPELINE, encoding="utf-8")
    targets = [*registry.DEFAULTS, "splunk-cim", "defender", "asim"]
    return [Converter(targets), Converter(["splunk"], [str(path)])]


def check(text: str, converters: list[Converter]) -> None:
    rules = list(load_bytes(text.encode(), RuleFile("rule.yml", "rule.yml")))
    assert rules
    for converter in converters:
        for rule, conversion in zip(rules, converter.convert_all(rules), strict=True):
            if isinstance(rule, Rule):
                about(rule.document)
            check_outcome(conversion, text)


def check_outcome(conversion: Conversion, text: str) -> None:
    assert conversion.traceback == "", text
    assert len({problem.code for problem in conversion.problems} - DIAGNOSTICS.keys()) == 0
    lines = text.split("\n")
    for problem in conversion.problems:
        if problem.code != "empty-file":
            assert problem.line is not None
            assert problem.column is not None
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    for query in conversion.queries:
        assert (query.text is None) == (query.outcome in (Outcome.REFUSED, Outcome.FAILED))
        assert (query.reasons == ()) == (query.outcome is Outcome.EXACT)
        for reason in query.reasons:
            assert reason.code not in ("internal-error", "sigma-error"), (text, reason.message)


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_any_type_at_any_place(place: str, converters: list[Converter]) -> None:
    for value in VALUES.values():
        check(PLACES[place](value), converters)


scalars = st.sampled_from(list(VALUES.values()))
nested = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(st.tuples(scalars, inner), max_size=3).map(
            lambda pairs: f"{{{', '.join(f'? {key} : {value}' for key, value in pairs)}}}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(place=st.sampled_from(list(PLACES.values())), value=nested)
def test_values_in_values(place: Place, value: str, converters: list[Converter]) -> None:
    check(place(value), converters)


@pytest.mark.parametrize("fields", ["[[a], {b: c}, 1, null, Image]", "5", "{a: b}", "2024-01-01"])
def test_a_list_of_fields_keeps_no_pipeline_from_its_work(
    fields: str, converters: list[Converter]
) -> None:
    (rule,) = load_bytes(_top("fields")(fields).encode(), RuleFile("rule.yml", "rule.yml"))
    (query,) = converters[1].convert(rule).queries
    assert query.text is not None
    assert "win.proc.image" in query.text


def test_a_pipeline_that_stops_by_an_error_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text(
        "transformations: [{id: names, type: field_name_mapping, mapping: {Image: 5}}]",
        encoding="utf-8",
    )
    (rule,) = load_bytes(_top("level")("low").encode(), RuleFile("rule.yml", "rule.yml"))
    conversion = Converter(["splunk"], [str(path)]).convert(rule)
    (query,) = conversion.queries
    assert (query.outcome, conversion.traceback) == (Outcome.REFUSED, "")
    assert [reason.code for reason in query.reasons] == ["pipeline-failure"]
