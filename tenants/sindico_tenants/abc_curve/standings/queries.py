"""Every SELECT on where accounts stand."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.abc_curve.models import AbcChange, AccountAbc
from sindico_tenants.abc_curve.schemas import (
    AccountAbcItem,
    ChangeFilters,
    ChangeItem,
    ClassificationOut,
    ClassReasonOut,
    CurveFilters,
)
from sindico_tenants.accounts.models import Account
from sindico_tenants.accounts.queries import get_account
from sindico_tenants.portfolios.models import AccountPlacement, Category, Portfolio
from sindico_tenants.portfolios.queries import list_placement_changes, read_placement
from sindico_tenants.sales.models import Seller

STANDING_ORDERS = Keyset(
    AccountAbc.account_id, default="-revenue", revenue=AccountAbc.revenue_cents
)
CHANGE_ORDERS = Keyset(AbcChange.account_id, default="-at", at=AbcChange.at)
MOST_CHANGES = 100


async def list_standings(
    tx: Tx, *, request: PageRequest, filters: CurveFilters
) -> Page[AccountAbcItem]:
    """List classified accounts, the greatest revenue first unless asked otherwise."""
    order = STANDING_ORDERS.column_of(request).label("order_value")
    statement = _standings(order).where(
        AccountAbc.tenant_id == tx.tenant_id, *conditions_of(filters)
    )
    rows: Any = (await tx.session.execute(STANDING_ORDERS.apply(statement, request))).all()
    return STANDING_ORDERS.page(rows, request, _item)


def _standings(order: ColumnElement[Any]) -> Select[Any]:
    own = (
        AccountAbc.account_id,
        AccountAbc.abc_class,
        AccountAbc.previous_class,
        AccountAbc.since,
        AccountAbc.revenue_cents,
        AccountAbc.documents,
        AccountAbc.last_on,
        AccountAbc.rank,
        AccountAbc.before_cents,
        AccountAbc.curve_cents,
    )
    columns: tuple[Any, ...] = (
        *own,
        Account.name,
        Account.seller_id,
        Seller.name.label("seller"),
        AccountPlacement.category_id,
        Category.name.label("category"),
        AccountPlacement.portfolio_id,
        Portfolio.name.label("portfolio"),
        order,
    )
    return join_all(select(*columns).select_from(AccountAbc))


def join_all(statement: Select[Any]) -> Select[Any]:
    """From an account's place to everything that lists and charts group and filter by."""
    placed = AccountPlacement
    return (
        statement.join(
            Account,
            and_(Account.tenant_id == AccountAbc.tenant_id, Account.id == AccountAbc.account_id),
        )
        .outerjoin(
            placed,
            and_(
                placed.tenant_id == AccountAbc.tenant_id,
                placed.account_id == AccountAbc.account_id,
            ),
        )
        .outerjoin(
            Category,
            and_(Category.tenant_id == placed.tenant_id, Category.id == placed.category_id),
        )
        .outerjoin(
            Portfolio,
            and_(Portfolio.tenant_id == placed.tenant_id, Portfolio.id == placed.portfolio_id),
        )
        .outerjoin(
            Seller, and_(Seller.tenant_id == Account.tenant_id, Seller.id == Account.seller_id)
        )
    )


def conditions_of(filters: CurveFilters) -> list[ColumnElement[bool]]:
    """What the filters demand of the joined tables."""
    wanted: dict[Any, Any] = {
        AccountAbc.abc_class: filters.abc_class and filters.abc_class.value,
        Account.company_id: filters.company_id,
        Account.branch_id: filters.branch_id,
        Account.seller_id: filters.seller_id,
        Account.owner_user_id: filters.owner_user_id,
        AccountPlacement.portfolio_id: filters.portfolio_id,
        AccountPlacement.category_id: filters.category_id,
    }
    return [column == value for column, value in wanted.items() if value is not None]


def _item(row: Any) -> AccountAbcItem:
    values = {name: getattr(row, name) for name in AccountAbcItem.__struct_fields__}
    return msgspec.convert(values, AccountAbcItem)


async def list_changes(tx: Tx, *, request: PageRequest, filters: ChangeFilters) -> Page[ChangeItem]:
    """List changes of class, newest first; integrations may follow them by the cursor."""
    wanted: dict[Any, Any] = {
        AbcChange.account_id: filters.account_id,
        AbcChange.run_id: filters.run_id,
        AbcChange.to_class: filters.to_class and filters.to_class.value,
    }
    own = [name for name in ChangeItem.__struct_fields__ if name != "name"]
    columns: list[Any] = [getattr(AbcChange, name) for name in own]
    statement = (
        select(*columns, Account.name, CHANGE_ORDERS.column_of(request).label("order_value"))
        .join(
            Account,
            and_(Account.tenant_id == AbcChange.tenant_id, Account.id == AbcChange.account_id),
        )
        .where(AbcChange.tenant_id == tx.tenant_id)
        .where(*(column == value for column, value in wanted.items() if value is not None))
    )
    if filters.is_move:
        statement = statement.where(AbcChange.from_class.is_not(None))
    rows: Any = (await tx.session.execute(CHANGE_ORDERS.apply(statement, request))).all()
    return CHANGE_ORDERS.page(rows, request, _change)


def _change(row: Any) -> ChangeItem:
    values = {name: getattr(row, name) for name in ChangeItem.__struct_fields__}
    return msgspec.convert(values, ChangeItem)


async def read_classification(tx: Tx, account_id: UUID) -> ClassificationOut:
    """Where an account stands, why, and how it came there.

    Raises:
        AccountNotFound: no such account, or it is another tenant's.
    """
    await get_account(tx, account_id)
    place = await tx.session.get(AccountAbc, (tx.tenant_id, account_id), populate_existing=True)
    changes = await list_changes(
        tx,
        request=PageRequest(limit=MOST_CHANGES),
        filters=ChangeFilters(account_id=account_id),
    )
    reason = None
    if place is not None:
        values = {name: getattr(place, name) for name in ClassReasonOut.__struct_fields__}
        reason = msgspec.convert(values, ClassReasonOut)
    return msgspec.convert(
        {
            "account_id": account_id,
            "abc_class": None if place is None else place.abc_class,
            "previous_class": None if place is None else place.previous_class,
            "since": None if place is None else place.since,
            "reason": reason,
            "placement": await read_placement(tx, account_id),
            "class_history": changes.items,
            "placement_history": await list_placement_changes(tx, account_id),
        },
        ClassificationOut,
    )
