"""Rows of sellers and of what they sold."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_tenants.accounts.models  # noqa: F401  (foreign keys name its tables)
from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import FromErp, Reachable, Recorded, search_columns

SELLER_NAME, _ = search_columns("name")


class Seller(TenantRow, Reachable, FromErp, Recorded, Base):
    """Who sells, as the ERP knows them; a user of the CRM may stand behind."""

    __tablename__ = "seller"
    __table_args__ = (
        Index("ix_seller_search_name", "tenant_id", "search_name", "id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), SELLER_NAME)
    is_active: Mapped[bool]
    user_id: Mapped[UUID | None]
    """Who of the CRM's users the seller is; the accounts of the seller are then this user's."""


class Sold(TenantRow, FromErp, Recorded):
    """One document of a sale."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str | None]
    account_id: Mapped[UUID | None]
    """None while the ERP has not told, or told of an account it has not delivered."""
    company_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    issued_on: Mapped[date | None]
    status: Mapped[str | None]
    """In the ERP's words."""


def _sold(table: str, *more: str) -> tuple[Any, ...]:
    """Keys and indexes of a table of sales documents."""
    targets = ("account", "company", "branch", *more)
    return (
        *(
            ForeignKeyConstraint(
                ["tenant_id", f"{target}_id"], [f"crm.{target}.tenant_id", f"crm.{target}.id"]
            )
            for target in targets
        ),
        Index(f"ix_{table}_issued_on", "tenant_id", "issued_on", "id"),
        Index(f"ix_{table}_account_id", "tenant_id", "account_id", "issued_on", "id"),
        {"schema": "crm"},
    )


class SalesOrder(Sold, Base):
    """An order of a customer."""

    __tablename__ = "sales_order"
    __table_args__ = _sold("sales_order", "seller")

    seller_id: Mapped[UUID | None]
    delivery_on: Mapped[date | None]
    total_cents: Mapped[int]


class FiscalNote(Sold, Base):
    """A fiscal note to a customer, or one by which goods came back."""

    __tablename__ = "fiscal_note"
    __table_args__ = _sold("fiscal_note", "seller")

    seller_id: Mapped[UUID | None]
    total_cents: Mapped[int]
    """Below zero if goods came back."""
    is_return: Mapped[bool]
    """Whether its CFOP says that goods came in (1, 2 and 3)."""


class TradeBill(Sold, Base):
    """A trade bill of a customer."""

    __tablename__ = "trade_bill"
    __table_args__ = _sold("trade_bill")

    installment: Mapped[str | None]
    due_on: Mapped[date | None]
    amount_cents: Mapped[int]
    open_cents: Mapped[int]
    """What remains to be paid; 0 is paid."""
