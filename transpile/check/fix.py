"""Brings a folder into step with the rules, and loses nothing that is not its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transpile.check.drift import Checked, Drift, Kind
from transpile.check.lock import LOCK, Lock, LockedFile, content_hash
from transpile.export.folder import OutputFolder
from transpile.values import dataclass

KEPT = ".orig"
"""what the name of a file ends in that holds what was edited by hand"""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was done about a difference; `left` that it is still there."""

    drift: Drift
    done: str
    left: bool = False


def fix(folder: OutputFolder, drifts: Sequence[Drift], *, locked: bool) -> list[Fixed]:
    """Write what is changed or missing and remove what no rule gives.

    Where there is a lock (`locked`), content that it doesn't know is kept in another file before
    it is written over, and a file that it doesn't know is left alone.

    Raises:
        OutsideFolder: a link leads out of the folder.
        OSError: a file can't be written or removed.
    """
    return [_fix(folder, drift, locked=locked) for drift in drifts]


def _fix(folder: OutputFolder, drift: Drift, *, locked: bool) -> Fixed:
    if drift.kind is Kind.LOCK:
        return Fixed(drift, "written anew")
    if drift.broken:
        return Fixed(drift, "left as it is until the broken rule is mended", left=True)
    if drift.kind is Kind.LEFTOVER:
        folder.remove(drift.name)
        return Fixed(drift, "removed")
    if drift.kind is Kind.ORPHANED:
        if not drift.ours:
            return Fixed(drift, "left alone: nothing tells that it is no file of yours", left=True)
        folder.remove(drift.name)
        return Fixed(drift, "removed")
    if drift.expected is None:
        raise ValueError(f"{drift.name} is {drift.kind.value} and nothing is expected")
    kept = ""
    if drift.committed is not None and locked and not drift.ours:
        kept = _keep(folder, drift.name, drift.committed)
    folder.write(drift.name, drift.expected)
    return Fixed(drift, f"written; what was there is in {kept}" if kept else "written")


def _keep(folder: OutputFolder, name: str, content: bytes) -> str:
    number, kept = 2, f"{name}{KEPT}"
    while folder.read(kept) not in (None, content):
        number, kept = number + 1, f"{name}{KEPT}{number}"
    folder.write(kept, content)
    return kept


def new_lock(
    folder: OutputFolder,
    checked: Checked,
    left: Iterable[str] = (),
) -> Lock:
    """The lock of the files as they are given now; those in `left` were not written.

    What the earlier lock knows of them, and of files that are still there without a rule, stays:
    so it is known next time where they come from.
    """
    files: dict[str, LockedFile] = {}
    digests: dict[str, str] = {}
    for name, file in checked.files.items():
        if name in left:
            continue
        source = file.stems[0] if file.stems and not file.combined else ""
        files[name] = LockedFile(content_hash(file.text.encode()), source)
        digests |= {stem: checked.rules[stem].digest for stem in file.stems}
    before = checked.lock
    if before is None:
        return Lock(checked.made, digests, files)
    for name, locked in before.files.items():
        if name not in files and folder.read(name) is not None:
            files[name] = locked
            digests |= {
                stem: digest
                for stem, digest in before.rules.items()
                if not locked.rule or stem == locked.rule
            }
    return Lock(checked.made, digests, files)


def write_lock(folder: OutputFolder, lock: Lock) -> None:
    """Write the lock beside the outputs.

    Raises OutsideFolder, OSError: it can't be written.
    """
    folder.write(LOCK, lock.text().encode())
