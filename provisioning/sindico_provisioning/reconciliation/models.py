"""Rows of comparisons, their tables and the keys that differ."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class ReconciliationStatus(StrEnum):
    """Where a comparison or one of its tables stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DifferenceKind(StrEnum):
    """How a key differs."""

    MISSING = "missing"
    """The ERP has it, the staging has not."""
    EXTRA = "extra"
    """The staging has it, the ERP has not."""
    CHANGED = "changed"
    """Both have it, with other values."""
    OUTSIDE_CRM = "outside-crm"
    """The staging has it, and no record of the CRM is made of it."""


UNDER_WAY = (ReconciliationStatus.PENDING, ReconciliationStatus.RUNNING)
_STATUSES = "status IN ('pending','running','succeeded','failed')"
_OF_RECONCILIATION = (
    ["tenant_id", "reconciliation_id"],
    ["control.reconciliation.tenant_id", "control.reconciliation.id"],
)


class Reconciliation(TenantRow, Base):
    """One comparison of an integration with its source. At most one of each is under way."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(_STATUSES, name="status"),
        CheckConstraint(
            "(finished_at IS NULL) = (status IN ('pending','running'))", name="finished"
        ),
        Index(
            "uq_reconciliation_active",
            "tenant_id",
            "integration_id",
            unique=True,
            postgresql_where=text("status IN ('pending','running')"),
        ),
        Index("ix_reconciliation_integration_id", "tenant_id", "integration_id", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    status: Mapped[str]
    requested_by: Mapped[str]
    job_id: Mapped[UUID]
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}``; the detail is a message id."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ReconciledTable(TenantRow, Base):
    """What comparing one table came to. The cursor stands after the last page that was read."""

    __tablename__ = "reconciled_table"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_RECONCILIATION, ondelete="CASCADE"),
        CheckConstraint(_STATUSES, name="status"),
        {"schema": "control"},
    )

    reconciliation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    resource: Mapped[str]
    status: Mapped[str]
    cursor: Mapped[dict[str, Any] | None]
    pages: Mapped[int]
    source_rows: Mapped[int]
    """Different keys that the ERP has, rejected rows included."""
    unreadable: Mapped[int]
    """Rows of the ERP whose key could not be read."""
    staged_rows: Mapped[int]
    source_checksum: Mapped[str | None]
    """Over keys and values, whatever their order; equal sums are equal rows."""
    staged_checksum: Mapped[str | None]
    missing: Mapped[int]
    extra: Mapped[int]
    changed: Mapped[int]
    outside_crm: Mapped[int]
    compared_at: Mapped[datetime | None]


class Difference(TenantRow, Base):
    """A key that differs; of each kind and table the first thousand are kept."""

    __tablename__ = "reconciled_difference"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_RECONCILIATION, ondelete="CASCADE"),
        CheckConstraint("kind IN ('missing','extra','changed','outside-crm')", name="kind"),
        {"schema": "control"},
    )

    reconciliation_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    id_erp: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class SourceKey(TenantRow, Base):
    """A key that the source has, and what its row's values come to; kept until it is compared."""

    __tablename__ = "source_key"
    __table_args__ = ({"schema": "staging"},)

    reconciliation_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    id_erp: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    digest: Mapped[int | None]
    """None of a row that our definitions reject: its values cannot be compared."""
