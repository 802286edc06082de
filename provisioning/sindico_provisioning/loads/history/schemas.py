"""Runs side by side, as callers see them."""

from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Output


class RunItem(Output, kw_only=True, frozen=True):
    """One run of an integration, and how it compares with the ones before."""

    id: UUID
    kind: str
    status: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None
    """Until now, for one that has not ended."""
    received: int
    """Rows from the ERP; where it pushed them before, those that were brought into the CRM."""
    created: int
    updated: int
    unchanged: int
    rejected: int
    """In every phase, as the panel counts them: the ERP's rows, and what could not be brought into
    the CRM."""
    unusual: list[str]
    """`slow`, `quick`, `few-rows`, `many-rows`: against the median of the complete runs."""


class RunFiguresOut(Output, kw_only=True, frozen=True):
    """What the last complete runs of an integration were like."""

    runs: int
    """How many the figures are made of: the newest 30 that were complete and succeeded."""
    average_seconds: float | None
    median_seconds: float | None
    median_received: float | None
