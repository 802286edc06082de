"""Rows of categories and portfolios, and of where each account stands."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import sindico_tenants.sales.models  # noqa: F401  (foreign keys name its tables)
from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Recorded, search_columns

CATEGORY_NAME, _ = search_columns("name")
PORTFOLIO_NAME, _ = search_columns("name")


class PlacedBy(StrEnum):
    """Why an account stands where it does."""

    HAND = "hand"
    ERP = "erp"
    CLASS = "class"
    """Category: the ERP names none, so its class of the ABC curve decides."""
    SELLER = "seller"
    """Portfolio: the ERP names none, so its seller's."""
    NOTHING = "nothing"
    """Portfolio: it has no seller either."""


class Category(TenantRow, Recorded, Base):
    """What kind of customer an account is."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint("tenant_id", "search_name", name="uq_category_search_name"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), CATEGORY_NAME)


class Portfolio(TenantRow, Recorded, Base):
    """A set of accounts that somebody sees to."""

    __tablename__ = "portfolio"
    __table_args__ = (
        UniqueConstraint("tenant_id", "search_name", name="uq_portfolio_search_name"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), PORTFOLIO_NAME)


class AccountPlacement(TenantRow, Base):
    """The category and the portfolio that an account stands in, and why."""

    __tablename__ = "account_placement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["crm.account.tenant_id", "crm.account.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "category_id"], ["crm.category.tenant_id", "crm.category.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "portfolio_id"], ["crm.portfolio.tenant_id", "crm.portfolio.id"]
        ),
        CheckConstraint("category_by IN ('hand','erp','class')", name="category_by"),
        CheckConstraint("portfolio_by IN ('hand','erp','seller','nothing')", name="portfolio_by"),
        Index("ix_account_placement_category_id", "tenant_id", "category_id"),
        Index("ix_account_placement_portfolio_id", "tenant_id", "portfolio_id"),
        {"schema": "crm"},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    category_id: Mapped[UUID | None]
    category_by: Mapped[str | None]
    portfolio_id: Mapped[UUID | None]
    portfolio_by: Mapped[str | None]
    updated_at: Mapped[datetime]


class PlacementChange(TenantRow, Base):
    """An account came into a category or portfolio, or got a salesperson by hand."""

    __tablename__ = "placement_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["crm.account.tenant_id", "crm.account.id"]
        ),
        CheckConstraint("kind IN ('category','portfolio','seller')", name="kind"),
        {"schema": "crm"},
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    from_name: Mapped[str | None]
    to_name: Mapped[str]
    placed_by: Mapped[str]
    changed_by: Mapped[str]
    """Login, API client or job."""
    reason: Mapped[str | None]
    """What the person who decided it typed."""
