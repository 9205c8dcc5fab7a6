"""Classes of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    from operator import attrgetter

    def dataclass(of=None, /, *, frozen=False, eq=True, **options):
        """The standard library's, but for `frozen`, which only type checkers see to.

        Python has a frozen class set its own fields by one slow call each: to convert rules takes
        7% longer with those. Equality and hashes are as if it were frozen. They and the text of a
        value are not compiled for each class, which takes three quarters of the time to make one:
        to convert one rule takes 10% longer with those.
        """

        def made(of):
            hashed = "__hash__" in vars(of)
            of = dataclasses.dataclass(eq=False, repr=False, **options)(of)
            of.__repr__ = _text
            if eq:
                names = [one.name for one in dataclasses.fields(of) if one.compare]
                of.__eq__, hash_of = _equality(attrgetter(*names) if names else type)
                if not hashed:
                    of.__hash__ = hash_of if frozen else None
            return of

        return made if of is None else made(of)

    def _equality(compared):
        def equal(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return compared(self) == compared(other)

        return equal, lambda self: hash(compared(self))

    def _text(self):
        told = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self))
        return f"{self.__class__.__qualname__}({', '.join(told)})"


__all__ = ["dataclass"]
