"""Rows of webhook endpoints."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class WebhookEvent(StrEnum):
    """What webhooks are told of."""

    STALE = "integration.stale"
    RECOVERED = "integration.recovered"
    FAILING = "integration.failing"
    PAUSED = "integration.paused"
    CLASS_CHANGED = "account.class_changed"


class WebhookEndpoint(TenantRow, Base):
    """One address that is told of a tenant's events."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        UniqueConstraint("tenant_id", "url", name="uq_webhook_endpoint_url"),
        CheckConstraint("is_active = (disabled_code IS NULL)", name="disabled"),
        CheckConstraint(
            "(previous_secret_sealed IS NULL) = (previous_secret_until IS NULL)", name="previous"
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    description: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Those it wants; without any, every one there is and will be."""
    is_active: Mapped[bool]
    disabled_code: Mapped[str | None]
    """Why nothing is sent: ``switched-off`` by a person, ``gone`` if it answered 410."""
    secret_sealed: Mapped[str]
    previous_secret_sealed: Mapped[str | None]
    """Signs beside the new secret until its time is over, so that receivers can change over."""
    previous_secret_until: Mapped[datetime | None]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
