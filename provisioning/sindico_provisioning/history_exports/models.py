"""Rows of history files that a job writes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class ExportStatus(StrEnum):
    """Where a file stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (ExportStatus.PENDING, ExportStatus.RUNNING)


class HistoryExport(TenantRow, Base):
    """One file: what was asked for, how far it is, and where it lies."""

    __tablename__ = "history_export"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending','running','succeeded','failed','cancelled')", name="status"
        ),
        CheckConstraint("since < until", name="period"),
        CheckConstraint("(blob_id IS NOT NULL) = (status = 'succeeded')", name="file"),
        CheckConstraint(
            "(finished_at IS NULL) = (status IN ('pending','running'))", name="finished"
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    tables: Mapped[list[str]] = mapped_column(ARRAY(Text))
    with_others: Mapped[bool]
    """Whether requests about no table of these are listed too."""
    with_personal: Mapped[bool]
    """Whether whoever asked may see personal data; the file is only for those who may too."""
    locale: Mapped[str]
    timezone: Mapped[str]
    requested_by: Mapped[str]
    user_id: Mapped[UUID | None]
    """Whom to tell that it is ready; an API client looks by itself."""
    requests: Mapped[int]
    """How many the file will list, as counted when it was asked for."""
    records: Mapped[int]
    """The same of the rows that came in them."""
    written: Mapped[int]
    """Records and requests that are in the file already."""
    filename: Mapped[str]
    blob_id: Mapped[UUID | None]
    size_bytes: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}``; the detail is a message id."""
    job_id: Mapped[UUID]
    """The job that may write to it."""
    revision: Mapped[int]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When the file is removed; none before it is written."""
