"""A stretch of a staging table."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The rows of an integration with ``after < id_erp <= last``."""

    integration_id: UUID
    after: str
    last: str
    rows: int
    is_end: bool
    """No row comes after it."""
