"""What is known of rejected rows, before anybody is told of them."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The loads that rejected rows of one table, since all of it was last read to the end."""

    resource: str
    """An ERP table, or the table of ours that rows could not be brought into."""
    whole: UUID | None
    """The load that read all of it; what those before it found is over."""
    dropped: int
    """Rows that were rejected beyond those that are kept of one load."""
    loads: tuple[UUID, ...]
    """The newest of them, newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Rows of one table that are still to be mended for one reason."""

    resource: str
    code: str
    field: str
    rows: int
    """Among those that were looked at."""
    example: Any
    """What one of them was told, as the staging keeps it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """What is still to be mended."""

    rows: Counter[str]
    """By ERP table, how many."""
    least: set[str]
    """The ERP tables of which there may be more, as no more were looked at."""
    loads: dict[str, list[UUID]]
    """By ERP table, the newest loads that rejected some of them, newest first."""
    reasons: list[Reason]
    """Those met most often first."""
