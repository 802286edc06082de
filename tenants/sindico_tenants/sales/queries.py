"""Every SELECT on sellers and sales documents."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    Date,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.orm import aliased

from sindico_platform.database.tx import Tx
from sindico_platform.identity.models import TenantUser
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import Fetches, ListReader, StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.sales.errors import SellerNotFound
from sindico_tenants.sales.models import FiscalNote, SalesOrder, Seller, TradeBill
from sindico_tenants.sales.schemas import (
    FiscalNoteOut,
    SalesOrderOut,
    SellerLink,
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


async def list_seller_links(
    tx: Tx, *, request: PageRequest, is_linked: bool | None = None
) -> Page[SellerLink]:
    """List sellers by name with the user each is, or may be."""
    query = _links(tx)
    if is_linked is not None:
        query = query.where(Seller.user_id.is_not(None) == is_linked)
    rows: Any = (await tx.session.execute(SELLER_ORDERS.apply(query, request))).all()
    return SELLER_ORDERS.page(rows, request, _show_link)


async def get_seller_link(tx: Tx, seller_id: UUID) -> SellerLink:
    """Read one seller with the user it is, or may be.

    Raises:
        SellerNotFound: no such seller, or it is another tenant's.
    """
    found = (await tx.session.execute(_links(tx).where(Seller.id == seller_id))).first()
    if found is None:
        raise SellerNotFound(seller_id=seller_id)
    return _show_link(found)


async def list_suggestions(tx: Tx, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Sellers who are nobody yet, each with the one user of the same mail address."""
    links = _links(tx).subquery()
    query = select(links.c.id, links.c.suggested_id).where(links.c.suggested_id.is_not(None))
    return [(row[0], row[1]) for row in await tx.session.execute(query.limit(limit))]


def _links(tx: Tx) -> Select[Any]:
    own, same = aliased(TenantUser), aliased(TenantUser)
    alone = (
        select(
            cast(func.min(cast(same.id, Text)), Uuid).label("suggested_id"),
            func.min(same.name).label("suggested_name"),
            func.min(same.login).label("suggested_login"),
        )
        .where(
            same.tenant_id == Seller.tenant_id,
            func.lower(same.email) == func.lower(Seller.email),
            same.state != "disabled",
            Seller.user_id.is_(None),
        )
        .having(func.count() == 1)
        .lateral()
    )
    columns: list[Any] = [
        *(getattr(Seller, name) for name in ("id", "name", "email", "is_active", "erp_removed_at")),
        Seller.user_id,
        own.name.label("user_name"),
        own.login.label("user_login"),
        *alone.c,
        Seller.search_name.label("order_value"),
    ]
    return (
        select(*columns)
        .outerjoin(own, and_(own.tenant_id == Seller.tenant_id, own.id == Seller.user_id))
        .outerjoin(alone, true())
        .where(Seller.tenant_id == tx.tenant_id)
    )


def _show_link(row: Row[Any]) -> SellerLink:
    return SellerLink(**{name: getattr(row, name) for name in SellerLink.__struct_fields__})


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
