"""Texts that a field never holds, so that rules that ask for them are refused."""

from __future__ import annotations

from transpile.ir.nodes import Equals, FieldLeaf, Glob, Regex
from transpile.query import Refused
from transpile.targets.model import FieldEntry


def refuse_lacking(of: FieldEntry, leaf: FieldLeaf) -> str:
    """Check a test against what its field lacks, and give back the test's text in lower case.

    Raises:
        Refused: `unmapped-field`, the field never holds this.
    """
    text = _literal(leaf).lower()
    for part, why in of.lacking.items():
        if part.lower() in text:
            raise Refused("unmapped-field", why, leaf.place)
    return text


def _literal(leaf: FieldLeaf) -> str:
    if isinstance(leaf, Glob):
        return "".join(part for part in leaf.parts if isinstance(part, str))
    if isinstance(leaf, Equals):
        return leaf.value
    return leaf.pattern if isinstance(leaf, Regex) else ""
