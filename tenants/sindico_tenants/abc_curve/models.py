"""Rows of the curve: its settings, its runs, each account's class and its changes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

import sindico_tenants.sales.models  # noqa: F401  (foreign keys name its tables)
from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Recorded, Revised


class Measure(StrEnum):
    """What counts as revenue."""

    NOTES = "notes"
    ORDERS = "orders"


class AbcClass(StrEnum):
    """Where an account stands on its curve."""

    A = "A"
    B = "B"
    C = "C"
    NONE = "none"
    """It bought nothing in the period, or brought back as much as it bought."""


_CLASSES = "('A','B','C','none')"
MAX_PERIOD_MONTHS = 24
"""The ERP's tables reach back no further (R-385)."""


class AbcSettings(TenantRow, Recorded, Revised, Base):
    """How one curve is drawn: that of the tenant, of a company or of one branch.

    An account stands on the curve of its branch, else of its company, else of the tenant.
    """

    __tablename__ = "abc_settings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm.company.tenant_id", "crm.company.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "company_id", "branch_id"],
            ["crm.branch.tenant_id", "crm.branch.company_id", "crm.branch.id"],
            onupdate="CASCADE",  # an ERP may say that a branch is another company's now
        ),
        CheckConstraint("branch_id IS NULL OR company_id IS NOT NULL", name="scope"),
        CheckConstraint(
            "a_percent > 0 AND b_percent > 0 AND c_percent > 0"
            " AND a_percent + b_percent + c_percent = 100",
            name="cuts",
        ),
        CheckConstraint("measure IN ('notes','orders')", name="measure"),
        CheckConstraint(f"period_months BETWEEN 1 AND {MAX_PERIOD_MONTHS}", name="period"),
        UniqueConstraint(
            "tenant_id",
            "company_id",
            "branch_id",
            name="uq_abc_settings_scope",
            postgresql_nulls_not_distinct=True,
        ),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID | None] = mapped_column(sort_order=1)
    branch_id: Mapped[UUID | None] = mapped_column(sort_order=2)
    a_percent: Mapped[int]
    b_percent: Mapped[int]
    c_percent: Mapped[int]
    measure: Mapped[str]
    period_months: Mapped[int]
    ignored_statuses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Documents in these states of the ERP do not count; case does not matter."""


class AbcRun(TenantRow, Base):
    """One time that every curve of the tenant was drawn."""

    __tablename__ = "abc_run"
    __table_args__ = (
        Index("ix_abc_run_at", "tenant_id", "at", "id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    requested_by: Mapped[str]
    load_id: Mapped[UUID | None]
    """The load that it was a phase of."""
    accounts: Mapped[int]
    classified: Mapped[int]
    """Accounts that had no class before."""
    moved: Mapped[int]
    """Accounts whose class changed."""
    told_at: Mapped[datetime | None]
    """When people were told of the accounts whose class changed."""
    curves: Mapped[list[Any]]
    """How each curve was drawn and what came of it, as `CurveOut`."""


class AccountAbc(TenantRow, Base):
    """An account's place on its curve, and everything that says why."""

    __tablename__ = "account_abc"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["crm.account.tenant_id", "crm.account.id"]
        ),
        CheckConstraint(f"abc_class IN {_CLASSES}", name="abc_class"),
        Index("ix_account_abc_revenue", "tenant_id", "revenue_cents", "account_id"),
        Index("ix_account_abc_class", "tenant_id", "abc_class", "revenue_cents", "account_id"),
        {"schema": "crm"},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    abc_class: Mapped[str]
    since: Mapped[datetime]
    """When it came into its class."""
    previous_class: Mapped[str | None]
    settings_id: Mapped[UUID | None]
    """Of the curve it stands on; None is the tenant's with the product's defaults."""
    measure: Mapped[str]
    a_percent: Mapped[int]
    b_percent: Mapped[int]
    from_on: Mapped[date]
    to_on: Mapped[date]
    revenue_cents: Mapped[int]
    """Net of what came back."""
    documents: Mapped[int]
    last_on: Mapped[date | None]
    """When it bought last within the period."""
    rank: Mapped[int]
    """1 for the greatest revenue; equal revenues share a rank."""
    before_cents: Mapped[int]
    """Revenue of all that stand before it; this decides the class."""
    curve_cents: Mapped[int]
    """Revenue of the whole curve."""


class AbcChange(TenantRow, Base):
    """An account came into a class: its history, and the event that others may read."""

    __tablename__ = "abc_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["crm.account.tenant_id", "crm.account.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "run_id"], ["crm.abc_run.tenant_id", "crm.abc_run.id"]),
        CheckConstraint(
            f"to_class IN {_CLASSES} AND (from_class IS NULL OR from_class IN {_CLASSES})",
            name="classes",
        ),
        Index("ix_abc_change_at", "tenant_id", "at", "account_id"),
        {"schema": "crm"},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    from_class: Mapped[str | None]
    """None: it had no class before."""
    to_class: Mapped[str]
    revenue_cents: Mapped[int]
    rank: Mapped[int]
    before_cents: Mapped[int]
    curve_cents: Mapped[int]
