"""A user's log sources in targets that ask by the names of fields: what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from transpile.ir.nodes import Type
from transpile.load.hints import instead_of
from transpile.load.problem import Problem
from transpile.load.toml_file import KeyPath, TomlFile
from transpile.targets.faults import faults_of_fields
from transpile.targets.folder import folder
from transpile.targets.model import Fields, LogSourceEntry

READ = frozenset(
    (
        *("product", "category", "service", "target", "scope", "page", "inherits", "fields"),
        *("others", "paths", "known", "lists", "keywords", "whole", "textless"),
        *("values", "dropped", "absent", "approximate"),
    )
)
_READ_WHERE_FIELDS_HAVE_TYPES = ("members", "plain")
_READ_OF_FIELD = frozenset(
    ("name", "any", "type", "form", "unmapped", "approximate", "lacking", "absent", "cases")
)
_TYPES = [kind.value for kind in Type if kind not in (Type.UNKNOWN, Type.STRING, Type.DYNAMIC)]


def faults(
    file: TomlFile,
    keys: KeyPath,
    entry: LogSourceEntry,
    fieldsets: Mapping[str, Fields],
    of: str,
) -> Iterator[Problem]:
    """What is wrong with an entry, which these keys lead to, in a target of the folder `of`."""
    one_type = folder(of).target.type == Type.STRING.value
    read = {*READ, *(() if one_type else _READ_WHERE_FIELDS_HAVE_TYPES)}
    if folder(of).target.tables:
        read.add("table")
    for key in (key for key in file.value(keys) if key not in read):
        message = f"{key!r} has no effect on the target {of}"
        hint = "`scope` narrows by the target's own fields" if key == "conditions" else ""
        yield file.problem(message, [*keys, key], hint=hint or "take it out")
    for name, values in entry.scope.items():
        if not values:
            yield file.problem("the list is empty", [*keys, "scope", name])
    yield from _faults_of_fields(file, entry.fields, [*keys, "fields"], one_type=one_type)
    family = folder(of).family
    for position, name in enumerate(entry.inherits):
        if name in fieldsets:
            inside = ["fieldset", name]
            yield from _faults_of_fields(file, fieldsets[name], inside, one_type=one_type)
        elif name not in family:
            message = f"there is no [fieldset.{name}] in this file"
            hint = instead_of(name, [*fieldsets, *family])
            yield file.problem(message, [*keys, "inherits", position], hint=hint)
    for key, template in (("others", entry.others), ("paths", entry.paths)):
        if template and "{name}" not in (template if isinstance(template, str) else ""):
            yield file.problem(f"{key!r} must be a text with {{name}} in it", [*keys, key])


def _faults_of_fields(
    file: TomlFile, fields: Fields, keys: KeyPath, *, one_type: bool
) -> Iterator[Problem]:
    yield from faults_of_fields(file, fields, keys)
    for sigma, of in fields.items():
        if isinstance(of, str):
            if not of:
                yield file.problem("the name is empty", [*keys, sigma])
            continue
        for key in file.value([*keys, sigma]):
            if key not in _READ_OF_FIELD or (key == "type" and one_type):
                message = f"{key!r} has no effect here"
                yield file.problem(message, [*keys, sigma, key], hint="take it out")
        if of.type and not one_type and of.type not in _TYPES:
            message = f"there is no type {of.type!r}"
            yield file.problem(message, [*keys, sigma, "type"], hint=instead_of(of.type, _TYPES))
