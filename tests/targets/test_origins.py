"""Where the answers of a target come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.query import Refused
from transpile.targets import origins, registry
from transpile.targets.compiled import DATA
from transpile.targets.mapping import mapped
from transpile.targets.plan import LogSource
from transpile.targets.shown import log_sources

IN_CODE = {name for name in registry.MODULES if name.startswith("sentinel")}
"""targets of which Windows' fields are told by the shape of a table"""
ASKED = [
    (name, source, fields)
    for name in registry.MODULES
    for source, fields in log_sources()
    if not (name in IN_CODE and source.product == "windows")
]


def line(place: str) -> str:
    file, _, number = place.rpartition(":")
    return (DATA / file).read_text("utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize("name", registry.MODULES)
def test_each_answer_has_the_line_that_says_it(name: str) -> None:
    told = 0
    for target, source, fields in ASKED:
        if target != name:
            continue
        stated = registry.get(name).stated(source)
        try:
            plan = registry.get(name).plan(source)
        except Refused:
            continue
        for sigma in fields:
            place = origins.of_field(stated, sigma)
            try:
                found = plan.resolve(sigma)
            except Refused:
                continue
            if not place:  # a column of this very name needs no data
                assert {one.name for one in found} == {sigma}, (source, sigma)
                continue
            told += 1
            spelled = line(place)
            kinds = ("others", "paths", "inside", sigma.partition(".")[0])
            assert any(word in spelled for word in (sigma, *kinds)), (source, sigma, place)
        for place in origins.of_scope(stated):
            assert re.search(r"\b(table|scope|conditions|condition_fields)\b", line(place)), place
    assert told > 20


def test_a_file_of_the_user_goes_first(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[logsource]]\nproduct = "other"\n\n'
        '[[logsource]]\nproduct = "windows"\nservice = "*"\ntarget = "splunk"\n'
        'inherits = ["splunk"]\nscope = { index = ["win"] }\n'
        '[logsource.fields]\nUser = "user"\n',
        "utf-8",
    )
    target = mapped(registry.get("splunk"), [str(own)])
    stated = target.stated(LogSource("windows", None, "security"))
    assert origins.of_field(stated, "User") == f"{own.as_posix()}:11"
    assert f"{own.as_posix()}:9" in origins.of_scope(stated)
    assert origins.of_field(stated, "Image").startswith("splunk/logsources.toml:")
    assert target.stated(LogSource("okta", None, "okta")) == registry.get("splunk").stated(
        LogSource("okta", None, "okta")
    )
