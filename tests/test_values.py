"""Classes of values: equal and hashed as frozen ones, and never changed by whoever has them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

from transpile import values

ROOT = Path(__file__).resolve().parents[1]
CONVERT = """
from transpile.load.files import find
from transpile.run.batch import convert_files
from transpile.run.convert import Converter
from transpile.targets import registry

converter = Converter(list(registry.MODULES))
found = list(convert_files(find(["golden"]), converter))
"""
REALLY_FROZEN = f"""
import dataclasses, sys

sys.modules["transpile.values"] = dataclasses
{CONVERT}
try:
    found[0].queries[0].reasons = ()
except dataclasses.FrozenInstanceError:
    print(repr(found))
"""


def classes(dataclass: Any) -> list[Any]:
    @dataclass(frozen=True, slots=True)
    class Plain:
        a: int
        b: str = dataclasses.field(default="", compare=False)

    @dataclass(frozen=True, slots=True)
    class Hashed:
        a: int

        def __hash__(self) -> int:
            return 7

    @dataclass(frozen=True, eq=False)
    class Same:
        a: int

    @dataclass(slots=True)
    class Changing:
        a: int

    @dataclass
    class Bare:
        a: int

    return [Plain, Hashed, Same, Changing, Bare]


def traits(of: Any) -> list[object]:
    one, other = of(1), of(1)
    hashable = of.__hash__ is not None
    return [
        one == other,
        one == of(2),
        hashable and hash(one) == hash(other),
        hashable and hash(one) == 7,
        hasattr(one, "__dict__"),
        repr(one).rpartition(".")[2],
        dataclasses.replace(one, a=3).a,
    ]


def test_equality_and_hashes_are_those_of_the_standard_library() -> None:
    ours, theirs = classes(values.dataclass), classes(dataclasses.dataclass)
    assert [traits(of) for of in ours] == [traits(of) for of in theirs]


def test_no_value_is_changed() -> None:
    """Classes that are frozen at run time, too, give the same."""
    command = [sys.executable, "-c", REALLY_FROZEN]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    ours: dict[str, Any] = {}
    exec(CONVERT, ours)
    assert done.stdout.strip() == repr(ours["found"])
    assert not any(one.traceback for one in ours["found"])
