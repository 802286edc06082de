"""Every SELECT of the dashboard: a handful of statements, however many accounts there are."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, select

from sindico_platform.database.tx import Tx
from sindico_tenants.abc_curve.models import AbcChange, AbcClass, AccountAbc
from sindico_tenants.abc_curve.queries import find_last_run, show_class
from sindico_tenants.abc_curve.schemas import (
    ClassOut,
    CurveFilters,
    DashboardOut,
    GroupOut,
    MoveOut,
    PointOut,
)
from sindico_tenants.abc_curve.standings.queries import conditions_of, join_all
from sindico_tenants.accounts.models import Account
from sindico_tenants.portfolios.models import AccountPlacement, Category, Portfolio
from sindico_tenants.sales.models import Seller

MOST_GROUPS = 20
STEPS = 100
"""Of the Pareto curve."""


async def read_dashboard(tx: Tx, *, filters: CurveFilters, days: int) -> DashboardOut:
    """Everything that the charts show, of the accounts that the filters choose.

    Args:
        days: how far back changes of class are counted.
    """
    return DashboardOut(
        run=await find_last_run(tx),
        classes=await _sum_classes(tx, filters),
        pareto=await _draw_pareto(tx, filters),
        moves=await _count_moves(tx, filters, days),
        days=days,
        by_seller=await _group(tx, filters, Account.seller_id, Seller.name),
        by_portfolio=await _group(tx, filters, AccountPlacement.portfolio_id, Portfolio.name),
        by_category=await _group(tx, filters, AccountPlacement.category_id, Category.name),
    )


def _whole(amount: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum of cents, which PostgreSQL makes a numeric, as the integer it is."""
    return cast(amount, BigInteger)


def _chosen(tx: Tx, filters: CurveFilters, *columns: Any) -> Select[Any]:
    return join_all(select(*columns).select_from(AccountAbc)).where(
        AccountAbc.tenant_id == tx.tenant_id, *conditions_of(filters)
    )


async def _sum_classes(tx: Tx, filters: CurveFilters) -> list[ClassOut]:
    revenue = func.sum(AccountAbc.revenue_cents)
    rows = await tx.session.execute(
        _chosen(
            tx,
            filters,
            AccountAbc.abc_class,
            func.count().label("accounts"),
            _whole(revenue).label("revenue_cents"),
        ).group_by(AccountAbc.abc_class)
    )
    found = {row.abc_class: row for row in rows}
    return [show_class(each, found.get(each)) for each in AbcClass]


async def _draw_pareto(tx: Tx, filters: CurveFilters) -> list[PointOut]:
    """The accounts in the order of their revenue, and at every hundredth what they make so far."""
    by_revenue = (AccountAbc.revenue_cents.desc(), AccountAbc.account_id)
    place = func.row_number().over(order_by=by_revenue).label("place")
    so_far = func.sum(AccountAbc.revenue_cents).over(order_by=by_revenue).label("so_far")
    ranked = (
        _chosen(tx, filters, place, so_far, func.count().over().label("accounts"))
        .where(AccountAbc.revenue_cents > 0)
        .subquery()
    )
    step, before = (
        ranked.c.place * STEPS / ranked.c.accounts,
        (ranked.c.place - 1) * STEPS / ranked.c.accounts,
    )
    rows = await tx.session.execute(
        select(ranked.c.place, _whole(ranked.c.so_far).label("so_far"))
        .where(func.floor(step) != func.floor(before))
        .order_by(ranked.c.place)
    )
    points = [PointOut(accounts=row.place, revenue_cents=row.so_far) for row in rows]
    return [PointOut(accounts=0, revenue_cents=0), *points] if points else []


async def _count_moves(tx: Tx, filters: CurveFilters, days: int) -> list[MoveOut]:
    columns = (AbcChange.from_class, AbcChange.to_class)
    rows = await tx.session.execute(
        _chosen(tx, filters, *columns, func.count().label("accounts"))
        .join(
            AbcChange,
            and_(
                AbcChange.tenant_id == AccountAbc.tenant_id,
                AbcChange.account_id == AccountAbc.account_id,
            ),
        )
        .where(AbcChange.at > tx.now - timedelta(days=days), AbcChange.from_class.is_not(None))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [msgspec.convert(dict(row), MoveOut) for row in rows.mappings()]


async def _group(tx: Tx, filters: CurveFilters, identity: Any, name: Any) -> list[GroupOut]:
    revenue = _whole(func.sum(AccountAbc.revenue_cents)).label("revenue_cents")
    counts = [
        func.count(case((AccountAbc.abc_class == each.value, 1))).label(each.value.lower())
        for each in AbcClass
    ]
    rows = await tx.session.execute(
        _chosen(tx, filters, identity.label("id"), name.label("name"), *counts, revenue)
        .group_by(identity, name)
        .order_by(revenue.desc(), name)
        .limit(MOST_GROUPS)
    )
    return [GroupOut(**row) for row in rows.mappings()]
