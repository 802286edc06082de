"""Rows of provisioning runs and of their steps."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class Status(StrEnum):
    """Of a run and of a step."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


STATUSES = "status IN ('pending','running','succeeded','failed')"


class ProvisioningRun(TenantRow, Base):
    """One attempt to give a tenant its CRM. At most one per tenant is under way."""

    __tablename__ = "provisioning_run"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.subscription.tenant_id"]),
        ForeignKeyConstraint(["package"], ["control.package.code"]),
        CheckConstraint(STATUSES, name="status"),
        Index(
            "uq_provisioning_run_active",
            "tenant_id",
            unique=True,
            postgresql_where=text("status IN ('pending','running')"),
        ),
        Index("ix_provisioning_run_id", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    package: Mapped[str]
    default_integration: Mapped[str | None]
    admin_name: Mapped[str]
    admin_email: Mapped[str | None]
    admin_login: Mapped[str]
    status: Mapped[str]
    """What the steps' statuses amount to; written with every change of theirs."""
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    job_id: Mapped[UUID]
    """The job that walks the steps now, or did last."""


class ProvisioningStep(TenantRow, Base):
    """One step expected for this tenant; all are there from the start."""

    __tablename__ = "provisioning_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["control.provisioning_run.tenant_id", "control.provisioning_run.id"],
        ),
        UniqueConstraint("tenant_id", "run_id", "code", name="uq_provisioning_step_code"),
        CheckConstraint(STATUSES, name="status"),
        CheckConstraint("(status = 'running') = (lease_token IS NOT NULL)", name="lease"),
        {"schema": "control"},
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[datetime | None]
    """When the last attempt began."""
    finished_at: Mapped[datetime | None]
    attempts: Mapped[int]
    """Since the run began, or was retried by a person."""
    lease_token: Mapped[UUID | None]
    """The claim that may record the outcome; another changes nothing."""
    error: Mapped[dict[str, Any] | None]
    """``{"code", "detail", "facts"}`` of the last attempt; the detail is an unfilled message id."""
