"""Rows of integrations."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class IntegrationKind(StrEnum):
    """How data arrive: by a connector of ours, from database views, or pushed to our API."""

    MEGA = "mega"
    ERPX = "erpx"
    VIEW = "view"
    API = "api"


class IntegrationState(StrEnum):
    """A paused integration runs no loads."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"
    """Gone for whoever looks for integrations; its row stays for its runs and what they brought."""


class Integration(TenantRow, Base):
    """One source of ERP data of one tenant."""

    __tablename__ = "integration"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        CheckConstraint("kind IN ('mega','erpx','view','api')", name="kind"),
        CheckConstraint("state IN ('active','paused','removed')", name="state"),
        CheckConstraint("unknown_fields IN ('reject','keep')", name="unknown_fields"),
        Index(
            "uq_integration_name",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("state <> 'removed'"),
        ),
        Index(
            "uq_integration_default",
            "tenant_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    state_at: Mapped[datetime]
    is_default: Mapped[bool]
    """Made by provisioning; a tenant has at most one."""
    unknown_fields: Mapped[str] = mapped_column(server_default="reject")
    """What becomes of a row with fields that its table does not know: see `UnknownFields`."""
    created_at: Mapped[datetime]
    erp_name: Mapped[str | None]
    """What people call the ERP behind it."""
    erp_version: Mapped[str | None]
    business_rule: Mapped[str | None]
    """How the customer wants its data to be understood, in its own words."""
