"""The code and data that decide what comes out: the program's own, and what it stands on."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_OWN = (
    "query.py",
    "values.py",
    "load/*.py",
    "ir/*.py",
    "targets/*.py",
    "targets/data/**/*",
    "run/*.py",
    "schema/*.py",
)
_SOURCES = (
    ("transpile", _OWN),
    ("backends", ("*.py",)),
    ("sigma", ("**/*.py",)),
    ("yaml", ("*.py",)),
)
"""packages, and the files of each that take part in a conversion"""
_DISTRIBUTION = re.compile(r"(pysigma(?:[-_.].*)?|pyyaml)-[^-]+\.(?:dist|egg)-info", re.IGNORECASE)


@cache
def digest() -> bytes:
    """A digest that differs wherever the program may convert a rule otherwise."""
    total = hashlib.sha256(sys.version.encode())
    for name in distributions():
        total.update(f"{name}\0".encode())
    for path in sources():
        data = path.read_bytes()
        total.update(f"{path.parent.name}/{path.name}\0{len(data)}\0".encode() + data)
    return total.digest()


def distributions() -> list[str]:
    """The installed distributions of pySigma, all its backends and pipelines, and PyYAML.

    Each with its version, as its folder beside the code is called: `pysigma-1.5.1.dist-info`. To
    read the metadata of all that is installed takes longer than to convert a rule.
    """
    found: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError), os.scandir(folder or ".") as entries:
            found.update(one.name for one in entries if _DISTRIBUTION.fullmatch(one.name))
    return sorted(found)


def sources() -> Iterator[Path]:
    """The files of the packages, in an order of their own."""
    for name, patterns in _SOURCES:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            for pattern in patterns:
                yield from sorted(path for path in Path(folder).glob(pattern) if path.is_file())
