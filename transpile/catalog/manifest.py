"""What a site was made from and of which files, so that nothing is done twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path, PurePosixPath

from transpile.load.files import RuleFile
from transpile.load.problem import Problem
from transpile.run import program
from transpile.values import dataclass

NAME = "manifest.json"
_PACKAGES = ("transpile", "backends")


def fingerprint(found: Sequence[RuleFile | Problem], settings: Iterable[str]) -> str:
    """A hash of all that a site is made from: rules, pipelines, settings and the program."""
    digest = hashlib.sha256()
    for text in (*settings, *program.distributions()):
        digest.update(f"{text}\0".encode("utf-8", "surrogatepass"))
    for package in _PACKAGES:
        _add(Path(str(files(package))), digest)
    for file in found:
        digest.update(f"{file!r}\0".encode("utf-8", "surrogatepass"))
        if isinstance(file, RuleFile):
            digest.update(_hash_of(Path(file.path)))
    return digest.hexdigest()


def _add(folder: Path, digest: hashlib._Hash) -> None:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                _add(entry, digest)
        else:
            digest.update(entry.name.encode())
            digest.update(hashlib.sha256(entry.read_bytes()).digest())


def _hash_of(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        return repr(error).encode()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a site was made from, its files, and how many of its rules are broken."""

    made_from: str = ""
    files: tuple[str, ...] = ()
    broken: int = 0

    def is_current(self, site: Path, wanted: str) -> bool:
        """Whether the site was made from just that, and all of its files are there."""
        return self.made_from == wanted and all((site / name).is_file() for name in self.files)

    def text(self) -> str:
        """The manifest as it is written."""
        content = {
            "made_from": self.made_from,
            "broken": self.broken,
            "files": sorted(self.files),
        }
        return json.dumps(content, indent=1) + "\n"


def read(site: Path) -> Manifest:
    """The manifest of a site; an empty one of what is none."""
    try:
        content = json.loads((site / NAME).read_text("utf-8"))
        names = tuple(str(name) for name in content["files"])
        made_from, broken = str(content["made_from"]), int(content["broken"])
    except (OSError, ValueError, KeyError, TypeError):
        return Manifest()
    return Manifest(made_from, names, broken) if all(map(_is_inside, names)) else Manifest()


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name
