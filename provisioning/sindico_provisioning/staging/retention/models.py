"""Rows of what is, or was last, taken out of the staging."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class Retirement(TenantRow, Base):
    """The last daily clearing of one integration's staging, and how far it is."""

    __tablename__ = "retirement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("ended_at IS NULL OR resource IS NULL", name="ended"),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID]
    """Whose clearing it is; an older job finds another's here and stops."""
    begun_at: Mapped[datetime]
    resource: Mapped[str | None]
    """The ERP table that is looked through, or `rejections`; None when all are done."""
    after: Mapped[str | None]
    """The last of its keys that was looked at; of rejected rows load and row."""
    removed: Mapped[dict[str, Any]]
    """Rows by ERP table, and of `rejections`."""
    ended_at: Mapped[datetime | None]
