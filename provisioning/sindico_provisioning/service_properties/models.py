"""Rows of service configurations and their properties."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class ServiceConfiguration(TenantRow, Base):
    """One service that a tenant has, whose properties change together."""

    __tablename__ = "service_configuration"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        {"schema": "control"},
    )

    domain: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]


class ServiceProperty(TenantRow, Base):
    """A property that was given a value; one without a row has its declared default."""

    __tablename__ = "service_property"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "domain", "service"],
            [
                "control.service_configuration.tenant_id",
                "control.service_configuration.domain",
                "control.service_configuration.service",
            ],
        ),
        CheckConstraint("num_nonnulls(value, sealed) = 1", name="one_value"),
        {"schema": "control"},
    )

    domain: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    sealed: Mapped[str | None]
    """A Secret, sealed for this tenant, domain, service and key."""
