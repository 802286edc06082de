"""The only writer of categories, portfolios and placements."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_tenants.accounts.queries import get_account
from sindico_tenants.portfolios import queries
from sindico_tenants.portfolios.errors import NameTaken
from sindico_tenants.portfolios.models import Category, Portfolio
from sindico_tenants.portfolios.schemas import GroupingOut, Kind, Placed, PlacementIn, PlacementOut
from sindico_tenants.portfolios.statements import HOLD, statements_of

TABLES: dict[Kind, type[Category] | type[Portfolio]] = {
    Kind.CATEGORY: Category,
    Kind.PORTFOLIO: Portfolio,
}
G = TypeVar("G", Category, Portfolio)


async def place_accounts(
    tx: Tx,
    kind: Kind,
    *,
    account_ids: Sequence[UUID] | None = None,
    is_given_back: bool = False,
    reason: str | None = None,
) -> Placed:
    """Put every account into its category, or its portfolio, making those that are missing.

    What a person decided stays. Repeating the call changes nothing.

    Args:
        account_ids: these alone.
        is_given_back: a person decided before where they stood; the history tells of all of them.
        reason: of the person who gives them back.
    """
    said = statements_of(kind)
    which = {
        "tenant_id": tx.tenant_id,
        "account_ids": None if account_ids is None else list(account_ids),
    }
    missing = (await tx.session.scalars(said.list_missing, which)).all()
    if missing:
        await _add_missing(tx, kind, list(missing))
    values = which | {
        "now": tx.now,
        "changed_by": tx.actor.name,
        "is_given_back": is_given_back,
        "reason": reason,
    }
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
    reason = clean_reason(data.reason)
    for kind, target in (await find_targets(tx, data.category_id, data.portfolio_id)).items():
        await decide(tx, kind, [account_id], target, reason=reason)
    after = await queries.read_placement(tx, account_id)
    changes: dict[str, tuple[Any, Any]] = {
        kind.value: (getattr(before, kind), getattr(after, kind))
        for kind in Kind
        if getattr(before, kind) != getattr(after, kind)
    }
    if reason:
        changes["reason"] = (None, reason)
    await audit.record(
        tx, "account:place", target_type="account", target_id=account_id, changes=changes
    )
    return after


def clean_reason(typed: str | None) -> str | None:
    """What was typed as a reason, without needless space; None if that is nothing."""
    return " ".join((typed or "").split()) or None


async def find_targets(
    tx: Tx, category_id: UUID | UnsetType | None, portfolio_id: UUID | UnsetType | None
) -> dict[Kind, GroupingOut | None]:
    """Where accounts are to stand, by kind; of what is unset, nothing.

    Raises:
        CategoryNotFound, PortfolioNotFound: no such record.
    """
    targets: dict[Kind, GroupingOut | None] = {}
    if category_id is not UNSET:
        targets[Kind.CATEGORY] = (
            await queries.get_category(tx, category_id) if category_id else None
        )
    if portfolio_id is not UNSET:
        found = await queries.get_portfolio(tx, portfolio_id) if portfolio_id else None
        targets[Kind.PORTFOLIO] = found
    return targets


async def decide(
    tx: Tx,
    kind: Kind,
    account_ids: Sequence[UUID],
    target: GroupingOut | None,
    *,
    reason: str | None,
) -> Sequence[UUID]:
    """Put accounts where a person says; None gives the decision back to the rules.

    Returns:
        The accounts of which something changed.
    """
    said = statements_of(kind)
    which: dict[str, Any] = {"tenant_id": tx.tenant_id, "account_ids": list(account_ids)}
    await tx.session.execute(HOLD, which)
    which["now"] = tx.now
    if target is None:
        given = (await tx.session.scalars(said.give_back, which)).all()
        if given:
            await place_accounts(tx, kind, account_ids=given, is_given_back=True, reason=reason)
        return given
    values = {
        "target_id": target.id,
        "target_name": target.name,
        "changed_by": tx.actor.name,
        "reason": reason,
    }
    return (await tx.session.scalars(said.decide, which | values)).all()
