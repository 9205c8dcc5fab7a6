"""The lock file of a folder of outputs: what they were made with and from which rules.

It stands beside the outputs, so that these hold nothing but what is pasted or deployed. A line is
about one rule or one file, so that branches merge.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any

from transpile.check.made import Made
from transpile.values import dataclass

LOCK = "sigma-transpile.lock"
_VERSION = 1


class DamagedLock(Exception):
    """A lock file that can't be read, and why."""


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file as it was written: a hash of its content, and the rule it comes from.

    `rule` is the stem of the rule's outputs; empty where the file comes from all rules.
    """

    content: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """`rules` has the digest of each rule by the stem of its outputs, `files` each output."""

    made: Made
    rules: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, LockedFile] = field(default_factory=dict)

    def text(self) -> str:
        head = {"version": _VERSION, **asdict(self.made)}
        lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
        files = {name: [f.content, f.rule] for name, f in self.files.items()}
        return (
            "{\n"
            + "".join(f"  {line},\n" for line in lines)
            + f'  "rules": {_lines(self.rules)},\n'
            + f'  "files": {_lines(files)}\n'
            + "}\n"
        )


def read(text: str) -> Lock:
    """The lock of a text.

    Raises DamagedLock: it is none, or of a later version of this program.
    """
    try:
        content = json.loads(text)
        version = content["version"]
        if version != _VERSION:
            raise DamagedLock(f"its version is {version}, which this program doesn't know")
        made = Made(
            _text(content["form"]),
            tuple(map(_text, content["targets"])),
            _text(content["profile"]),
            {_text(k): _text(v) for k, v in content["pipelines"].items()},
            _text(content["tool"]),
            _text(content["mapping"]),
            _text(content.get("schema", "")),
            _text(content.get("environment", "")),
        )
        rules = {_text(k): _text(v) for k, v in content["rules"].items()}
        files = {_text(k): LockedFile(*map(_text, v)) for k, v in content["files"].items()}
    except json.JSONDecodeError as error:
        raise DamagedLock(f"line {error.lineno}: {error.msg}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedLock(f"it has no sound {error}") from None
    return Lock(made, rules, files)


def content_hash(data: bytes) -> str:
    """What a lock keeps of a file's content."""
    return hashlib.sha256(data).hexdigest()[:32]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text {value!r:.20}")
    return value


def _lines(entries: Mapping[str, Any]) -> str:
    lines = [f"    {_json(key)}: {_json(value)}" for key, value in sorted(entries.items())]
    return "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
