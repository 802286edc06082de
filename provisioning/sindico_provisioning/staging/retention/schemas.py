"""What retiring a stretch of a staging table came to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Retired:
    """How far it went."""

    last: str
    """The last key looked at."""
    removed: int
    is_end: bool
    """No row comes after it."""
