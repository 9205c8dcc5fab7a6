"""Plans from the data files of a folder: for languages that ask events by the names of fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial

from transpile.ir.nodes import Equals, Field, FieldLeaf, Glob, Node, NumberEquals, Type, Wildcard
from transpile.ir.simplify import any_of
from transpile.load.logsource import LogSource
from transpile.query import Reason, Refused
from transpile.targets.folder import filled, folder
from transpile.targets.forms import Form, form, keyed
from transpile.targets.lacking import refuse_lacking
from transpile.targets.model import FieldEntry, LogSourceEntry, TargetFile
from transpile.targets.plan import Plan
from transpile.targets.target import Target

_PATH = re.compile(r"\w+\.")


@cache
def targets(name: str) -> Mapping[str, Target]:
    """The targets of a folder, by name."""
    made = partial(plan, name)  # one for all: what it maps is mapped once for their languages
    return {
        one.name: Target(
            one.name,
            one.title,
            one.dialect,
            one.about,
            made,
            folder=name,
            stated=folder(name).stated,
        )
        for one in folder(name).target.target
    }


@cache
def plan(name: str, source: LogSource) -> Plan:
    """The plan of a folder for a log source.

    Raises:
        Refused: `unmapped-logsource`.
    """
    of = folder(name)
    return plan_of(of.target, of.entry(source), source)


def plan_of(target: TargetFile, entry: LogSourceEntry, source: LogSource) -> Plan:
    """The plan of a log source of which an entry says all, in a target of which the file does."""
    names = _Names(target, entry, source)
    return Plan(
        cache(names.resolve),
        tuple(names.scope()),
        entry.table,
        {**target.values, **entry.values},
        next(iter(names.texts()), None),
        tuple(Reason(code, filled(text, source)) for code, text in entry.approximate.items()),
        names.native,
        names.refusal(),
        form=cache(names.form),
        differs=cache(names.differs),
        dropped=frozenset(entry.dropped),
        absent=cache(names.absent),
        texts=names.texts()[1:],
        whole=entry.whole,
        textless=Reason("keyword-search", entry.textless) if entry.textless else None,
    )


class _Names:
    """What the fields of a log source are called, and of what type they are."""

    def __init__(self, target: TargetFile, entry: LogSourceEntry, source: LogSource) -> None:
        self._target = target
        self._entry = entry
        self._source = source
        self._default = Type(target.type)
        others = entry.others if isinstance(entry.others, str) else entry.others.name
        self._others = filled(others, source)
        self._paths = filled(entry.paths, source)
        self._known = frozenset(entry.known)
        self._beginnings = tuple(name[:-1] for name in entry.known if name.endswith("*"))

    def resolve(self, sigma: str) -> tuple[Field, ...]:
        """The fields that hold a field of the rule, any of them."""
        entry = self._entry.fields.get(sigma)
        if entry is not None:
            return self._listed(entry, sigma)
        if (key := self._key(sigma)) is not None:
            return (key,)
        return (self._typed(self._unlisted(sigma), sigma),)

    def native(self, name: str) -> Field:
        """A field that the user's own pipeline named, kept under that name."""
        suffix = self._target.suffix
        if suffix and name.endswith(suffix):
            return Field(name, Type.CASELESS)
        return self._of_type(name, "")

    def texts(self) -> tuple[Field, ...]:
        """The fields that hold an event's text."""
        if self._entry.textless:
            return ()
        if self._entry.keywords:
            return tuple(self._typed(name, "") for name in self._entry.keyword_fields)
        text = self._target.text
        return () if text is None else (Field(text.name, Type(text.type)),)

    def form(self, sigma: str) -> Form | None:
        """The other form that a field of the rule is kept in."""
        entry = self._entry.fields.get(sigma)
        if isinstance(entry, FieldEntry):
            if not entry.form:
                return None
            return form(entry.form, self._listed(entry, sigma), entry.cases)
        key = self._key(sigma) if entry is None else None
        if key is None:
            return None
        whole = self._entry.fields.get(self._member(sigma))
        return keyed(key, *(self._listed(whole, sigma) if whole is not None else ()))

    def _member(self, sigma: str) -> str:
        """The member that a path leads into."""
        return next((one for one in self._entry.members if sigma.startswith(f"{one}.")), "")

    def _key(self, sigma: str) -> Field | None:
        """The key of a flattened field that a path leads to."""
        member = self._member(sigma)
        if not member:
            return None
        name = f"{self._entry.members[member]}{sigma.removeprefix(member)}"
        return Field(name, Type.FLATTENED, sigma)

    def differs(self, sigma: str) -> Reason | None:
        """Why what a field holds is not what rules mean; None where it is."""
        entry = self._entry.fields.get(sigma)
        if entry is None and not self._is_known(sigma):
            entry = self._entry.others
        if not isinstance(entry, FieldEntry) or not entry.approximate:
            return None
        return Reason("ingested-otherwise", f"{sigma}: {entry.approximate}")

    def refusal(self) -> Callable[[FieldLeaf], None] | None:
        """What refuses tests for texts that their fields never hold; None where none is known."""
        limited = {
            sigma: entry
            for sigma, entry in self._entry.fields.items()
            if isinstance(entry, FieldEntry) and entry.lacking
        }

        def refuse(leaf: FieldLeaf) -> None:
            if (entry := limited.get(leaf.field.sigma_name)) is not None:
                refuse_lacking(entry, leaf)

        return refuse if limited else None

    def absent(self, sigma: str) -> Sequence[str]:
        """The texts that a field holds where an event has no value."""
        entry = self._entry.fields.get(sigma)
        own = entry.absent if isinstance(entry, FieldEntry) else []
        return [*self._entry.absent, *own]

    def scope(self) -> Iterator[Node]:
        """What tells the events of the log source from others."""
        for sigma, values in self._entry.conditions.items():
            entry = self._entry.condition_fields.get(sigma)
            template = entry.value if isinstance(entry, FieldEntry) else ""
            for field in self.resolve(sigma) if entry is None else self._listed(entry, ""):
                yield any_of(asked(field, _stored(field, value, template)) for value in values)
        for name, values in self._entry.scope.items():
            field = self._typed(name, "")
            texts = (filled(v, self._source) if isinstance(v, str) else v for v in values)
            yield any_of(asked(field, value) for value in texts)

    def _unlisted(self, sigma: str) -> str:
        template = "{name}" if self._is_known(sigma) else self._others
        if self._paths and _PATH.match(sigma):
            template = self._paths
        others = self._entry.others
        if isinstance(others, FieldEntry) and others.unmapped:
            raise Refused("unmapped-field", f"{sigma}: {others.unmapped}")
        if not template:
            message = self._target.missing or "no field is known for {name}"
            message = message.replace("{table}", self._entry.table)
            raise Refused("unmapped-field", message.replace("{name}", sigma))
        return template.replace("{name}", self._with_items(sigma))

    def _is_known(self, sigma: str) -> bool:
        return sigma in self._known or sigma.startswith(self._beginnings)

    def _with_items(self, path: str) -> str:
        """The path with what tells items of lists from members, as the target writes it."""
        if not self._target.items or not self._entry.lists:
            return path
        parts = path.split(".")
        paths = (".".join(parts[: number + 1]) for number in range(len(parts)))
        marked = (
            part + (self._target.items if so_far in self._entry.lists else "")
            for part, so_far in zip(parts, paths, strict=True)
        )
        return ".".join(marked)

    def _listed(self, entry: str | FieldEntry, sigma: str) -> tuple[Field, ...]:
        if isinstance(entry, str):
            return (self._typed(filled(entry, self._source), sigma),)
        if entry.unmapped:
            raise Refused("unmapped-field", f"{sigma}: {entry.unmapped}")
        names = entry.any or [entry.name]
        if entry.type:
            return tuple(Field(filled(n, self._source), Type(entry.type), sigma) for n in names)
        return tuple(self._typed(filled(name, self._source), sigma) for name in names)

    def _typed(self, name: str, sigma: str) -> Field:
        suffix = self._target.suffix
        caseless = [] if self._entry.plain else self._target.caseless
        plain = name.removesuffix(suffix)
        if plain in caseless:
            return Field(plain + suffix, Type.CASELESS, sigma)
        return self._of_type(name if caseless else plain, sigma)

    def _of_type(self, name: str, sigma: str) -> Field:
        if "*" in name:
            raise Refused(
                "unmapped-field", f"{sigma} may be one of several fields ({name}); map it to one"
            )
        kind = self._target.types.get(name)
        return Field(name, self._default if kind is None else Type(kind), sigma)


def _stored(field: Field, value: str | int, template: str) -> str | int:
    """A value of Sigma's field as the target's field has it."""
    if template:
        return template.replace("{}", str(value))
    return str(value) if field.type is Type.KEYWORD else value


def asked(field: Field, value: str | int) -> Node:
    """The test for a value, in which a `*` stands for any text."""
    if isinstance(value, int):
        return NumberEquals(field, value)
    cased = field.type is Type.KEYWORD  # which stands in documents just as it is written
    if "*" not in value:
        return Equals(field, value, cased)
    parts: list[str | Wildcard] = []
    for number, text in enumerate(value.split("*")):
        parts += [Wildcard.ANY_RUN] if number else []
        parts += [text] if text else []
    return Glob(field, tuple(parts), cased)
