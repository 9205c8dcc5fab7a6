"""What rules are converted with: targets and pipelines, named and not yet loaded."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from transpile.load import files
from transpile.load.files import RuleFile
from transpile.values import dataclass

if TYPE_CHECKING:
    from transpile.run.convert import Converter

_OWN = (
    "query.py",
    "values.py",
    "load/*.py",
    "ir/*.py",
    "targets/*.py",
    "targets/data/*",
    "run/*.py",
)
_PYSIGMA = ("*.py", "rule/*.py", "processing/**/*.py")


@dataclass(frozen=True)
class Recipe:
    """Targets by name, in their order, and the user's pipeline files.

    `tells` asks for what rules say of themselves, which only exports need.
    """

    targets: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    tells: bool = False

    def converter(self) -> Converter:
        """What converts by it; loads pySigma.

        Raises:
            ProblemFound: a pipeline file can't be used.
        """
        from transpile.run.convert import Converter  # noqa: PLC0415

        return Converter(self.targets, self.pipelines, tells=self.tells)

    @cached_property
    def digest(self) -> bytes:
        """Differs wherever the outcome for the same rule may.

        Raises:
            ProblemFound: a pipeline file can't be read.
        """
        total = hashlib.sha256(_program() + bytes([self.tells]))
        for name in self.targets:
            total.update(name.encode() + b"\0")
        for path in self.pipelines:
            data = files.read_bytes(RuleFile(Path(path).as_posix(), path))
            total.update(b"%s\0%d\0" % (Path(path).suffix.encode(), len(data)) + data)
        return total.digest()


def _program() -> bytes:
    """A digest of the code that converts, our own and that of the packages it stands on."""
    total = hashlib.sha256(sys.version.encode())
    for path in _sources():
        data = path.read_bytes()
        total.update(f"{path.name}\0{len(data)}\0".encode() + data)
    return total.digest()


def _sources() -> Iterator[Path]:
    for name, patterns in (
        ("transpile.query", _OWN),
        ("backends", ("*.py",)),
        ("sigma.exceptions", _PYSIGMA),
        ("yaml", ("__init__.py", "constructor.py", "resolver.py")),
    ):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            root = Path(spec.origin).parent
            for pattern in patterns:
                yield from sorted(path for path in root.glob(pattern) if path.is_file())
