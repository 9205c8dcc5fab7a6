"""Fields that several columns hold, or that stand otherwise in them, put together again by name.

Rules compare texts as Sysmon and Windows write them. A computation makes that text on the side of
the columns, so that a rule's values stay as they are; a data file names it, and its columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from transpile.ir.source import (
    Case,
    Cases,
    Column,
    Extract,
    FromHexadecimal,
    Hexadecimal,
    Joined,
    Literal,
    Member,
    ReplacePattern,
    Source,
    UnlessEmpty,
)


def account(domain: str, name: str) -> Source:
    r"""`DOMAIN\user`, as Sysmon writes it."""
    return Joined((Column(domain), Literal("\\"), Column(name)))


ALGORITHMS = ("MD5", "SHA1", "SHA256", "IMPHASH")


def hashes(*columns: str) -> Source:
    """`MD5=…,SHA1=…`, as Sysmon writes it; each column's name ends in its algorithm."""
    parts: list[Source] = []
    for column in columns:
        parts += [Literal(f"{',' if parts else ''}{algorithm(column)}="), Column(column)]
    return Joined(tuple(parts))


def separate_hashes(*columns: str) -> Source:
    """The same with each comma a text of its own, as queries for ASIM's parsers have it."""
    parts: list[Source] = []
    for column in columns:
        parts += [Literal(","), Literal(f"{algorithm(column)}="), Column(column)]
    return Joined(tuple(parts[1:]))


def algorithm(column: str) -> str:
    """The algorithm that a column's name ends in; empty for none."""
    return next((one for one in ALGORITHMS if column.upper().endswith(one)), "")


def dash_if_empty(column: str) -> Source:
    """A text as Windows writes it, which has a dash for none."""
    return UnlessEmpty(column, Column(column), Literal("-"))


PIPES = r"\Device\NamedPipe"


def pipe_name(column: str) -> Source:
    """The name of a pipe, from the JSON that a column holds."""
    pattern = f"(?s)^{re.escape(PIPES)}(.*)$"
    return Extract(pattern, Member(column, ("PipeName",), is_text=True))


# --- the registry -----------------------------------------------------------------------------

_CONTROL_SET = r"(?i)^HKEY_LOCAL_MACHINE(\\SYSTEM\\)ControlSet[0-9]{3}(\\|$)"
_SHORTENED = r"HKLM\1CurrentControlSet\2"
HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
}
"""the hives, and how Sysmon abbreviates them"""


def registry_path(key: str, value: str) -> Source:
    """The key as Sysmon writes it, and the value's name where there is one.

    Sysmon abbreviates the hives, names the control set that is in use, joins the value's name to
    its key, and writes numbers and binary data in a form of its own:
    https://learn.microsoft.com/sysinternals/downloads/sysmon#event-id-12-registryevent-object-create-and-delete
    """
    text = ReplacePattern(Column(key), _CONTROL_SET, _SHORTENED)
    for hive, short in HIVES.items():
        text = ReplacePattern(text, f"(?i)^{hive}", short)
    name = UnlessEmpty(value, Joined((Literal("\\"), Column(value))), Literal(""))
    return Joined((text, name))


def registry_data(kind: str, data: str) -> Source:
    """What is written to a value, as Sysmon writes it; `kind` is the column that tells its type."""
    wide = ReplacePattern(Hexadecimal(data, 16), "^(.{8})", r"\1-0x")
    return Cases(
        (
            Case(kind, _framed("DWORD (0x", Hexadecimal(data, 8)), ending="Dword"),
            Case(kind, _framed("QWORD (0x", wide), ending="Qword"),
            Case(kind, Literal("Binary Data"), ending="Binary"),
        ),
        Column(data),
    )


def _framed(before: str, text: Source) -> Source:
    return Joined((Literal(before), text, Literal(")")))


# --- records of auditd ------------------------------------------------------------------------

ENCODED = re.compile(
    "a[0-9]+|acct|apparmor|cgroup|cmd|comm|cwd|data|device|dir|exe|file|grp|invalid_context|key"
    "|name|(?:new|old)-(?:chardev|disk|fs|net|rng)|ocomm|path|proctitle|vm|watch"
)
"""fields that stand in quotes, or in hexadecimal where they have blanks, quotes and the like:
specs/fields/field-dictionary.csv in https://github.com/linux-audit/audit-documentation, 0b4aeb53"""


def auditd(name: str, column: str) -> Source:
    """A field of a record of auditd in a line of text, by its name.

    Of a system call, a0 to a3 are numbers; of a program that is started, its words.
    """
    escaped, before = name.replace(".", r"\."), r"(?:^|[\s'])"
    text = Column(column)
    if not ENCODED.fullmatch(name):
        return Extract(rf"""{before}{escaped}="?([^"\s']+)""", text)
    of = "" if not _ARGUMENT.fullmatch(name) else "type=EXECVE.*"
    coded = Extract(rf"{of}{before}{escaped}=((?:[0-9A-F]{{2}})+)(?:\s|$)", text)
    parts: list[Source] = [Extract(rf'{before}{escaped}="([^"]*)"', text), FromHexadecimal(coded)]
    if of:
        parts.append(Extract(rf"type=(?:SYSCALL|SOCKETCALL).*\s{escaped}=([0-9a-f]+)", text))
    return Joined(tuple(parts))


_ARGUMENT = re.compile("a[0-9]+")


# --- by name ----------------------------------------------------------------------------------

_HASHES = f"hashes, each with a name that ends in {', '.join(ALGORITHMS)}"
_COMPUTATIONS: Mapping[str, tuple[Callable[..., Source], str]] = {
    "account": (account, "the domain and the name"),
    "dash-if-empty": (dash_if_empty, "the text"),
    "hashes": (hashes, _HASHES),
    "pipe-name": (pipe_name, "the JSON"),
    "registry-data": (registry_data, "the type and the data"),
    "registry-path": (registry_path, "the key and the name of the value"),
    "separate-hashes": (separate_hashes, _HASHES),
}
NAMES = tuple(_COMPUTATIONS)


OF_EACH: Mapping[str, Callable[..., Source]] = {"auditd": auditd}
"""computations of any field by its name, from one column"""


def of_each(name: str, field: str, columns: Sequence[str]) -> Source:
    """A computation of any field by its name, from columns."""
    return OF_EACH[name](field, *columns)


def computed(name: str, columns: Sequence[str]) -> Source:
    """A computation, from columns."""
    return _COMPUTATIONS[name][0](*columns)


def fault(name: str, columns: Sequence[str]) -> str:
    """Why a computation can't be made from these columns; empty where it can."""
    _, wanted = _COMPUTATIONS[name]
    if wanted is _HASHES:
        right = bool(columns) and all(map(algorithm, columns))
    else:
        right = len(columns) == wanted.count(" and ") + 1
    return "" if right else f"{name} is computed from columns that hold {wanted}"
