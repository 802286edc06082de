"""Row of a tenant."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base


class TenantState(StrEnum):
    """Life cycle on the platform; the CRM's own state is the subscription's."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSING = "closing"
    CLOSED = "closed"


class Tenant(Base):
    """A customer of the vendor, or the vendor itself (the master tenant)."""

    __tablename__ = "tenant"
    __table_args__ = (
        UniqueConstraint("domain", name="uq_tenant_domain"),
        CheckConstraint("state IN ('active','suspended','closing','closed')", name="state"),
        Index("ix_tenant_search_name", "search_name", "tenant_id"),
        Index("ix_tenant_created_at", "created_at", "tenant_id"),
        Index("uq_tenant_master", "is_master", unique=True, postgresql_where=text("is_master")),
        {"schema": "control"},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Computed("control.search_form(name)", persisted=True))
    domain: Mapped[str]
    """What stands after the @ of its users' logins; lower case."""
    is_master: Mapped[bool]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    state_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    """End of the grace period of a closing tenant."""
    timezone: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
