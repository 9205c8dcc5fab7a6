"""What outputs are made with, besides the rules: the tool, its mappings, a profile, pipelines."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path, PurePath
from types import ModuleType

import backends
import transpile
from transpile.load.files import read_given
from transpile.run import program
from transpile.targets.environment import Environment
from transpile.values import dataclass

_DECIDE = ("attack", "export", "ir", "load", "run", "schema", "targets", "query.py")
"""what in the package decides what outputs look like"""
QUERIES = "queries"
"""the form of outputs that `convert` writes"""
_SUFFIXES = (".py", ".toml", ".json")


@dataclass(frozen=True, slots=True)
class Made:
    """`form` is the format, or QUERIES; `pipelines` has a hash for the name of each file.

    `schema` is the hash of the schema that queries are fitted to, if there is one, `environment`
    that of the settings of the user's installation.
    """

    form: str
    targets: tuple[str, ...]
    profile: str = ""
    pipelines: Mapping[str, str] = field(default_factory=dict)
    tool: str = ""
    mapping: str = ""
    schema: str = ""
    environment: str = ""


def made(  # noqa: PLR0913, PLR0917
    form: str,
    targets: Sequence[str],
    profile: str,
    pipelines: Sequence[str],
    schema: str | None = None,
    environment: Environment = (),
) -> Made:
    """What outputs are made with now.

    Raises ProblemFound: a pipeline file or the schema can't be read.
    """
    names = Counter(PurePath(path).name for path in pipelines)
    hashes = {}
    for path in pipelines:
        name = PurePath(path).name
        # Files of one name in two folders are told apart by their paths.
        hashes[name if names[name] == 1 else PurePath(path).as_posix()] = _hash(read_given(path))
    fitted = "" if schema is None else _hash(read_given(schema))
    version = transpile.__version__
    settled = _hash(repr(environment).encode()) if environment else ""
    mapping = mapping_version()
    return Made(form, tuple(targets), profile, hashes, version, mapping, fitted, settled)


@cache
def mapping_version() -> str:
    """The same wherever the same rule gives the same outputs: a hash of what maps it."""
    digest = hashlib.sha256()
    for name in program.distributions():
        digest.update(f"{name}\n".encode())
    for root in (*(_home(transpile) / part for part in _DECIDE), _home(backends)):
        for file in sorted(_sources(root)):
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _home(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent


def _sources(root: Path) -> Iterator[Path]:
    found = root.rglob("*") if root.is_dir() else (root,)
    return (file for file in found if file.suffix in _SUFFIXES)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
