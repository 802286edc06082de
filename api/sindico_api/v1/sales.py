"""Sellers, and what they sold."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from litestar import get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, SkipValidation

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_tenants.sales import queries, service
from sindico_tenants.sales.schemas import (
    FiscalNoteOut,
    SalesOrderOut,
    SellerIn,
    SellerOut,
    SoldFilters,
    TradeBillOut,
)

TAGS = ["sales"]


def provide_filters(
    *,
    page: AskedPage,  # noqa: ARG001  (keeps the providers in one row, see `DEPENDENCIES`)
    account_id: FromQuery[UUID | None] = None,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    issued_from: FromQuery[date | None] = None,
    issued_until: FromQuery[date | None] = None,
) -> SoldFilters:
    return SoldFilters(
        account_id=account_id,
        company_id=company_id,
        branch_id=branch_id,
        issued_from=issued_from,
        issued_until=issued_until,
    )


Sold = NamedDependency[SkipValidation[SoldFilters]]
SOLD: Mapping[str, Provide] = {"filters": Provide(provide_filters, sync_to_thread=False)}


@get("/sellers", guards=[requires("sellers:view")], tags=TAGS)
async def list_sellers(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[SellerOut]:
    """List the ERP's salespeople by `name`, and who of the users each is."""
    async with uow.begin(actor) as tx:
        return await queries.list_sellers(tx, request=page)


@patch("/sellers/{seller_id:uuid}", guards=[requires("sellers:edit")], tags=TAGS)
async def set_seller_user(
    seller_id: FromPath[UUID], data: JSONBody[SellerIn], actor: CurrentActor, uow: Uow
) -> SellerOut:
    """Say who of the users a salesperson is; the next load hands their accounts over."""
    async with uow.begin(actor) as tx:
        await service.set_user(tx, seller_id=seller_id, user_id=data.user_id)
        return await queries.get_seller(tx, seller_id)


@get("/sales-orders", guards=[requires("sales_orders:view")], tags=TAGS, dependencies=SOLD)
async def list_sales_orders(
    actor: CurrentActor, uow: Uow, page: AskedPage, filters: Sold
) -> Page[SalesOrderOut]:
    """List orders, those that came last first."""
    return await queries.list_sales_orders(uow.reading(actor), request=page, filters=filters)


@get("/fiscal-notes", guards=[requires("fiscal_notes:view")], tags=TAGS, dependencies=SOLD)
async def list_fiscal_notes(
    actor: CurrentActor, uow: Uow, page: AskedPage, filters: Sold
) -> Page[FiscalNoteOut]:
    """List fiscal notes, those that came last first."""
    return await queries.list_fiscal_notes(uow.reading(actor), request=page, filters=filters)


@get("/trade-bills", guards=[requires("trade_bills:view")], tags=TAGS, dependencies=SOLD)
async def list_trade_bills(
    actor: CurrentActor, uow: Uow, page: AskedPage, filters: Sold
) -> Page[TradeBillOut]:
    """List trade bills, those that came last first."""
    return await queries.list_trade_bills(uow.reading(actor), request=page, filters=filters)
