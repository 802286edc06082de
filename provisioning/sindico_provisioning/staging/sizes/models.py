"""Rows of what was measured."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class StagingSize(TenantRow, Base):
    """What one integration has in the staging. The vendor's people see these figures, no row."""

    __tablename__ = "staging_size"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    rows: Mapped[int]
    """Those that the ERP has removed since included, as they take room too."""
    size_bytes: Mapped[int]
    """Of the rows alone, without indexes."""
    measured_at: Mapped[datetime]
