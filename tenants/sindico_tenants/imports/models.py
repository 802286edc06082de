"""Rows of imports and of the lines of their spreadsheets."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class ImportStatus(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    ANALYSING = "analysing"
    MAPPING = "mapping"
    """Waits for a person to say what some columns are."""
    READY = "ready"
    """Shows what it would do, and waits for a person to let it."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


class Outcome(StrEnum):
    """What becomes of a row: planned while the import is shown, done once it has run."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


WORKING = (
    ImportStatus.UPLOADED,
    ImportStatus.ANALYSING,
    ImportStatus.RUNNING,
    ImportStatus.UNDOING,
)
"""A job moves it on by itself."""
WAITING = (ImportStatus.MAPPING, ImportStatus.READY)
"""A person moves it on."""
ACTIVE = (*WORKING, *WAITING)
_ACTIVE = "status IN ('uploaded','analysing','mapping','ready','running','undoing')"
_STATUSES = (
    "status IN ('uploaded','analysing','mapping','ready','running','succeeded','failed',"
    "'cancelled','undoing','undone')"
)


class Import(TenantRow, Base):
    """One spreadsheet. At most one of a resource is active in a tenant."""

    __tablename__ = "import"
    __table_args__ = (
        CheckConstraint(_STATUSES, name="status"),
        Index(
            "uq_import_active", "tenant_id", "resource", unique=True, postgresql_where=text(_ACTIVE)
        ),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str]
    """What it brings in, such as ``companies``: a key of `definitions.DEFINITIONS`."""
    status: Mapped[str]
    blob_id: Mapped[UUID]
    """The file; it is removed long before the row."""
    filename: Mapped[str]
    format: Mapped[str]
    size_bytes: Mapped[int]
    facts: Mapped[dict[str, Any] | None]
    """How the file turned out to be written: `SheetFacts`."""
    header_number: Mapped[int | None]
    """The row of the sheet that names the columns."""
    columns: Mapped[list[Any] | None]
    """`SheetColumn` of every column, in the order of the sheet."""
    read_through: Mapped[int]
    """The last row of the sheet that is checked and kept; the analysis goes on after it."""
    rows: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    written_through: Mapped[int]
    """The last row of the sheet that is written; the import goes on after it."""
    written_created: Mapped[int]
    written_updated: Mapped[int]
    undone_before: Mapped[int | None]
    """Rows of the sheet from here on are taken back; the undo goes on before it."""
    removed: Mapped[int]
    restored: Mapped[int]
    kept: Mapped[int]
    """Rows that the undo left as they are, each with its reason."""
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}`` of why it failed; the detail is a message id."""
    requested_by: Mapped[str]
    """Login or API client that sent the file."""
    run_by: Mapped[UUID | None]
    """The user who let it write, whom the records it writes name."""
    job_id: Mapped[UUID | None]
    """The job that may move it on."""
    revision: Mapped[int]
    """Counts every change, so that a watcher knows when to look."""
    created_at: Mapped[datetime]
    analysed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    """When it began to write."""
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    """When its rows were removed; it cannot be undone any more."""


class ImportRow(TenantRow, Base):
    """One row of the sheet: what it said, what it comes to, and what was there before."""

    __tablename__ = "import_row"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["crm.import.tenant_id", "crm.import.id"]),
        CheckConstraint("outcome IN ('created','updated','unchanged','rejected')", name="outcome"),
        Index("ix_import_row_outcome", "tenant_id", "import_id", "outcome", "number"),
        {"schema": "crm"},
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """As the spreadsheet program counts."""
    cells: Mapped[list[str]] = mapped_column(ARRAY(Text))
    outcome: Mapped[str]
    reasons: Mapped[list[Any] | None]
    """Why it is rejected: ``{"field", "code", "detail", "facts"}`` each; details are message ids.
    """
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What must stand once in a sheet, such as ``cnpj:…``."""
    target_id: Mapped[UUID | None]
    """The record it is, or the id that the new one gets."""
    target_revision: Mapped[int | None]
    """What the record counted when the row was checked."""
    values: Mapped[dict[str, Any] | None]
    """What is written: every field of a new record, the changed ones of one that is there."""
    before: Mapped[dict[str, Any] | None]
    """The same fields of the record as they were, and its pins."""
    kept_because: Mapped[dict[str, Any] | None]
    """Why the undo left the record as it is; shaped like a reason."""
