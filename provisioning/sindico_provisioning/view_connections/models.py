"""Rows of View connections and their mappings."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import sindico_provisioning.integrations.models  # noqa: F401  (a foreign key names its table)
from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Recorded, Revised
from sindico_tenants.server_settings.models import Tested


class ViewConnection(TenantRow, Recorded, Revised, Tested, Base):
    """How the database of one View integration is reached."""

    __tablename__ = "view_connection"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.integration.tenant_id", "control.integration.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("dialect IN ('postgresql','sqlserver','oracle','mysql')", name="dialect"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("tls IN ('verified','none')", name="tls"),
        CheckConstraint("statement_seconds BETWEEN 1 AND 280", name="statement_seconds"),
        CheckConstraint(
            "(tested_at IS NULL) = (test_report IS NULL)"
            " AND (tested_at IS NULL) = (test_succeeded IS NULL)",
            name="tested",
        ),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    dialect: Mapped[str]
    host: Mapped[str]
    """In its normal form."""
    port: Mapped[int]
    database: Mapped[str]
    username: Mapped[str]
    password_sealed: Mapped[str | None]
    tls: Mapped[str]
    ca_certificate: Mapped[str | None]
    """PEM: trusted for this database instead of the public authorities."""
    time_zone: Mapped[str]
    """That of instants which the database keeps without one."""
    statement_seconds: Mapped[int]


class ViewMapping(TenantRow, Recorded, Revised, Base):
    """Which view becomes one ERP table, column by column."""

    __tablename__ = "view_mapping"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "integration_id"],
            ["control.view_connection.tenant_id", "control.view_connection.integration_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("overlap_minutes BETWEEN 0 AND 10080", name="overlap_minutes"),
        {"schema": "control"},
    )

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    """The ERP table."""
    db_schema: Mapped[str | None]
    view: Mapped[str]
    columns: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The view's column by the table's field."""
    watermark: Mapped[str | None]
    """Column that grows with every change; without one, each load reads everything."""
    overlap_minutes: Mapped[int]
    is_complete: Mapped[bool]
    """The view shows all that the ERP has: what a whole reading does not meet is gone there."""
