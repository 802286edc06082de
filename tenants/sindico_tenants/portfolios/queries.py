"""Every SELECT on categories, portfolios and placements."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.portfolios.errors import CategoryNotFound, PortfolioNotFound
from sindico_tenants.portfolios.models import (
    AccountPlacement,
    Category,
    PlacementChange,
    Portfolio,
)
from sindico_tenants.portfolios.schemas import (
    NOWHERE,
    GroupingOut,
    PlacementChangeOut,
    PlacementOut,
)

MOST_CHANGES = 100
CATEGORY_ORDERS = Keyset(Category.id, default="name", name=Category.search_name)
PORTFOLIO_ORDERS = Keyset(Portfolio.id, default="name", name=Portfolio.search_name)
_categories = StructReader(GroupingOut, Category)
_portfolios = StructReader(GroupingOut, Portfolio)


async def list_categories(tx: Tx, *, request: PageRequest) -> Page[GroupingOut]:
    """List categories by name."""
    mine = Category.tenant_id == tx.tenant_id
    return await _categories.page(tx, CATEGORY_ORDERS, request, [mine])


async def list_portfolios(tx: Tx, *, request: PageRequest) -> Page[GroupingOut]:
    """List portfolios by name."""
    mine = Portfolio.tenant_id == tx.tenant_id
    return await _portfolios.page(tx, PORTFOLIO_ORDERS, request, [mine])


async def get_category(tx: Tx, category_id: UUID) -> GroupingOut:
    """Read one category.

    Raises:
        CategoryNotFound: no such category, or it is another tenant's.
    """
    key = (Category.tenant_id == tx.tenant_id, Category.id == category_id)
    found = await _categories.find(tx, *key)
    if found is None:
        raise CategoryNotFound(category_id=category_id)
    return found


async def get_portfolio(tx: Tx, portfolio_id: UUID) -> GroupingOut:
    """Read one portfolio.

    Raises:
        PortfolioNotFound: no such portfolio, or it is another tenant's.
    """
    key = (Portfolio.tenant_id == tx.tenant_id, Portfolio.id == portfolio_id)
    found = await _portfolios.find(tx, *key)
    if found is None:
        raise PortfolioNotFound(portfolio_id=portfolio_id)
    return found


async def read_placement(tx: Tx, account_id: UUID) -> PlacementOut:
    """Where an account stands; nowhere before the first run."""
    kept = AccountPlacement
    found = await tx.session.execute(
        select(
            kept.category_id,
            Category.name.label("category"),
            kept.category_by,
            kept.portfolio_id,
            Portfolio.name.label("portfolio"),
            kept.portfolio_by,
        )
        .outerjoin(
            Category, (Category.tenant_id == kept.tenant_id) & (Category.id == kept.category_id)
        )
        .outerjoin(
            Portfolio,
            (Portfolio.tenant_id == kept.tenant_id) & (Portfolio.id == kept.portfolio_id),
        )
        .where(kept.tenant_id == tx.tenant_id, kept.account_id == account_id)
    )
    row = found.mappings().one_or_none()
    return NOWHERE if row is None else PlacementOut(**row)


async def list_placement_changes(tx: Tx, account_id: UUID) -> list[PlacementChangeOut]:
    """The newest changes of one account's category and portfolio, newest first."""
    columns: list[Any] = [
        getattr(PlacementChange, name) for name in PlacementChangeOut.__struct_fields__
    ]
    rows = await tx.session.execute(
        select(*columns)
        .where(PlacementChange.tenant_id == tx.tenant_id, PlacementChange.account_id == account_id)
        .order_by(PlacementChange.at.desc(), PlacementChange.kind)
        .limit(MOST_CHANGES)
    )
    return [PlacementChangeOut(**row) for row in rows.mappings()]
