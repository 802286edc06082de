"""Rows of schedules, and of what came of every run they asked for."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.loads.models  # noqa: F401  (foreign keys name its tables)
from sindico_platform.database.base import Base, TenantRow


class ScheduleKind(StrEnum):
    """How the times of the runs are given."""

    NONE = "none"
    DAILY = "daily"
    INTERVAL = "interval"


class Outcome(StrEnum):
    """What came of a time at which a load was to run."""

    STARTED = "started"
    SKIPPED = "skipped"
    """The load before had not ended."""
    REFUSED = "refused"
    """No load may begin; the row says why."""


class Schedule(TenantRow, Base):
    """When one integration runs. What is due follows from `due_at` alone, at every tick."""

    __tablename__ = "schedule"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("kind IN ('none','daily','interval')", name="kind"),
        CheckConstraint("(kind = 'daily') = (cardinality(times) > 0)", name="times"),
        CheckConstraint("(kind = 'interval') = (interval_minutes IS NOT NULL)", name="interval"),
        CheckConstraint("(slot_at IS NULL) = (due_at IS NULL)", name="due"),
        CheckConstraint(
            "(due_at IS NULL) = (kind = 'none' OR paused_at IS NOT NULL)", name="planned"
        ),
        CheckConstraint(
            "(paused_at IS NULL) = (paused_by IS NULL)"
            " AND (paused_at IS NULL) = (pause_reason IS NULL)",
            name="paused",
        ),
        Index("ix_schedule_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    times: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """``HH:MM`` in the tenant's zone, in order; of a daily schedule."""
    interval_minutes: Mapped[int | None]
    timezone: Mapped[str]
    """The zone that `slot_at` was found in; another than the tenant's means: find it anew."""
    slot_at: Mapped[datetime | None]
    """The time of the next run, as people planned it. None while nothing is planned."""
    due_at: Mapped[datetime | None]
    """When it really begins: tenants with the same time are spread over two minutes."""
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str | None]
    pause_reason: Mapped[str | None]
    resumed_at: Mapped[datetime | None]
    """Since when it runs by itself, the last pause counted."""
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ScheduledRun(TenantRow, Base):
    """One time at which a load was to run. The key lets no time run twice."""

    __tablename__ = "scheduled_run"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.schedule.tenant_id", "control.schedule.integration_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "load_id"], ["control.load.tenant_id", "control.load.id"]
        ),
        CheckConstraint("outcome IN ('started','skipped','refused')", name="outcome"),
        CheckConstraint("(load_id IS NOT NULL) = (outcome = 'started')", name="load"),
        CheckConstraint("(error IS NOT NULL) = (outcome = 'refused')", name="error"),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(primary_key=True)
    """The time as people planned it."""
    at: Mapped[datetime]
    """When it was seen to."""
    outcome: Mapped[str]
    load_id: Mapped[UUID | None]
    missed: Mapped[int]
    """Later times that had passed as well and that this run stands for."""
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}``; the detail is a message id."""
