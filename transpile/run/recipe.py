"""What rules are converted with: targets and pipelines, named and not yet loaded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from transpile.load import files
from transpile.load.files import RuleFile
from transpile.run import program
from transpile.targets import registry
from transpile.values import dataclass

if TYPE_CHECKING:
    from transpile.run.convert import Converter
    from transpile.targets.environment import Environment


@dataclass(frozen=True)
class Recipe:
    """Targets by name, in their order, and the user's pipeline files.

    `tells` asks for what rules say of themselves, which only exports need. `schema` is the file
    that tells the fields of the user's indices, for Elastic targets; empty where there is none.
    `environment` are settings of the user's installation.
    """

    targets: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    tells: bool = False
    schema: str = ""
    environment: Environment = ()

    def converter(self) -> Converter:
        """What converts by it; loads pySigma.

        Raises:
            ProblemFound: a pipeline file or the schema can't be used.
        """
        from transpile.run.convert import Converter  # noqa: PLC0415

        return Converter(
            self.targets,
            self.pipelines,
            tells=self.tells,
            schema=self.schema or None,
            environment=self.environment,
        )

    def key(self, file: RuleFile, data: bytes) -> bytes:
        """A digest that differs wherever the outcome for a file that holds this may.

        Raises:
            ProblemFound: a pipeline file can't be read.
        """
        name = file.path.rpartition("/")[2].encode("utf-8", "surrogateescape")
        return hashlib.sha256(b"%b%d\0%b%b" % (self.digest, len(name), name, data)).digest()

    @cached_property
    def digest(self) -> bytes:
        """A digest that differs wherever the outcome for the same file may.

        Raises:
            ProblemFound: a pipeline file can't be read.
        """
        total = hashlib.sha256()
        for part in self._parts():
            total.update(b"%d\0%b" % (len(part), part))
        return total.digest()

    def _parts(self) -> Iterator[bytes]:
        yield program.digest()
        yield b"tells" if self.tells else b""
        yield files.read_given(self.schema) if self.schema else b""
        yield repr(self.environment).encode()
        yield b"%d" % len(self.targets)
        for name in self.targets:
            yield f"{name} {registry.origin(name)}".encode()
        for path in self.pipelines:
            yield Path(path).suffix.encode()
            yield files.read_given(path)
        if self.pipelines:
            # What pySigma allows pipelines to do.
            yield from (
                f"{name}={value}".encode("utf-8", "surrogateescape")
                for name, value in sorted(os.environ.items())
                if name.startswith("PYSIGMA_")
            )
