"""What data files say of a log source, with what they inherit; and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.load.logsource import LogSource
from transpile.load.toml_file import TomlFile
from transpile.query import Refused
from transpile.targets.compiled import DATA
from transpile.targets.faults import faults
from transpile.targets.folder import LogSources, filled, folder, windows_conditions
from transpile.targets.model import LogSourceFile

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = ["Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"]


@pytest.mark.parametrize(
    ("category", "service", "expected"),
    [
        ("process_creation", None, {"Channel": [SYSMON], "EventID": [1]}),
        ("process_creation", "sysmon", {"Channel": [SYSMON], "EventID": [1]}),
        ("ps_script", None, {"Channel": POWERSHELL, "EventID": [4104]}),
        (
            "registry_delete",
            None,
            {"Channel": [SYSMON], "EventID": [12], "EventType": ["DeleteKey", "DeleteValue"]},
        ),
        (None, "security", {"Channel": ["Security"]}),
        (None, "ldap", {"Channel": ["Microsoft-Windows-LDAP-Client/Debug"]}),
        (None, "no-such-log", {}),
        (None, None, {}),
    ],
)
def test_log_sources_of_windows_in_sigmas_terms(
    category: str | None, service: str | None, expected: dict[str, list[str | int]]
) -> None:
    found = windows_conditions(LogSource("windows", category, service))
    assert found == expected
    assert list(found) == list(expected)  # the order in which they are asked


def log_sources(text: str) -> LogSources:
    return LogSources([TomlFile("x.toml", text, "bad-mapping").convert(LogSourceFile)])


MOST_NAMED = """
[[logsource]]
product = "*"
category = "*"
service = "*"
table = "any"

[[logsource]]
product = "p"
category = "*"
service = "*"
table = "p"

[[logsource]]
product = "p"
category = "*"
service = "s"
table = "p s"

[[logsource]]
product = "p"
category = ["c", "d"]
service = "*"
table = "p c"

[[logsource]]
product = "p"
category = "c"
service = "s"
table = "p c s"

[[logsource]]
category = "c"
table = "c"
"""


@pytest.mark.parametrize(
    ("source", "table"),
    [
        (LogSource("p", "c", "s"), "p c s"),
        (LogSource("p", "d", "s"), "p c"),
        (LogSource("p", "c"), "p c"),
        (LogSource("p", "x", "s"), "p s"),
        (LogSource("p", None, "s"), "p s"),
        (LogSource("p"), "p"),
        (LogSource("q", "c"), "any"),
        (LogSource(None, "c"), "c"),
        (LogSource(None, "c", "s"), "any"),
    ],
)
def test_the_entry_that_names_most_of_a_log_source_counts(source: LogSource, table: str) -> None:
    found = log_sources(MOST_NAMED).find(source)
    assert found is not None
    assert found.table == table


def test_what_stands_in_an_entry_goes_before_what_it_inherits() -> None:
    found = log_sources("""
