"""Comparisons as callers see them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sindico_platform.schemas import Output


class Basis(StrEnum):
    """What a comparison goes by."""

    ROWS = "rows"
    """Every row of the source is read, so that every difference is found by its key."""
    TOTALS = "totals"
    """A table is only read where the ERP does not tell count and sums, or they are others than
    ours; a change of values that leaves them the same is not found."""


class ReconciledTableOut(Output, kw_only=True, frozen=True):
    """What comparing one table came to; zeros before it was compared."""

    table: str
    status: str
    pages: int
    """None were read where the ERP's own totals are those of the staging."""
    source_rows: int
    """Different keys that the ERP has."""
    unreadable: int
    """Rows of the ERP whose key could not be read."""
    staged_rows: int
    source_checksum: str | None
    staged_checksum: str | None
    """Equal to the source's when keys and values are the same."""
    missing: int
    """Keys that the ERP has and the staging has not."""
    extra: int
    """Keys that the staging has and the ERP has not."""
    changed: int
    """Keys whose values differ."""
    outside_crm: int
    """Keys that are staged and of which no record of the CRM is made."""
    compared_at: datetime | None


class ReconciliationErrorOut(Output, kw_only=True, frozen=True):
    """Why a comparison failed."""

    code: str
    detail: str


class ReconciliationOut(Output, kw_only=True, frozen=True):
    """One comparison of an integration with its source."""

    id: UUID
    integration_id: UUID
    status: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: ReconciliationErrorOut | None
    tables: list[ReconciledTableOut]


class KeyDifferenceOut(Output, kw_only=True, frozen=True):
    """A key that differs."""

    table: str
    kind: str
    """`missing`, `extra`, `changed` or `outside-crm`."""
    id_erp: str
