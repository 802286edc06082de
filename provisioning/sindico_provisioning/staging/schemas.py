"""What storing a page came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many rows did what; what was received is always the sum of the others."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    """The same as stored, or older than it."""
    rejected: int = 0

    @property
    def received(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected

    def __add__(self, other: Self) -> Self:
        return type(self)(
            created=self.created + other.created,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            rejected=self.rejected + other.rejected,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What storing rows came to, and which rows did what where not all did the same."""

    counts: Counts
    created_keys: Sequence[str] = ()
    """Empty if all rows were created, or none."""
    updated_keys: Sequence[str] = ()
