"""Rows of loads, their phases and their log."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow


class LoadStatus(StrEnum):
    """Where a load or one of its phases stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EMPTY = "empty"
    """Nothing had been pushed since the run before; that is no success."""


class LoadKind(StrEnum):
    """Why a load runs."""

    INITIAL = "initial"
    SCHEDULED = "scheduled"
    MANUAL = "manual"


class PhaseStep(StrEnum):
    """What a phase does; the steps of a load come in this order (R-364)."""

    FETCH = "fetch"
    """From the ERP into the staging."""
    SYNCHRONISE = "synchronise"
    """From the staging into the CRM."""
    ANALYSE = "analyse"
    """Draw the ABC curve."""
    UPDATE = "update"
    """Bring accounts and contacts up to date with what is known now."""
    CATEGORISE = "categorise"
    """Put every account into its category and its portfolio."""
    RETIRE = "retire"
    """Take out of the staging what is older than it keeps, and bills that are paid."""


class LogLevel(StrEnum):
    """How much a log line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


ACTIVE = (LoadStatus.PENDING, LoadStatus.RUNNING)
_STATUSES = "status IN ('pending','running','succeeded','failed','cancelled','empty')"
_UNDER_WAY = text("status IN ('pending','running')")


class Load(TenantRow, Base):
    """One walk over an ERP's tables. At most one of an integration is pending or running."""

    __tablename__ = "load"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
        ),
        CheckConstraint(_STATUSES, name="status"),
        CheckConstraint("kind IN ('initial','scheduled','manual')", name="kind"),
        CheckConstraint(
            "(finished_at IS NULL) = (status IN ('pending','running'))", name="finished"
        ),
        Index(
            "uq_load_active",
            "tenant_id",
            "integration_id",
            unique=True,
            postgresql_where=_UNDER_WAY,
        ),
        Index("ix_load_integration_id", "tenant_id", "integration_id", "id"),
        Index(
            "ix_load_ended",
            "tenant_id",
            "integration_id",
            "finished_at",
            postgresql_where=text("tables IS NULL AND status IN ('succeeded','failed')"),
        ),
        Index("ix_load_under_way", "touched_at", postgresql_where=_UNDER_WAY),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    tables: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Those asked for; None means all that the ERP offers."""
    arrivals: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """Where rows are pushed: the pushes that it brings the rows of, as its planning found them."""
    requested_by: Mapped[str]
    """Login, API client or job that asked."""
    job_id: Mapped[UUID]
    """The job that may write to it; a resumed load has another than before."""
    tries: Mapped[int]
    """Failures that were followed by another try, since it was started or resumed."""
    tries_without_progress: Mapped[int]
    """The same, in a row, with no page stored in between."""
    next_try_at: Mapped[datetime | None]
    """Set while it waits after a failure that may pass."""
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts", "final"}`` of the last failure; the detail is a message id."""
    revision: Mapped[int]
    """Counts every change, so that a watcher knows when to look."""
    touched_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it last moved, or failed and waited."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class LoadPhase(TenantRow, Base):
    """One table of one load. The cursor stands after the last page that was stored."""

    __tablename__ = "load_phase"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "load_id"], ["control.load.tenant_id", "control.load.id"]
        ),
        CheckConstraint(_STATUSES, name="status"),
        CheckConstraint(
            "step IN ('fetch','synchronise','analyse','update','categorise','retire')",
            name="step",
        ),
        CheckConstraint("received = created + updated + unchanged + rejected", name="counts"),
        Index("ix_load_phase_resource", "tenant_id", "resource", "load_id"),
        Index(
            "ix_load_phase_rejected",
            "tenant_id",
            "resource",
            "load_id",
            postgresql_include=["rejected"],
            postgresql_where=text("rejected > 0"),
        ),
        Index(
            "ix_load_phase_whole",
            "tenant_id",
            "resource",
            "load_id",
            postgresql_where=text("status = 'succeeded' AND COALESCE(is_whole, reached IS NULL)"),
        ),
        {"schema": "control"},
    )

    load_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 … in the order of the walk."""
    step: Mapped[str]
    resource: Mapped[str]
    """An ERP table, or what of the CRM the step is about."""
    status: Mapped[str]
    cursor: Mapped[dict[str, Any] | None]
    progress: Mapped[float]
    """Share that is done, 0 to 1; an estimate."""
    pages: Mapped[int]
    received: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    removed: Mapped[int]
    """Rows that a complete snapshot no longer had."""
    reached: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Once it has succeeded: from where the next load may read on, if not everything again."""
    is_whole: Mapped[bool | None]
    """Once its ERP table is read: whether everything of it was, and not only what changed."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class LoadLog(TenantRow, Base):
    """One line of what a load did."""

    __tablename__ = "load_log"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "load_id"], ["control.load.tenant_id", "control.load.id"]
        ),
        CheckConstraint("level IN ('info','warning','error')", name="level"),
        {"schema": "control"},
    )

    load_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    level: Mapped[str]
    code: Mapped[str]
    resource: Mapped[str | None]
    detail: Mapped[str]
    """English message id, unfilled."""
    facts: Mapped[dict[str, Any]]
