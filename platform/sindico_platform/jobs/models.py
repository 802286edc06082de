"""Rows of jobs, of the workers that run them, and of the clock's leader."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class JobState(StrEnum):
    """Where a job stands. A failed job is a dead letter: nothing repeats it by itself."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = text("state = 'pending' AND dispatched_at IS NULL")
IN_FLIGHT = text("dispatched_at IS NOT NULL")
FINISHED = text("finished_at IS NOT NULL")
FAILED = text("state = 'failed'")


class Job(TenantRow, Base):
    """One piece of background work; Redis carries only its id."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending','running','succeeded','failed','cancelled')", name="state"
        ),
        CheckConstraint("(state = 'running') = (lease_token IS NOT NULL)", name="lease"),
        Index("ix_job_waiting", "tenant_id", "queue", "due_at", "id", postgresql_where=WAITING),
        Index("ix_job_due", "due_at", postgresql_where=WAITING),
        Index("ix_job_in_flight", "tenant_id", "queue", postgresql_where=IN_FLIGHT),
        Index("ix_job_failed", "tenant_id", "id", postgresql_where=FAILED),
        Index("ix_job_finished", "finished_at", postgresql_where=FINISHED),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    function: Mapped[str]
    """The registered name, such as ``loads.run_load``."""
    args: Mapped[dict[str, Any]]
    """Ids by parameter name; `tenant_id` is not repeated here."""
    queue: Mapped[str]
    state: Mapped[str]
    even_suspended: Mapped[bool]
    """Whether it runs while its tenant is not active: suspended, closing or closed."""
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    """Attempts since it was added, retried by hand, or last made progress."""
    max_attempts: Mapped[int]
    lease_seconds: Mapped[int]
    lease_token: Mapped[UUID | None]
    """Who may record the outcome; another token changes nothing."""
    lease_until: Mapped[datetime | None]
    worker_id: Mapped[UUID | None]
    dispatched_at: Mapped[datetime | None]
    """When the relay handed it to Redis; set as long as it is queued there or running."""
    progress: Mapped[dict[str, Any] | None]
    """What the job last said about itself, for people."""
    last_error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}``: the detail is an English message id, unfilled."""
    request_id: Mapped[str | None]
    actor_name: Mapped[str]
    """Who caused it."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Worker(Base):
    """A worker process that lives. One that falls silent loses its leases."""

    __tablename__ = "worker"
    __table_args__ = ({"schema": "control"},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class ClockLeader(Base):
    """The one clock process that ticks; at most one row."""

    __tablename__ = "clock_leader"
    __table_args__ = (CheckConstraint("id = 1", name="single"), {"schema": "control"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[UUID]
    until: Mapped[datetime]
