"""Columns that settings of customers' servers share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import TenantRow
from sindico_tenants.rows import Recorded, Revised


class Tested:
    """What a server's settings keep of the last test of what they are now."""

    tested_at: Mapped[datetime | None] = mapped_column(sort_order=920)
    """When what is stored now was tested last."""
    test_succeeded: Mapped[bool | None] = mapped_column(sort_order=921)
    test_report: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), sort_order=922)
    """A connection test's `Report`, without words of any language."""


class ServerSettings(TenantRow, Recorded, Revised, Tested):
    """Settings of one server, for the whole tenant, for a company or for one branch.

    A branch uses its own, else its company's, else the tenant's.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID | None] = mapped_column(sort_order=1)
    """None: for the whole tenant."""
    branch_id: Mapped[UUID | None] = mapped_column(sort_order=2)
    """None: for the whole company, or tenant."""
    host: Mapped[str | None] = mapped_column(sort_order=3)
    """In its normal form."""
    port: Mapped[int | None] = mapped_column(sort_order=4)
    used_at: Mapped[datetime | None] = mapped_column(sort_order=923)
    """When it was used last for what it is there for."""


def scope_constraints(table: str) -> tuple[Any, ...]:
    """One configuration for each company, branch and the tenant; and no branch of another's."""
    return (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm.company.tenant_id", "crm.company.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "company_id", "branch_id"],
            ["crm.branch.tenant_id", "crm.branch.company_id", "crm.branch.id"],
            onupdate="CASCADE",  # an ERP may say that a branch is another company's now
        ),
        CheckConstraint("branch_id IS NULL OR company_id IS NOT NULL", name="scope"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("(host IS NULL) = (port IS NULL)", name="address"),
        CheckConstraint(
            "(tested_at IS NULL) = (test_report IS NULL)"
            " AND (tested_at IS NULL) = (test_succeeded IS NULL)",
            name="tested",
        ),
        UniqueConstraint(
            "tenant_id",
            "company_id",
            "branch_id",
            name=f"uq_{table}_scope",
            postgresql_nulls_not_distinct=True,
        ),
    )