[fieldset.first]
a = "first"
b = "first"
[fieldset.second]
a = "second"
b = "second"
c = "second"
[[logsource]]
product = "windows"
category = "*"
service = "*"
inherits = ["first", "second", "shared/windows", "published/splunk/windows"]
fields.a = "own"
conditions.Channel = ["own"]
""").find(LogSource("windows", "dns_query"))
    assert found is not None
    assert found.fields == {"a": "own", "b": "first", "c": "second", "EventID": "EventCode"}
    assert found.conditions == {"Channel": ["own"], "EventID": [22]}


def test_nothing_is_known_of_what_no_entry_fits() -> None:
    assert log_sources('[[logsource]]\nproduct = "p"').find(LogSource("q")) is None


def test_a_folder_has_what_the_one_has_that_it_inherits() -> None:
    agent, elastic = folder("elastic-agent"), folder("elastic")
    source = LogSource("linux", "process_creation")
    assert agent.entry(source) == elastic.entry(source)
    assert agent.target.types == elastic.target.types
    assert agent.target.text == elastic.target.text
    assert agent.target.caseless
    assert not elastic.target.caseless
    assert not {one.name for one in agent.target.target} & {
        one.name for one in elastic.target.target
    }


def test_a_log_source_without_events_is_refused_in_the_words_of_its_entry() -> None:
    with pytest.raises(Refused) as refused:
        folder("splunk").entry(LogSource("windows", "file_access"))
    assert refused.value.reason.code == "unmapped-logsource"
    assert refused.value.reason.message == (
        "no event log of Windows is known for product: windows, category: file_access; name its"
        " channel in the rule's service"
    )


def test_names_of_the_log_source_in_texts() -> None:
    source = LogSource("zeek", None, "dns")
    assert filled("zeek.{service}.{category}", source) == "zeek.dns.*"
    assert filled("of ({logsource})", source) == "of (product: zeek, service: dns)"


BUILT_IN = [
    *([path] for name in ("published", "shared") for path in sorted((DATA / name).iterdir())),
    *(
        [path for path in sorted(one.parent.iterdir()) if path.stem in ("target", "logsources")]
        for one in sorted(DATA.glob("*/target.toml"))
    ),
]


@pytest.mark.parametrize("paths", BUILT_IN, ids=lambda paths: "-".join(paths[0].parts[-2:]))
def test_nothing_is_wrong_with_the_files_of_the_targets(paths: list[Path]) -> None:
    assert list(faults(paths)) == []


WRONG = [
    ('[[logsource]]\ntable = 1\nproduct = "a"', 2, 1, "this must be a text, not a whole number"),
    ('[[logsource]]\nprodukt = "a"', 2, 1, "there is no key 'produkt' here"),
    ('[[logsource]]\ntable = "a"', 1, 3, "the log source names no product, category or service"),
    (
        '[[logsource]]\nproduct = "a"\n\n[[logsource]]\nproduct = ["b", "a"]',
        4,
        3,
        "this log source is already in line 1 of x.toml",
    ),
    (
        '[[logsource]]\nproduct = "a"\ninherits = ["one"]',
        3,
        13,
        "there is no set of fields 'one'",
    ),
    (
        '[[logsource]]\nproduct = "a"\ninherits = ["shared/linux"]',
        3,
        13,
        "there is no file 'shared/linux'",
    ),
    (
        '[[logsource]]\nproduct = "a"\ninherits = ["published/splunk/cim"]',
        3,
        13,
        "'published/splunk' has no set of fields 'cim'",
    ),
    (
        '[fieldset.one]\na = "b"\nc = { type = "long" }',
        3,
        1,
        "c needs one of name, any, constant, column, computed, expression, unmapped",
    ),
    (
        '[[logsource]]\nproduct = "a"\n[logsource.fields]\nc = { name = "d", unmapped = "e" }',
        4,
        19,
        "c is name and unmapped, of which it can be one",
    ),
    (
        '[[logsource]]\nproduct = "a"\ncondition_fields.c = { name = "d", value = "e" }',
        3,
        36,
        "a value needs {} in its text",
    ),
    (
        '[[logsource]]\nproduct = "a"\nfields.c = { any = ["d"], form = "e" }',
        3,
        27,
        "a form is one of any-case, hashes, account, registry-data, codes, words, replaced, "
        "of the fields in any",
    ),
    ("[[logsource]\n", 1, 12, "this is no TOML: Expected ']]' at the end of an array declaration"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_what_is_wrong_with_a_file_of_log_sources(
    tmp_path: Path, text: str, line: int, column: int, message: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    (problem,) = faults([path])
    assert (problem.code, problem.path) == ("bad-mapping", path.as_posix())
    assert (problem.line, problem.column, problem.message) == (line, column, message)
    assert problem.excerpt == text.splitlines()[line - 1]


TARGET = '[[target]]\nname = "a"\ntitle = "A"\ndialect = "spl"\nabout = "b"\n'
WRONG_TARGETS = [
    (f'inherits = "x"\n{TARGET}', (1, 1), "there is no folder 'x'", ""),
    (f'type = "keywrd"\n{TARGET}', (1, 1), "there is no type 'keywrd'", "did you mean 'keyword'?"),
    (f'{TARGET}[types]\n"a.b" = "lang"', (7, 1), "there is no type 'lang'", "did you mean 'long'?"),
    (
        f'{TARGET}[text]\nname = "m"\ntype = "wildcart"',
        (8, 1),
        "there is no type 'wildcart'",
        "did you mean 'wildcard'?",
    ),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG_TARGETS)
def test_what_is_wrong_with_a_file_of_a_target(
    tmp_path: Path, text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    path = tmp_path / "target.toml"
    path.write_text(text)
    (problem,) = faults([path])
    assert (problem.line, problem.column) == place
    assert (problem.message, problem.hint) == (message, hint)


def test_a_target_without_a_title_is_told_at_its_table(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(TARGET.replace('title = "A"\n', ""))
    (problem,) = faults([path])
    assert (problem.line, problem.column) == (1, 3)
    assert "title" in problem.message
