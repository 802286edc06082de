"""Rows of the package catalogue and of what each tenant bought."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base


class CrmState(StrEnum):
    """Where the CRM of a tenant stands; the tenant's own state is the platform's."""

    ABSENT = "absent"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    FAILED = "failed"


class PackageRow(Base):
    """The declared package as SQL sees it: a public catalogue, written by migrations alone."""

    __tablename__ = "package"
    __table_args__ = ({"schema": "control"},)

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    title: Mapped[str]
    paid: Mapped[bool]
    activation: Mapped[str]
    features: Mapped[list[Any]]
    limits: Mapped[dict[str, Any]]


class Subscription(Base):
    """What a tenant bought. Every tenant but the master has one."""

    __tablename__ = "subscription"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["contracted_package"],
            ["control.package.code"],
            name="fk_subscription_contracted_package",
        ),
        ForeignKeyConstraint(["package"], ["control.package.code"], name="fk_subscription_package"),
        CheckConstraint(
            "crm_state IN ('absent','provisioning','active','failed')", name="crm_state"
        ),
        CheckConstraint("crm_state <> 'active' OR package IS NOT NULL", name="active_has_package"),
        Index("ix_subscription_cnpj", "cnpj"),
        {"schema": "control"},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    cnpj: Mapped[str]
    """14 characters, upper case, no mask; two tenants of one company may share it."""
    contracted_package: Mapped[str | None]
    """What the contract says; an activation from the ERP takes it."""
    package: Mapped[str | None]
    """What is in force, once a provisioning has begun."""
    default_integration: Mapped[str | None]
    """Kind of the integration that the CRM was provisioned with."""
    crm_state: Mapped[str]
    crm_state_at: Mapped[datetime]
    overrides: Mapped[dict[str, Any]]
    """Limit code to a number, or to null for no limit; what is absent is the package's."""
    revision: Mapped[int]
    """Counts the changes of the registration; the ETag of the tenant."""
