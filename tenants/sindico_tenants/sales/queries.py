"""Every SELECT on sellers and sales documents."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Date, Uuid, bindparam, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import Fetches, ListReader, StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.sales.errors import SellerNotFound
from sindico_tenants.sales.models import FiscalNote, SalesOrder, Seller, TradeBill
from sindico_tenants.sales.schemas import (
    FiscalNoteOut,
    SalesOrderOut,
    SellerOut,
    SoldFilters,
    SoldOut,
    TradeBillOut,
)

S = TypeVar("S", bound=SoldOut)
SELLER_ORDERS = Keyset(Seller.id, default="name", name=Seller.search_name)
_sellers = StructReader(SellerOut, Seller)


def _list_of(
    struct: type[S], table: type[SalesOrder] | type[FiscalNote] | type[TradeBill]
) -> ListReader[S]:
    filters = {
        name: getattr(table, name) == bindparam(name, type_=Uuid)
        for name in ("account_id", "company_id", "branch_id")
    }
    filters["issued_from"] = table.issued_on >= bindparam("issued_from", type_=Date)
    filters["issued_until"] = table.issued_on <= bindparam("issued_until", type_=Date)
    orders = Keyset(table.id, default="-id", id=table.id)
    return ListReader(struct, table, orders, filters)


_orders = _list_of(SalesOrderOut, SalesOrder)
_notes = _list_of(FiscalNoteOut, FiscalNote)
_bills = _list_of(TradeBillOut, TradeBill)


async def list_sales_orders(
    tx: Fetches, *, request: PageRequest, filters: SoldFilters
) -> Page[SalesOrderOut]:
    """List orders, those that came last first."""
    return await _orders.page(tx, request, _wanted(filters))


async def list_fiscal_notes(
    tx: Fetches, *, request: PageRequest, filters: SoldFilters
) -> Page[FiscalNoteOut]:
    """List fiscal notes, those that came last first."""
    return await _notes.page(tx, request, _wanted(filters))


async def list_trade_bills(
    tx: Fetches, *, request: PageRequest, filters: SoldFilters
) -> Page[TradeBillOut]:
    """List trade bills, those that came last first."""
    return await _bills.page(tx, request, _wanted(filters))


def _wanted(filters: SoldFilters) -> dict[str, Any]:
    return {name: getattr(filters, name) for name in SoldFilters.__slots__}


async def list_sellers(tx: Tx, *, request: PageRequest) -> Page[SellerOut]:
    """List sellers by name."""
    return await _sellers.page(tx, SELLER_ORDERS, request, [Seller.tenant_id == tx.tenant_id])


async def get_seller(tx: Tx, seller_id: UUID) -> SellerOut:
    """Read one seller.

    Raises:
        SellerNotFound: no such seller, or it is another tenant's.
    """
    found = await _sellers.find(tx, Seller.tenant_id == tx.tenant_id, Seller.id == seller_id)
    if found is None:
        raise SellerNotFound(seller_id=seller_id)
    return found


async def lock_seller(tx: Tx, seller_id: UUID) -> Seller:
    """Read one seller and keep others from changing them.

    Raises:
        SellerNotFound: no such seller, or it is another tenant's.
    """
    statement = select(Seller).where(Seller.tenant_id == tx.tenant_id, Seller.id == seller_id)
    found: Seller | None = await tx.session.scalar(statement.with_for_update())
    if found is None:
        raise SellerNotFound(seller_id=seller_id)
    return found
