"""What is wrong with the data files of targets, each at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from transpile.ir.nodes import Type
from transpile.load.hints import instead_of
from transpile.load.problem import Problem, ProblemFound
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.targets.compiled import names
from transpile.targets.folder import NAMES, Named, log_sources, read
from transpile.targets.forms import NAMES as FORMS
from transpile.targets.model import FieldEntry, Fields, LogSourceFile, TargetFile

_CODE = "bad-mapping"
WAYS = ("name", "any", "constant", "column", "computed", "expression", "unmapped")
"""keys of a field of which each is a way of its own to have one"""
_TYPES = [kind.value for kind in Type]


def faults(paths: Iterable[Path]) -> Iterator[Problem]:
    """What is wrong with files that are read together, each at its place."""
    seen: dict[Named, str] = {}
    fieldsets: set[str] = set()
    read_files = []
    for path in paths:
        try:
            file = TomlFile.read(path, _CODE)
            if path.name == "target.toml":
                yield from _faults_of_target(file, file.convert(TargetFile))
                continue
            model = file.convert(LogSourceFile)
        except ProblemFound as found:
            yield found.problem
            continue
        fieldsets |= set(model.fieldset)
        read_files.append((path.name, file, model))
    for name, file, model in read_files:
        yield from _faults_of_log_sources(name, file, model, fieldsets, seen)


def _faults_of_target(file: TomlFile, model: TargetFile) -> Iterator[Problem]:
    if model.inherits and f"{model.inherits}/target" not in names(model.inherits):
        yield _fault(file, f"there is no folder {model.inherits!r}", ["inherits"])
    kinds: list[tuple[KeyPath, str]] = [
        (["types", name], kind) for name, kind in model.types.items()
    ]
    if model.type:
        kinds.append((["type"], model.type))
    if model.text is not None:
        kinds.append((["text", "type"], model.text.type))
    for keys, kind in kinds:
        if kind not in _TYPES:
            hint = instead_of(kind, _TYPES)
            yield _fault(file, f"there is no type {kind!r}", keys, hint=hint)


def _faults_of_log_sources(
    name: str,
    file: TomlFile,
    model: LogSourceFile,
    fieldsets: set[str],
    seen: dict[Named, str],
) -> Iterator[Problem]:
    for fieldset, fields in model.fieldset.items():
        yield from faults_of_fields(file, fields, ["fieldset", fieldset])
    for number, entry in enumerate(model.logsource):
        keys: list[str | int] = ["logsource", number]
        if not any(getattr(entry, key) for key in NAMES):
            yield _fault(file, "the log source names no product, category or service", keys)
        place = file.place(keys)
        for named in log_sources(entry):
            if named in seen:
                yield _fault(file, f"this log source is already in {seen[named]}", keys)
                break
            seen[named] = f"line {place.line if place else 1} of {name}"
        for position, inherited in enumerate(entry.inherits):
            if message := _fault_of_inherited(inherited, fieldsets):
                yield _fault(file, message, [*keys, "inherits", position])
        for key in ("fields", "condition_fields"):
            yield from faults_of_fields(file, getattr(entry, key), [*keys, key])


def _fault_of_inherited(name: str, fieldsets: set[str]) -> str:
    folder, _, fieldset = name.rpartition("/")
    if not folder:
        return "" if name in fieldsets else f"there is no set of fields {name!r}"
    file = folder if "/" in folder else name
    if file not in names(file.partition("/")[0]):
        return f"there is no file {file!r}"
    if file == folder and fieldset not in read(file).fieldsets:
        return f"{file!r} has no set of fields {fieldset!r}"
    return ""


def faults_of_fields(file: TomlFile, fields: Fields, keys: KeyPath) -> Iterator[Problem]:
    """What is wrong with fields in any target."""
    for name, entry in fields.items():
        if not isinstance(entry, FieldEntry):
            continue
        ways = [way for way in WAYS if getattr(entry, way) not in (None, "", [])]
        if not ways:
            yield _fault(file, f"{name} needs one of {', '.join(WAYS)}", [*keys, name])
        elif len(ways) > 1:
            message = f"{name} is {' and '.join(ways)}, of which it can be one"
            yield _fault(file, message, [*keys, name, ways[1]])
        if entry.form and (entry.form not in FORMS or not entry.any):
            message = f"a form is one of {', '.join(FORMS)}, of the fields in any"
            yield _fault(file, message, [*keys, name, "form"])
        if entry.value and "{}" not in entry.value:
            yield _fault(file, "a value needs {} in its text", [*keys, name, "value"])


def _fault(file: TomlFile, message: str, keys: KeyPath, hint: str = "") -> Problem:
    return file.problem(message, keys, hint=hint)
