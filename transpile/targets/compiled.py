"""The data files of the folders as JSON, which is read in a tenth of the time that TOML takes.

`make tables` writes it anew after a change of a file; a test holds that it is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

DATA = Path(__file__).with_name("data")
FILE = DATA / "compiled.json"
_Model = TypeVar("_Model")


def decoded(name: str, model: type[_Model]) -> _Model:
    """The file `data/NAME.toml` as a model says that it is."""
    return msgspec.json.decode(_files()[name], type=model)


def names(folder: str) -> list[str]:
    """The names of the files in a folder."""
    return [name for name in _files() if name.startswith(f"{folder}/")]


def text() -> bytes:
    """What the compiled file must hold: a line for each file."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 (only where it is compiled)
    else:
        import tomli as tomllib  # noqa: PLC0415

    lines = []
    for path in sorted(DATA.glob("*/*.toml")):
        name = path.relative_to(DATA).with_suffix("").as_posix()
        content = tomllib.loads(path.read_text("utf-8"))
        lines.append(msgspec.json.encode(name) + b":" + msgspec.json.encode(content))
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


@cache
def _files() -> Mapping[str, msgspec.Raw]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, msgspec.Raw])
