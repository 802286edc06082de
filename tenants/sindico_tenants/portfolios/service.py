"""The only writer of categories, portfolios and placements."""

from collections.abc import Mapping, Sequence
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
) -> Placed:
    """Put every account into its category, or its portfolio, making those that are missing.

    What a person decided stays. Repeating the call changes nothing.

    Args:
        account_ids: these alone.
    """
    await _add_missing(tx, kind, account_ids)
    return await _follow_rules(tx, kind, account_ids)


async def _follow_rules(
    tx: Tx,
    kind: Kind,
    account_ids: Sequence[UUID] | None,
    *,
    is_given_back: bool = False,
    reason: str | None = None,
) -> Placed:
    """Place accounts as far as there is what they are to stand in.

    Args:
        is_given_back: a person decided before where they stood; the history tells of all of them.
        reason: of the person who gives them back.
    """
    values = _which(tx, account_ids) | {
        "now": tx.now,
        "changed_by": tx.actor.name,
        "is_given_back": is_given_back,
        "reason": reason,
    }
    row = (await tx.session.execute(statements_of(kind).place, values)).one()
    return Placed(accounts=row.accounts, placed=row.placed, moved=row.moved)


def _which(tx: Tx, account_ids: Sequence[UUID] | None) -> dict[str, Any]:
    chosen = None if account_ids is None else list(account_ids)
    return {"tenant_id": tx.tenant_id, "account_ids": chosen}


async def _add_missing(tx: Tx, kind: Kind, account_ids: Sequence[UUID] | None) -> None:
    """Make what accounts are to stand in and what there is none of yet.

    Others who make the same wait for this transaction. So whoever also holds where accounts stand
    makes what is missing first, categories before portfolios: else two could wait for each other.
    """
    said = statements_of(kind)
    names = (await tx.session.scalars(said.list_missing, _which(tx, account_ids))).all()
    if not names:
        return
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
    targets = await find_targets(tx, data.category_id, data.portfolio_id)
    await decide(tx, targets, [account_id], reason=reason)
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
    targets: Mapping[Kind, GroupingOut | None],
    account_ids: Sequence[UUID],
    *,
    resold: Sequence[UUID] = (),
    reason: str | None,
) -> set[UUID]:
    """Put accounts where a person says; None gives the decision back to the rules.

    Args:
        resold: those of them whose salesperson was chosen; their portfolio follows if it is not
            decided.

    Returns:
        The accounts of which something was decided otherwise than before.
    """
    ruled = {kind: account_ids for kind, target in targets.items() if target is None}
    if resold and not targets.get(Kind.PORTFOLIO):
        ruled.setdefault(Kind.PORTFOLIO, resold)
    for kind in Kind:
        if kind in ruled:
            await _add_missing(tx, kind, ruled[kind])
    changed = set[UUID]()
    if targets:
        await tx.session.execute(HOLD, _which(tx, account_ids) | {"now": tx.now})
    for kind, target in targets.items():
        changed.update(await _decide_one(tx, kind, account_ids, target, reason=reason))
    if resold and not targets.get(Kind.PORTFOLIO):
        await _follow_rules(tx, Kind.PORTFOLIO, resold)
    return changed


async def _decide_one(
    tx: Tx,
    kind: Kind,
    account_ids: Sequence[UUID],
    target: GroupingOut | None,
    *,
    reason: str | None,
) -> Sequence[UUID]:
    said, values = statements_of(kind), _which(tx, account_ids) | {"now": tx.now}
    if target is None:
        given = (await tx.session.scalars(said.give_back, values)).all()
        if given:
            await _follow_rules(tx, kind, given, is_given_back=True, reason=reason)
        return given
    values |= {
        "target_id": target.id,
        "target_name": target.name,
        "changed_by": tx.actor.name,
        "reason": reason,
    }
    return (await tx.session.scalars(said.decide, values)).all()
