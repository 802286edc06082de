"""The only writer of categories, portfolios and placements."""

from typing import Any, TypeVar
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_tenants.accounts.queries import get_account
from sindico_tenants.portfolios import queries
from sindico_tenants.portfolios.errors import NameTaken
from sindico_tenants.portfolios.models import (
    AccountPlacement,
    Category,
    PlacedBy,
    PlacementChange,
    Portfolio,
)
from sindico_tenants.portfolios.schemas import GroupingOut, Kind, Placed, PlacementIn, PlacementOut
from sindico_tenants.portfolios.statements import statements_of

TABLES: dict[Kind, type[Category] | type[Portfolio]] = {
    Kind.CATEGORY: Category,
    Kind.PORTFOLIO: Portfolio,
}
G = TypeVar("G", Category, Portfolio)


async def place_accounts(tx: Tx, kind: Kind, *, account_id: UUID | None = None) -> Placed:
    """Put every account into its category, or its portfolio, making those that are missing.

    What a person decided stays. Repeating the call changes nothing.

    Args:
        account_id: this one alone.
    """
    said = statements_of(kind)
    which = {"tenant_id": tx.tenant_id, "account_id": account_id}
    missing = (await tx.session.scalars(said.list_missing, which)).all()
    if missing:
        await _add_missing(tx, kind, list(missing))
    values = which | {"now": tx.now, "changed_by": tx.actor.name}
    row = (await tx.session.execute(said.place, values)).one()
    return Placed(accounts=row.accounts, placed=row.placed, moved=row.moved)


async def _add_missing(tx: Tx, kind: Kind, names: list[str]) -> None:
    recorded = {"created_at": tx.now, "updated_at": tx.now}
    rows = [
        {"tenant_id": tx.tenant_id, "id": tx.new_id(), "name": name, **recorded} for name in names
    ]
    table = table_of(TABLES[kind])
    await tx.session.execute(insert(table).on_conflict_do_nothing(), rows)
    await audit.record(tx, f"{kind}:create", target_type=kind, names=names[:100], count=len(names))


async def create_category(tx: Tx, *, name: str) -> Category:
    """Add a category.

    Raises:
        NameTaken: there is one of this name, whatever its accents and case.
    """
    return await _create(tx, Category, Kind.CATEGORY, name)


async def create_portfolio(tx: Tx, *, name: str) -> Portfolio:
    """Add a portfolio.

    Raises:
        NameTaken: there is one of this name, whatever its accents and case.
    """
    return await _create(tx, Portfolio, Kind.PORTFOLIO, name)


async def _create(tx: Tx, table: type[G], kind: Kind, name: str) -> G:
    row = table(tenant_id=tx.tenant_id, id=tx.new_id(), name=" ".join(name.split()))
    row.created_at, row.created_by = tx.now, tx.actor.id
    row.updated_at, row.updated_by = tx.now, tx.actor.id
    async with refusing(tx, f"uq_{kind}_search_name", error=NameTaken()):
        tx.session.add(row)
        await tx.session.flush()
    await audit.record(tx, f"{kind}:create", target_type=kind, target_id=row.id, name=row.name)
    return row


async def place_by_hand(tx: Tx, *, account_id: UUID, data: PlacementIn) -> PlacementOut:
    """Put an account where a person says; null gives the decision back to the rules.

    Raises:
        AccountNotFound, CategoryNotFound, PortfolioNotFound: no such record.
    """
    await get_account(tx, account_id)
    before = await queries.read_placement(tx, account_id)
    await tx.session.execute(
        insert(AccountPlacement)
        .values(tenant_id=tx.tenant_id, account_id=account_id, updated_at=tx.now)
        .on_conflict_do_nothing()
    )
    if data.category_id is not UNSET:
        chosen = data.category_id
        category = await queries.get_category(tx, chosen) if chosen else None
        await _decide(tx, Kind.CATEGORY, account_id, category, before=before.category)
    if data.portfolio_id is not UNSET:
        chosen = data.portfolio_id
        portfolio = await queries.get_portfolio(tx, chosen) if chosen else None
        await _decide(tx, Kind.PORTFOLIO, account_id, portfolio, before=before.portfolio)
    after = await queries.read_placement(tx, account_id)
    changes: dict[str, tuple[Any, Any]] = {
        kind.value: (getattr(before, kind), getattr(after, kind))
        for kind in Kind
        if getattr(before, kind) != getattr(after, kind)
    }
    await audit.record(
        tx, "account:place", target_type="account", target_id=account_id, changes=changes
    )
    return after


async def _decide(
    tx: Tx, kind: Kind, account_id: UUID, target: GroupingOut | None, *, before: str | None
) -> None:
    """Place one account where a person says, or by the rules again where they say nothing."""
    by = PlacedBy.HAND.value if target else None
    values: dict[str, Any] = {f"{kind}_by": by, "updated_at": tx.now}
    if target:
        values[f"{kind}_id"] = target.id
    await tx.session.execute(
        update(AccountPlacement)
        .where(
            AccountPlacement.tenant_id == tx.tenant_id, AccountPlacement.account_id == account_id
        )
        .values(values)
    )
    if target is None:
        await place_accounts(tx, kind, account_id=account_id)
    elif target.name != before:
        change = {
            "tenant_id": tx.tenant_id,
            "account_id": account_id,
            "at": tx.now,
            "kind": kind.value,
            "from_name": before,
            "to_name": target.name,
            "placed_by": by,
            "changed_by": tx.actor.name,
        }
        await tx.session.execute(insert(PlacementChange).values(change).on_conflict_do_nothing())
