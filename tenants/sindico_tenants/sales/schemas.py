"""Sellers and sales documents as callers see them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output


class SellerIn(Input, kw_only=True, frozen=True):
    """Who of the CRM's users a seller is."""

    user_id: Annotated[UUID | None, Meta(examples=[None])]
    """Null: nobody. The accounts of the seller become this user's at the next load."""


class SellerOut(Output, kw_only=True, frozen=True):
    """Who sells, as the ERP knows them."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    is_active: bool
    user_id: UUID | None
    erp_removed_at: datetime | None
    updated_at: datetime


class SellerLink(Output, kw_only=True, frozen=True):
    """A seller, the user it is, and the one it may be."""

    id: UUID
    name: str
    email: str | None
    is_active: bool
    erp_removed_at: datetime | None
    user_id: UUID | None
    user_name: str | None
    user_login: str | None
    suggested_id: UUID | None
    """The one user with the seller's mail address, if it is nobody yet."""
    suggested_name: str | None
    suggested_login: str | None


class SoldOut(Output, kw_only=True, frozen=True):
    """What every sales document has."""

    id: UUID
    number: str | None
    account_id: UUID | None
    company_id: UUID | None
    branch_id: UUID | None
    issued_on: date | None
    status: str | None
    """In the ERP's words."""
    erp_removed_at: datetime | None


class SalesOrderOut(SoldOut, kw_only=True, frozen=True):
    """An order of a customer."""

    seller_id: UUID | None
    delivery_on: date | None
    total_cents: int


class FiscalNoteOut(SoldOut, kw_only=True, frozen=True):
    """A fiscal note to a customer, or one by which goods came back."""

    seller_id: UUID | None
    total_cents: int
    """Below zero if goods came back."""
    is_return: bool


class TradeBillOut(SoldOut, kw_only=True, frozen=True):
    """A trade bill of a customer."""

    installment: str | None
    due_on: date | None
    amount_cents: int
    open_cents: int
    """What remains to be paid; 0 is paid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SoldFilters:
    """Which documents; None does not restrict."""

    account_id: UUID | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None
    issued_from: date | None = None
    issued_until: date | None = None
