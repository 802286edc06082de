"""Rows of what is to leave, the outbox of alerts, and of each attempt to deliver it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.webhooks.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class AttemptState(StrEnum):
    """What came of one attempt."""

    RUNNING = "running"
    SENT = "sent"
    FAILED = "failed"
    LOST = "lost"
    """The process that carried it ended; whether the message arrived is not known."""


class AlertDelivery(TenantRow, Base):
    """One message to one address. Its id is the message's, however often it is sent."""

    __tablename__ = "alert_delivery"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "webhook_id"],
            ["control.webhook_endpoint.tenant_id", "control.webhook_endpoint.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("state IN ('pending','sent','failed')", name="state"),
        CheckConstraint("(webhook_id IS NULL) <> (mail_to IS NULL)", name="address"),
        CheckConstraint("(finished_at IS NULL) = (state = 'pending')", name="finished"),
        Index("ix_alert_delivery_due_at", "due_at", postgresql_where=text("state = 'pending'")),
        Index("ix_alert_delivery_webhook_id", "tenant_id", "webhook_id", "id"),
        Index("ix_alert_delivery_finished_at", "finished_at"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID | None]
    mail_to: Mapped[str | None]
    mail_locale: Mapped[str | None]
    event: Mapped[str]
    """Such as ``integration.stale``."""
    data: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}`` of the last failure."""
    answer_status: Mapped[int | None]
    """What the receiver answered last, if it did."""
    tried_at: Mapped[datetime | None]
    """When it was last tried."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DeliveryAttempt(TenantRow, Base):
    """One attempt to deliver a webhook's message. Its id is the lease's that it was made under."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "delivery_id"],
            ["control.alert_delivery.tenant_id", "control.alert_delivery.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("state IN ('running','sent','failed','lost')", name="state"),
        CheckConstraint("(duration_ms IS NOT NULL) = (state IN ('sent','failed'))", name="ended"),
        Index("ix_delivery_attempt_delivery_id", "tenant_id", "delivery_id", "id"),
        Index("ix_delivery_attempt_webhook_id", "tenant_id", "webhook_id", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID]
    webhook_id: Mapped[UUID]
    state: Mapped[str]
    at: Mapped[datetime]
    duration_ms: Mapped[int | None]
    answer_status: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]
    """As the delivery's."""
