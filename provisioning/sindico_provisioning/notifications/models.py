"""Rows of notifications, and of who has read them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class Notification(TenantRow, Base):
    """Something the platform tells one person of a tenant, or all who may see notifications."""

    __tablename__ = "notification"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        Index("ix_notification_created_at", "tenant_id", "created_at", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None]
    """Whom it is for; everybody of the tenant without."""
    code: Mapped[str]
    facts: Mapped[dict[str, Any]]
    path: Mapped[str | None]
    """Where the console leads from it."""
    created_at: Mapped[datetime]


class NotificationRead(TenantRow, Base):
    """One reader has read one notification."""

    __tablename__ = "notification_read"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["control.notification.tenant_id", "control.notification.id"],
        ),
        {"schema": "control"},
    )

    notification_id: Mapped[UUID] = mapped_column(primary_key=True)
    reader_id: Mapped[UUID] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]
