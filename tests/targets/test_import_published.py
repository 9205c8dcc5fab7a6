"""The data of published pipelines: what the installed packages give, and what these answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.elasticsearch.kubernetes import ecs_kubernetes
from sigma.pipelines.elasticsearch.macos import ecs_macos_esf
from sigma.pipelines.elasticsearch.windows import ecs_windows
from sigma.pipelines.elasticsearch.zeek import (
    ecs_zeek_beats,
    ecs_zeek_beats_category_service_mapping,
)
from sigma.pipelines.sysmon.sysmon import (
    sysmon_generic_logsource_eventid_mapping,
    sysmon_pipeline,
)
from sigma.pipelines.windows.windows import (
    windows_audit_pipeline,
    windows_generic_category_channel_mapping,
    windows_logsource_pipeline,
)
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import (
    SigmaDetection,
    SigmaDetectionItem,
    SigmaDetections,
    SigmaLogSource,
    SigmaRule,
)
from sigma.types import SigmaString

from transpile.ir.lower import lower
from transpile.ir.nodes import And, Equals, Node, NumberEquals, Or
from transpile.load.logsource import LogSource
from transpile.query import Refused
from transpile.targets import compiled, plans
from transpile.targets.folder import filled, read, windows_audit_name
from transpile.targets.import_published import FOLDER, files
from transpile.targets.model import TargetFile

AGAIN = "`make tables` writes it anew; read what changes"


@pytest.mark.parametrize("name", files())
def test_files_are_what_the_installed_packages_give(name: str) -> None:
    assert (FOLDER / name).read_bytes() == files()[name].encode(), AGAIN


def test_there_is_no_other_file() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(files())


def test_compiled_files_are_what_the_files_say() -> None:
    assert compiled.FILE.read_bytes() == compiled.text(), AGAIN


@cache
def pipeline(name: str) -> ProcessingPipeline:
    windows = [sysmon_pipeline(), windows_logsource_pipeline()]
    parts = {
        "windows": windows,
        "windows_audit": [windows_audit_pipeline()],
        "ecs_windows": [*windows, ecs_windows()],
        "ecs_zeek_beats": [ecs_zeek_beats()],
        "ecs_kubernetes": [ecs_kubernetes()],
        "ecs_macos_esf": [ecs_macos_esf()],
    }[name]
    whole: ProcessingPipeline = sum(parts[1:], parts[0])
    return whole


Answer = tuple[list[str], dict[str, list[str]]]
"""the names of a field, and the values of each field that tell the log source from others"""


def asked(name: str, logsource: LogSource, field: str) -> Answer:
    """What becomes of a rule that asks for a field."""
    item = SigmaDetectionItem(field, [], [SigmaString("the probe")])
    rule = SigmaRule(
        title="probe",
        logsource=SigmaLogSource(logsource.category, logsource.product, logsource.service),
        detection=SigmaDetections({"probe": SigmaDetection([item])}, ["probe"]),
    )
    pipeline(name).apply(rule)
    meaning = lower(rule)
    names: list[str] = []
    scope: dict[str, list[str]] = {}
    for node in meaning.operands if isinstance(meaning, And) else (meaning,):
        leaves = node.operands if isinstance(node, Or) else (node,)
        first, values = leaves[0], [str(value(leaf)) for leaf in leaves]
        assert isinstance(first, (Equals, NumberEquals))
        if values[0] == "the probe":
            names = [leaf.field.name for leaf in leaves if isinstance(leaf, Equals)]
        else:
            scope[first.field.name] = values
    return names, scope


def value(leaf: Node) -> str | int | float:
    if isinstance(leaf, Equals):
        return leaf.value
    assert isinstance(leaf, NumberEquals)
    return leaf.number


def told(name: str, logsource: LogSource, field: str) -> Answer:
    """As `asked`, of the file."""
    entry = read(f"published/{name}").find(logsource)
    assert entry is not None
    known = plans._Names(TargetFile(target=[], type="string"), entry, logsource)
    scope = {
        name: [filled(str(value), logsource) for value in values]
        for name, values in {**entry.conditions, **entry.scope}.items()
    }
    try:
        return [one.name for one in known.resolve(field)], scope
    except Refused:  # it may be one of several fields
        return ["*"], scope


def sources(
    product: str, categories: Iterable[str], services: Iterable[str | None]
) -> list[LogSource]:
    """Each category and each service by itself, and services with a category that is not known."""
    alone = [LogSource(product, category) for category in categories]
    return [*alone, *(LogSource(product, odd, one) for one in services for odd in (None, "odd"))]


CATEGORIES = {*sysmon_generic_logsource_eventid_mapping, *windows_generic_category_channel_mapping}
WINDOWS = sources("windows", CATEGORIES, windows_logsource_mapping)
ZEEK = sources("zeek", ecs_zeek_beats_category_service_mapping, ["smb_files", "odd"])
MACOS = [
    LogSource("macos", category, "endpointsecurity")
    for category in (None, "process_creation", "file_event", "security_policy", "mount", "odd")
]
KUBERNETES = sources("kubernetes", ["odd"], [None, "audit", "odd"])
SOURCES = {
    "windows": WINDOWS,
    "ecs_windows": [*WINDOWS, LogSource("windows"), LogSource("windows", "driver_loaded")],
    "ecs_zeek_beats": [
        *ZEEK,
        *(LogSource(None, one) for one in ecs_zeek_beats_category_service_mapping),
    ],
    "ecs_kubernetes": KUBERNETES,
    "ecs_macos_esf": MACOS,
}
PAIRS = [(name, source) for name, found in SOURCES.items() for source in found]
ODD = st.text("aZ._-\\ %\u00e4", min_size=1, max_size=6)


@pytest.mark.parametrize(("name", "source"), PAIRS)
def test_scope_is_what_the_pipeline_adds(name: str, source: LogSource) -> None:
    if name != "ecs_windows":  # whose channels are those of the file before
        assert told(name, source, "Nobodys")[1] == asked(name, source, "Nobodys")[1]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_fields_are_named_as_the_pipeline_names_them(data: st.DataObject) -> None:
    name, source = data.draw(st.sampled_from([pair for pair in PAIRS if pair[0] != "windows"]))
    entry = read(f"published/{name}").find(source)
    assert entry is not None
    field = data.draw(st.sampled_from(sorted(entry.fields)) | ODD)
    expected = [
        one.replace("zeek.*.", f"zeek.{source.service or '*'}.")
        for one in asked(name, source, field)[0]
    ]
    several = any("*" in one for one in expected)
    assert told(name, source, field)[0] == (["*"] if several else expected)


@pytest.mark.parametrize("field", ["Image", "ParentImage", "CommandLine", "LogonId", "Details"])
def test_names_in_event_4688(field: str) -> None:
    source = LogSource("windows", "process_creation")
    assert [windows_audit_name(field)] == asked("windows_audit", source, field)[0]


def test_converting_loads_no_pipeline() -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from transpile import transpile_files\n"
        "from transpile.targets.registry import MODULES\n"
        "list(transpile_files([Path('golden/contains-all/rule.yml')], list(MODULES)))\n"
        "sys.exit(bool({'sigma.processing', 'sigma.pipelines'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
