"""Rows of the limits, and of the incidents."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class ClosedCode(StrEnum):
    """Why an incident ended."""

    RECOVERED = "recovered"
    SETTINGS_CHANGED = "settings-changed"
    """The limit is another, or nobody expects success any more."""


class Freshness(TenantRow, Base):
    """What one integration must keep to. Without a row, or an explicit one, defaults apply."""

    __tablename__ = "freshness"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("max_hours BETWEEN 1 AND 8760", name="max_hours"),
        CheckConstraint(
            "(snoozed_until IS NULL) = (snooze_reason IS NULL)"
            " AND (snoozed_until IS NULL) = (snoozed_by IS NULL)",
            name="snoozed",
        ),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_explicit: Mapped[bool]
    """Whether somebody chose the limit; else the default applies, and `max_hours` says nothing."""
    max_hours: Mapped[int | None]
    """None lets it go without success for ever."""
    contacts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Mail addresses of users; without any, whoever may edit integrations is told."""
    counts_from: Mapped[datetime | None]
    """When the limit was chosen: nothing is late for what was before."""
    last_push_at: Mapped[datetime | None]
    """When data last came by a push, to the minute."""
    snoozed_until: Mapped[datetime | None]
    snooze_reason: Mapped[str | None]
    snoozed_by: Mapped[str | None]
    warned_at: Mapped[datetime | None]
    """When people were last told that the schedule will be paused."""
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Incident(TenantRow, Base):
    """A time in which an integration was late. At most one of an integration is open."""

    __tablename__ = "incident"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_code IS NULL)", name="closed"),
        CheckConstraint("closed_code IN ('recovered','settings-changed')", name="closed_code"),
        Index(
            "uq_incident_open",
            "tenant_id",
            "integration_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_incident_integration_id", "tenant_id", "integration_id", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    max_hours: Mapped[int]
    last_success_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When people were told; None while that is still to come, as after a snooze."""
    tellings: Mapped[int]
    """How often they were told."""
    closed_at: Mapped[datetime | None]
    closed_code: Mapped[str | None]
