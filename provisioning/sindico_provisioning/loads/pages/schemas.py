"""A stretch of a staging table."""

from dataclasses import dataclass
from uuid import UUID

MAX_KEPT_REJECTIONS = 10_000
"""Of one table in one load; more are counted but not kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The rows of an integration with ``after < id_erp <= last``."""

    integration_id: UUID
    after: str
    last: str
    rows: int
    is_end: bool
    """No row comes after it."""
