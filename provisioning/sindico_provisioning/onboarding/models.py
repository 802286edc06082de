"""Rows of sign-offs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class TableSignOff(TenantRow, Base):
    """Somebody's word that nothing of a table was left behind; of each table one is valid."""

    __tablename__ = "table_sign_off"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_code IS NULL)",
            name="withdrawn",
        ),
        Index(
            "uq_table_sign_off_valid",
            "tenant_id",
            "integration_id",
            "resource",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    resource: Mapped[str]
    counts: Mapped[dict[str, Any]]
    """What was seen when it was signed: see `rules.Counts`."""
    note: Mapped[str | None]
    signed_at: Mapped[datetime]
    signed_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_code: Mapped[str | None]
    """``by-hand``, or which count changed: see `rules.REASONS`."""
    withdrawn_note: Mapped[str | None]
