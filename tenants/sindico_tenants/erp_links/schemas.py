"""What bringing an ERP's rows in came to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeCounts:
    """How many of the incoming rows did what; a row held back entirely by pins is unchanged."""

    received: int
    created: int
    updated: int

    @property
    def unchanged(self) -> int:
        return self.received - self.created - self.updated
