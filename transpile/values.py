"""Classes of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(of=None, /, *, frozen=False, **options):
        """The standard library's, but for `frozen`, which only type checkers see to.

        Python has a frozen class set its own fields by one slow call each: to convert rules takes
        7% longer with those. Equality and hashes are as if it were frozen.
        """

        def made(of):
            hashed = frozen and options.get("eq", True) and "__hash__" not in vars(of)
            return dataclasses.dataclass(unsafe_hash=hashed, **options)(of)

        return made if of is None else made(of)


__all__ = ["dataclass"]
