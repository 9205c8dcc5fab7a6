"""Values that a target keeps in another form than the event: a text taken apart into fields.

A form says of a test on the event's text which tests on the fields mean the same. What it can't
say so is refused, or said with the reason why the answers differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TypeAlias

from transpile.ir.globs import fits
from transpile.ir.nodes import (
    BooleanEquals,
    Equals,
    Exists,
    Field,
    FieldLeaf,
    Glob,
    IsNull,
    Node,
    Not,
    NumberEquals,
    Regex,
    SameAs,
    Wildcard,
)
from transpile.ir.simplify import all_of, any_of
from transpile.ir.weaken import regex_as_glob
from transpile.query import Reason, Refused
from transpile.values import dataclass

Fields: TypeAlias = tuple[Field, ...]
Piece: TypeAlias = str | Wildcard
Said: TypeAlias = tuple[Node, Sequence[Reason]]
"""the tests on the fields, and why their answers differ from what the rule means"""
Test: TypeAlias = Callable[[Fields, FieldLeaf], Said]
Held: TypeAlias = Callable[[Fields, str], Mapping[str, object] | None]


@dataclass(frozen=True, slots=True)
class Form:
    """How the text of an event's field is kept in the target's fields.

    `test` says a test on the text in the fields; `held` is what the fields hold for a text, by
    their names, or None where no event has such a text.
    """

    test: Callable[[FieldLeaf], Said]
    held: Callable[[str], Mapping[str, object] | None]


def form(name: str, fields: Fields, cases: Mapping[str, Sequence[str | int]] | None = None) -> Form:
    """The form of that name, kept in these fields; `cases` are the texts of the form `replaced`."""
    if name == REPLACED:
        texts = {text: str(kept[0]) for text, kept in (cases or {}).items()}
        return Form(
            partial(_tested, partial(_replaced, texts), fields),
            partial(_replaced_held, texts, fields),
        )
    if (found := _FORMS.get(name)) is not None:
        test, held = found
        return Form(partial(_tested, test, fields), partial(held, fields))
    test, held = _spelled()[name]
    return Form(partial(test, fields), partial(held, fields))


def _tested(test: Test, fields: Fields, leaf: FieldLeaf) -> Said:
    if isinstance(leaf, (IsNull, Exists)):
        join = all_of if isinstance(leaf, IsNull) else any_of
        return join(replace(leaf, field=field) for field in fields), ()
    if isinstance(leaf, SameAs):
        raise _refused(fields, leaf, "a test of this kind can't be said of the parts")
    return test(fields, leaf)


def _refused(fields: Fields, leaf: FieldLeaf, why: str) -> Refused:
    names = ", ".join(field.name for field in fields)
    message = f"{leaf.field.name} is kept in another form ({names}): {why}"
    return Refused("kept-in-parts", message, leaf.place)


def _pieces(leaf: Equals | Glob) -> tuple[Piece, ...]:
    return leaf.parts if isinstance(leaf, Glob) else (leaf.value,)


def _of_text(fields: Fields, leaf: FieldLeaf) -> Equals | Glob:
    """The test, if it is one for which a text can be taken apart."""
    if not isinstance(leaf, (Equals, Glob)):
        raise _refused(fields, leaf, "a test of this kind can't be said of the parts")
    return leaf


# ------------------------------------------------------------ MD5=AB,IMPHASH=CD in fields by name

_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "imphash": 32}
_HASH = re.compile(r"(?:(\w+)=)?([0-9a-f]*)", re.IGNORECASE)
_INSIDE = (Wildcard.ANY_RUN, Wildcard.ANY_RUN)


def _hashes(fields: Fields, test: FieldLeaf) -> Said:
    """`ALGORITHM=digest` anywhere in the text, and a whole digest of any algorithm."""
    leaf = _of_text(fields, test)
    pieces = _pieces(leaf)
    texts = [piece for piece in pieces if isinstance(piece, str)]
    match = (
        _HASH.fullmatch(texts[0]) if len(texts) == 1 and Wildcard.ANY_ONE not in pieces else None
    )
    if match is None:
        raise _refused(fields, leaf, "only one hash can be asked for, as ALGORITHM=digest")
    if leaf.cased and texts[0] != texts[0].upper():
        raise _refused(fields, leaf, "the fields are in lower case, and events in upper case")
    algorithm, digest = (match[1] or "").lower(), match[2].lower()
    if not digest.strip("0"):
        raise _refused(fields, leaf, "a hash of zeros is not kept")
    named = [(_algorithm(field), field) for field in fields]
    asked = [
        (name, field)
        for name, field in named
        if (name == algorithm if algorithm else _LENGTHS[name] == len(digest))
    ]
    if not asked or len(digest) > _LENGTHS[asked[0][0]]:
        raise _refused(fields, leaf, f"{texts[0]} is no hash that they hold")
    place = leaf.place
    if len(digest) == _LENGTHS[asked[0][0]]:
        node = any_of(Equals(field, digest, cased=True, place=place) for _, field in asked)
    elif pieces[-1:] == _INSIDE[:1]:
        parts = (digest, Wildcard.ANY_RUN)
        node = any_of(Glob(field, parts, cased=True, place=place) for _, field in asked)
    else:
        raise _refused(fields, leaf, "the end of a hash can't be asked for")
    if (pieces[0], pieces[-1]) == _INSIDE:
        return node, ()
    message = f"where {texts[0]} stands among the hashes of {leaf.field.name} is not kept"
    return node, (Reason("kept-in-parts", f"{message}: it is found anywhere", place),)


def _algorithm(field: Field) -> str:
    return field.name.rpartition(".")[2]


def _hashes_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    held: dict[str, object] = {}
    for pair in text.split(","):
        match = re.fullmatch(r"(MD5|SHA1|SHA256|IMPHASH)=([0-9A-F]+)", pair)
        if match is None or len(match[2]) != _LENGTHS[match[1].lower()] or not match[2].strip("0"):
            return None
        held |= {f.name: match[2].lower() for f in fields if _algorithm(f) == match[1].lower()}
    return held


# ------------------------------------------------------------------- DOMAIN\name in two fields


def _account(fields: Fields, test: FieldLeaf) -> Said:
    r"""Each way to take the test apart where `\` may stand, of which the text has one."""
    leaf = _of_text(fields, test)
    domain, name = fields
    ways = []
    for before, after in _at_backslash(_pieces(leaf)):
        if before and after:
            both = [*_fits(leaf, domain, before), *_fits(leaf, name, after)]
            ways.append(all_of(both or [Exists(name, place=leaf.place)]))
    if not ways:
        raise _refused(fields, leaf, "Windows writes DOMAIN\\name there, which this never fits")
    return any_of(ways), ()


def _at_backslash(
    pieces: Sequence[Piece],
) -> Iterator[tuple[tuple[Piece, ...], tuple[Piece, ...]]]:
    """What stands before and after the one backslash, for each place where it can be."""
    count = sum(piece.count("\\") for piece in pieces if isinstance(piece, str))
    for number, piece in enumerate(pieces):
        before, after = tuple(pieces[:number]), tuple(pieces[number + 1 :])
        if isinstance(piece, str):
            if count == 1 and "\\" in piece:
                left, _, right = piece.partition("\\")
                yield (*before, *filter(None, [left])), (*filter(None, [right]), *after)
        elif count == 0:
            any_run = (piece,) if piece is Wildcard.ANY_RUN else ()
            yield (*before, *any_run), (*any_run, *after)


def _fits(leaf: Equals | Glob, field: Field, pieces: Sequence[Piece]) -> Iterator[Node]:
    """The test of a part, if there is something to test."""
    if len(pieces) == 1 and isinstance(pieces[0], str):
        yield Equals(field, pieces[0], leaf.cased, place=leaf.place)
    elif any(piece is not Wildcard.ANY_RUN for piece in pieces):
        yield Glob(field, tuple(pieces), leaf.cased, place=leaf.place)


def _account_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    domain, separator, name = text.partition("\\")
    if not separator or not domain or not name or "\\" in name:
        return None
    return {fields[0].name: domain, fields[1].name: name}


# ---------------------------------------------- DWORD (0x0000000a) as its decimals and its type

_NUMBER = re.compile(r"(?:DWORD \(0x([0-9a-f]{8})|QWORD \(0x[0-9a-f]{8}-0x[0-9a-f]{8})\)", re.I)
_PART = re.compile(r"(dword \()?(?:0x)?([0-9a-f]{8})(\))?")
"""a part of a number's text that has all its digits"""
_NUMBERS = {"SZ_DWORD": "dword (0xHHHHHHHH)", "SZ_QWORD": "qword (0xHHHHHHHH-0xHHHHHHHH)"}
"""the texts of numbers, where H is a digit, by the type that is kept"""
_DIGITS = frozenset("0123456789abcdef")


def _registry_data(fields: Fields, leaf: FieldLeaf) -> Said:
    """A test that no text of a number passes is one on the text; of others it is told which do."""
    strings, kind = fields
    kept: Node = replace(leaf, field=strings)
    types = {name: Equals(kind, name, cased=True, place=leaf.place) for name in _NUMBERS}
    text = kept
    if all(one.isdecimal() for one in _required(leaf)):
        # What the test says of decimals it doesn't say of the number's text.
        text = all_of([kept, Not(any_of(types.values()))])
    if not any(_may_pass(leaf, number) for number in _NUMBERS.values()):
        return text, ()
    if isinstance(leaf, Equals):
        number = _NUMBER.fullmatch(leaf.value)
        if (
            number is None
            or number[1] is None
            or (leaf.cased and leaf.value != f"DWORD (0x{number[1].lower()})")
        ):
            raise _refused(fields, leaf, "of numbers, only DWORD (0x0000000a) can be asked for")
        return _dword(number[1], strings, types), ()
    numbers = _numbers(leaf, strings, types) if isinstance(leaf, Glob) and not leaf.cased else None
    if numbers is not None and numbers[1]:
        return any_of([text, numbers[0]]), ()
    reason = f"{strings.name} has the decimals of a number, of which not all are found"
    told = Reason("kept-in-parts", f"{leaf.field.name}: {reason}", leaf.place)
    return any_of([text, *([] if numbers is None else numbers[:1])]), (told,)


def _required(leaf: FieldLeaf) -> list[str]:
    """Texts that stand in whatever passes the test."""
    if isinstance(leaf, Regex):
        leaf = regex_as_glob(leaf)
    pieces = _pieces(leaf) if isinstance(leaf, (Equals, Glob)) else ()
    return [piece for piece in pieces if isinstance(piece, str)]


def _dword(digits: str, strings: Field, types: Mapping[str, Node]) -> Node:
    return all_of([Equals(strings, str(int(digits, 16)), cased=True), types["SZ_DWORD"]])


def _numbers(leaf: Glob, strings: Field, types: Mapping[str, Node]) -> tuple[Node, bool] | None:
    """Numbers whose text passes the test, and whether they are all; None where nobody can tell."""
    texts = _required(leaf)
    if len(texts) != 1 or Wildcard.ANY_ONE in leaf.parts:
        return None
    text = texts[0].lower()
    at_start, at_end = leaf.parts[0] == texts[0], leaf.parts[-1] == texts[0]
    part = _PART.fullmatch(text)
    if part and (part[1] or not at_start) and (part[3] or not at_end):
        return _dword(part[2], strings, types), bool(part[1])
    heads = {name: number.partition("H")[0] for name, number in _NUMBERS.items()}
    named = [
        name
        for name, head in heads.items()
        if not at_end and (head.startswith(text) if at_start else text in head)
    ]
    if not named:
        return None
    among_digits = not at_start and not set(text) - _DIGITS
    return any_of(types[name] for name in named), len(named) == len(heads) or not among_digits


def _may_pass(leaf: FieldLeaf, number: str) -> bool:
    """Whether a number's text has each text that is required, somewhere or where it must stand."""
    for text in (required.lower() for required in _required(leaf)):
        last = len(number) - len(text)
        starts: Sequence[int] = range(last + 1)
        pieces = _pieces(leaf) if isinstance(leaf, (Equals, Glob)) else ()
        if pieces and isinstance(pieces[0], str) and pieces[0].lower() == text:
            starts = starts[:1]
        if pieces and isinstance(pieces[-1], str) and pieces[-1].lower() == text:
            starts = [start for start in starts if start == last]
        if not any(_stands(text, number[start:]) for start in starts):
            return False
    return True


def _stands(text: str, number: str) -> bool:
    pairs = zip(text, number, strict=False)
    return all(one == other or (other == "H" and one in _DIGITS) for one, other in pairs)


def _registry_data_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    strings, kind = (field.name for field in fields)
    if number := _NUMBER.fullmatch(text):
        written = number[1] is not None and text == f"DWORD (0x{number[1].lower()})"
        return {strings: str(int(number[1], 16)), kind: "SZ_DWORD"} if written else None
    return {strings: text, kind: "REG_BINARY" if text == "Binary Data" else "REG_SZ"}


# ------------------------------------------------------ %%4416 %%4417 as one text, or as a list

_CODE = re.compile(r"%%(\d{4})")


def _codes(fields: Fields, test: FieldLeaf) -> Said:
    """A code that the text has somewhere."""
    (field,) = fields
    leaf = _of_text(fields, test)
    pieces = _pieces(leaf)
    code = _CODE.fullmatch(pieces[1]) if len(pieces) == 3 and isinstance(pieces[1], str) else None
    if code is not None and (pieces[0], pieces[2]) == _INSIDE:
        newer = Equals(field, code[1], cased=True, place=leaf.place)
        return any_of([replace(leaf, field=field), newer]), ()
    message = f"newer packages keep {leaf.field.name} as a list of codes without %%"
    effect = "only one whole code anywhere in it is found there (contains: '%%4416')"
    return replace(leaf, field=field), (
        Reason("kept-in-parts", f"{message}: {effect}", leaf.place),
    )


def _words(fields: Fields, leaf: FieldLeaf) -> Said:
    """A text without white space that the text has somewhere."""
    (field,) = fields
    kept = replace(leaf, field=field)
    if isinstance(leaf, Glob) and (leaf.parts[0], leaf.parts[-1]) == _INSIDE:
        (*texts,) = _required(leaf)
        if len(texts) == 1 and len(leaf.parts) == 3 and not re.search(r"\s", texts[0]):
            return kept, ()
    message = f"{field.name} is a list of the words, each of which is tested by itself"
    return kept, (Reason("kept-in-parts", message, leaf.place),)


def _words_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    return {fields[0].name: text.split()} if text.split() else None


def _codes_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    codes = text.split()
    fits = bool(codes) and all(_CODE.fullmatch(code) for code in codes)
    return {fields[0].name: text} if fits else None


# ------------------------------------------------------ [] as nothing at all, of a list of objects


def _listed(fields: Fields, test: FieldLeaf) -> Said:
    """An empty list, which leaves no field."""
    leaf = _of_text(fields, test)
    if _pieces(leaf) != ("[]",):
        raise _refused(fields, leaf, "of a list's text, only [] can be asked for")
    message = f"an empty list leaves no field: events without {leaf.field.name} are found, too"
    node = all_of(IsNull(field, place=leaf.place) for field in fields)
    return node, (Reason("kept-in-parts", message, leaf.place),)


def _listed_held(_fields: Fields, text: str) -> Mapping[str, object] | None:
    return {} if text == "[]" else None


# ------------------------------------------- EXECVE as execve: text whose case is not the event's


def _any_case(fields: Fields, test: FieldLeaf) -> Said:
    """A test that doesn't ask for the case of the event's text."""
    leaf = _as_text(test)
    if isinstance(leaf, Regex):
        cased = "i" not in leaf.flags
    else:
        text = _of_text(fields, leaf)
        texts = [piece for piece in _pieces(text) if isinstance(piece, str)]
        cased = text.cased and any(one.upper() != one.lower() for one in texts)
    if cased:
        raise _refused(fields, leaf, "the case of the event's text is not kept")
    return any_of(replace(leaf, field=field) for field in fields), ()


def _any_case_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    return {fields[0].name: text.lower()}


def _as_text(leaf: FieldLeaf) -> FieldLeaf:
    """A test for a number or a truth value as one for the text that spells it."""
    if isinstance(leaf, NumberEquals):
        return Equals(leaf.field, str(leaf.number), place=leaf.place)
    if isinstance(leaf, BooleanEquals):
        return Equals(leaf.field, str(leaf.boolean).lower(), place=leaf.place)
    return leaf


# ------------------------------------------------- some texts, each replaced by one of ECS's own

REPLACED = "replaced"


def _replaced(texts: Mapping[str, str], fields: Fields, leaf: FieldLeaf) -> Said:
    """The test, in which a text that is kept stands for the one that it has replaced."""
    (field,) = fields
    leaf = _as_text(leaf)
    on_field: Node = replace(leaf, field=field)
    if not isinstance(leaf, (Equals, Glob)):
        told = f"{field.name} has other texts for {', '.join(map(repr, texts))}: not all are found"
        return on_field, (Reason("kept-in-parts", told, leaf.place),)
    passes = partial(fits, _pieces(leaf), cased=leaf.cased)
    pairs = [(passes(text), passes(kept), kept) for text, kept in texts.items()]
    found = [
        Equals(field, kept, cased=True, place=leaf.place) for old, new, kept in pairs if old > new
    ]
    other = [Equals(field, kept, cased=True) for old, new, kept in pairs if old < new]
    if other:
        on_field = all_of([on_field, Not(any_of(other))])
    return any_of([on_field, *found]), ()


def _replaced_held(
    texts: Mapping[str, str], fields: Fields, text: str
) -> Mapping[str, object] | None:
    return None if text in texts.values() else {fields[0].name: texts.get(text, text)}


# --------------------------------------- the key of a flattened field, and the object as one text


def keyed(key: Field, whole: Field | None = None) -> Form:
    """The key of a flattened field; `whole` is the field that has the object as a text.

    Of a key, Elasticsearch finds whole values as they are written, and whether there is one:
    https://www.elastic.co/guide/en/elasticsearch/reference/8.17/flattened.html
    """
    return Form(partial(_tested, partial(_keyed, whole), (key,)), partial(_keyed_held, (key,)))


def _keyed(whole: Field | None, fields: Fields, test: FieldLeaf) -> Said:
    (key,) = fields
    leaf = _as_text(test)
    what = f"{key.name} (for {leaf.field.name}) is a key of a flattened field"
    if isinstance(leaf, Equals):
        node = Equals(key, leaf.value, cased=True, place=leaf.place)
        if leaf.cased or leaf.value.upper() == leaf.value.lower():
            return node, ()
        message = f"{what}: {leaf.value!r} is found in this case only"
        return node, (Reason("kept-in-parts", message, leaf.place),)
    if isinstance(leaf, Glob) and set(leaf.parts) == {Wildcard.ANY_RUN}:
        return Exists(key, place=leaf.place), ()
    if not isinstance(leaf, Glob) or whole is None:
        raise Refused("kept-in-parts", f"{what}: only whole values can be asked for", leaf.place)
    message = f"{what}: the text is looked for anywhere in {whole.name}"
    inside = Glob(whole, (*_INSIDE[:1], *_trimmed(leaf.parts), *_INSIDE[:1]), leaf.cased)
    return replace(inside, place=leaf.place), (Reason("kept-in-parts", message, leaf.place),)


def _trimmed(parts: Sequence[Piece]) -> Sequence[Piece]:
    """The parts without the runs at both ends."""
    start = 1 if parts[0] is Wildcard.ANY_RUN else 0
    return parts[start : len(parts) - (1 if parts[-1] is Wildcard.ANY_RUN else 0)]


def _keyed_held(fields: Fields, text: str) -> Mapping[str, object] | None:
    return {fields[0].name: text}


_FORMS: Mapping[str, tuple[Test, Held]] = {
    "any-case": (_any_case, _any_case_held),
    "hashes": (_hashes, _hashes_held),
    "account": (_account, _account_held),
    "registry-data": (_registry_data, _registry_data_held),
    "codes": (_codes, _codes_held),
    "words": (_words, _words_held),
    "list": (_listed, _listed_held),
}
NAMES = (
    *_FORMS,
    REPLACED,
    *("arguments", "dashed", "entities", "url-ending", "url-host", "url-query"),
)


@cache
def _spelled() -> Mapping[str, tuple[Test, Held]]:
    """Forms in which a field has the whole text, spelled otherwise."""
    from transpile.targets import arguments, spellings, urls  # noqa: PLC0415 (seldom needed)

    return {
        "arguments": (partial(_tested, arguments.arguments), arguments.arguments_held),
        "dashed": (spellings.dashed, spellings.dashed_held),
        "entities": (partial(_tested, spellings.entities), spellings.entities_held),
        "url-ending": (urls.ENDING.test, urls.ENDING.held),
        "url-host": (urls.HOST.test, urls.HOST.held),
        "url-query": (urls.QUERY.test, urls.QUERY.held),
    }
