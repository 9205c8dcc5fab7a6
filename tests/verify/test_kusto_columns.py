"""What columns hold for a field of Sysmon's that queries compute from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from transpile.ir.nodes import Field, Type
from transpile.ir.source import Case, Cases, Literal, Source, UnlessEmpty
from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets import computations, registry, shown
from transpile.targets.compiled import decoded
from transpile.targets.folder import log_sources, read
from transpile.targets.model import LogSourceFile
from transpile.verify.kusto_columns import Part, is_in_every_event, written


def computed(name: str, *columns: str) -> Field:
    return Field("A", Type.STRING, source=computations.computed(name, columns))


def held(field: Field, value: str) -> Mapping[str, object] | None:
    columns = written(field)
    assert columns is not None
    return columns(value)


def fields_of(target: str, folder: str) -> Iterator[Field]:
    """Every field that the target's data or Sigma's rules name, and that a query computes."""
    sources: dict[LogSource, set[str]] = {}
    for entry in decoded(f"{folder}/logsources", LogSourceFile).logsource:
        for named in log_sources(entry):
            source = LogSource(*(name or None for name in named))
            found = read(f"{folder}/logsources").find(source)
            assert found is not None
            sources[source] = set(found.fields)
    for source, names in shown.log_sources():
        sources.setdefault(source, set()).update(names)
    for source, fields in sources.items():
        try:
            plan = registry.get(target).plan(source)
        except Refused:
            continue
        for name in fields:
            try:
                yield from (field for field in plan.resolve(name) if field.computed)
            except Refused:
                continue


@pytest.mark.parametrize(
    ("target", "folder"),
    [
        ("sentinel", "sentinel"),
        ("sentinel-event", "sentinel"),
        ("defender", "defender"),
        ("asim", "asim"),
    ],
)
def test_it_is_known_of_every_computed_field(target: str, folder: str) -> None:
    fields = list(fields_of(target, folder))
    assert len(fields) > 10
    assert [field.sigma_name for field in fields if written(field) is None] == []


def test_every_case_for_all_others_has_a_value() -> None:
    for folder in ("sentinel", "defender", "asim"):
        for field in fields_of(folder, folder):
            if isinstance(field.source, Cases) and isinstance(field.source.otherwise, Literal):
                text = field.source.otherwise.text
                assert not text or held(field, text), field


@pytest.mark.parametrize(
    ("path", "row"),
    [
        (
            r"HKLM\Software\Run\x",
            {"RegistryKey": r"HKEY_LOCAL_MACHINE\Software\Run", "RegistryValueName": "x"},
        ),
        (
            r"HKLM\System\CurrentControlSet\Services\a",
            {
                "RegistryKey": r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services",
                "RegistryValueName": "a",
            },
        ),
        (r"HKU\S-1-5\a", {"RegistryKey": r"HKEY_USERS\S-1-5", "RegistryValueName": "a"}),
        ("plain", {"RegistryKey": "plain", "RegistryValueName": ""}),
        (r"HKEY_LOCAL_MACHINE\a", None),
    ],
)
def test_registry_path(path: str, row: Mapping[str, object]) -> None:
    field = computed("registry-path", "RegistryKey", "RegistryValueName")
    assert held(field, path) == row


@pytest.mark.parametrize(
    ("details", "row"),
    [
        ("DWORD (0x00000010)", {"RegistryValueType": "Dword", "RegistryValueData": "16"}),
        (
            "QWORD (0x00000001-0x00000000)",
            {"RegistryValueType": "Qword", "RegistryValueData": "4294967296"},
        ),
        ("text", {"RegistryValueType": "String", "RegistryValueData": "text"}),
    ],
)
def test_registry_data(details: str, row: Mapping[str, object]) -> None:
    field = computed("registry-data", "RegistryValueType", "RegistryValueData")
    assert held(field, details) == row


HASHES = computed("hashes", "MD5", "SHA1", "SHA256")


@pytest.mark.parametrize(
    ("field", "value", "row"),
    [
        (computed("account", "D", "N"), r"A\b", {"D": "A", "N": "b"}),
        (computed("account", "D", "N"), "b", None),
        (computed("dash-if-empty", "IP"), "-", {"IP": ""}),
        (computed("dash-if-empty", "IP"), "::1", {"IP": "::1"}),
        (computed("dash-if-empty", "IP"), "", None),
        (computed("pipe-name", "More"), r"\a", {"More": r'{"PipeName": "\\Device\\NamedPipe\\a"}'}),
        (computed("pipe-name", "More"), "a", None),
        (HASHES, "sha1=0A", {"SHA1": "0A"}),
        (HASHES, "MD5=1,SHA1=2", {"MD5": "1", "SHA1": "2"}),
        (HASHES, "SHA1=2,MD5=1", None),
        (HASHES, "IMPHASH=2", None),
        (HASHES, "x", None),
        (computed("separate-hashes", "AMD5", "AIMPHASH"), "IMPHASH=2", {"AIMPHASH": "2"}),
    ],
)
def test_computations(field: Field, value: str, row: Mapping[str, object] | None) -> None:
    assert held(field, value) == row


def test_constants_and_cases() -> None:
    constant = Field("A", source=Literal("x"))
    assert held(constant, "X") == {}
    assert held(constant, "y") is None
    case = Field("A", source=Cases((Case("ErrorCode", Literal("ok"), (0, 1)),), Literal("no")))
    assert held(case, "OK") == {"ErrorCode": 0}
    assert held(case, "no") == {"ErrorCode": 50126}
    assert held(case, "x") is None


def test_pieces_of_a_text() -> None:
    auditd = registry.get("sentinel").plan(LogSource("linux", None, "auditd"))
    (field,) = auditd.resolve("a0")
    assert held(field, "cat") == {"SyslogMessage": Part('a0="cat"', 1)}
    assert held(field, "a b") == {"SyslogMessage": Part("type=EXECVE a0=612062", 1)}
    (field,) = auditd.resolve("syscall")
    assert held(field, "two words") is None
    event = registry.get("sentinel-event").plan(LogSource("windows", "process_creation"))
    (field,) = event.resolve("Image")
    piece = '<Data Name="Image">a&amp;"b</Data>'
    assert held(field, 'a&"b') == {"EventData": Part(piece, 0, "")}
    assert held(field, "a\0") is None  # which no XML has
    system = registry.get("sentinel-event").plan(LogSource("windows", None, "system"))
    (field,) = system.resolve("ServiceName")  # as if it were below UserData
    assert held(field, "a") == {"EventData": Part("<ServiceName>a</ServiceName>", 0, "")}
    (field,) = system.resolve("Data")
    assert held(field, "a") == {"EventData": Part("<Data>a</Data>", 0, "")}


def test_a_column_or_else_the_xml() -> None:
    security = registry.get("sentinel").plan(LogSource("windows", None, "security"))
    (field,) = security.resolve("Status")
    assert held(field, "0x0") == {"Status": "0x0"}
    assert held(field, "0x") == {"EventData": Part("<Status>0x</Status>", 0, "")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Literal("x"), True),
        (Cases((), Literal("x")), True),
        (Cases((), Literal("")), False),
        (UnlessEmpty("a", Literal("b"), Literal("-")), True),
        (UnlessEmpty("a", Literal("b"), Literal("")), False),
        (computations.account("a", "b"), False),
        (None, False),
    ],
)
def test_fields_of_every_event(source: Source | None, expected: bool) -> None:
    assert is_in_every_event(Field("A", source=source)) is expected
