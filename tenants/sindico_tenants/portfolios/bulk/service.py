"""Placing many accounts by hand: each decision is one statement, however many they are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.errors import NotAllowed
from sindico_tenants.accounts.errors import AccountNotFound
from sindico_tenants.accounts.queries import list_account_ids, list_known_ids
from sindico_tenants.portfolios import service
from sindico_tenants.portfolios.bulk import statements
from sindico_tenants.portfolios.bulk.errors import OtherNumber, TooManyAccounts
from sindico_tenants.portfolios.bulk.schemas import (
    MOST_MATCHED,
    BulkPlaced,
    BulkPlacementIn,
    Refusal,
)
from sindico_tenants.sales.queries import get_seller
from sindico_tenants.sales.schemas import SellerOut

SEES_ACCOUNTS = "accounts:view"
RULES, ERP = "by-the-rules", "by-the-erp"
"""What the trail says where a person gave a decision back."""


async def place_many(tx: Tx, *, data: BulkPlacementIn) -> BulkPlaced:
    """Put accounts where a person says, by the rules of placing one.

    A portfolio that follows from the salesperson does so at once. Repeating the call changes
    nothing.

    Raises:
        InvalidInput: it does not say which accounts, or nothing of them.
        NotAllowed: it names a filter, and the actor may not see accounts.
        TooManyAccounts, OtherNumber: the filter matches more than may be, or than was expected.
        CategoryNotFound, PortfolioNotFound, SellerNotFound: no such target.
    """
    demand_whole(data)
    targets = await service.find_targets(tx, data.category_id, data.portfolio_id)
    seller = await get_seller(tx, data.seller_id) if data.seller_id else None
    asked = list(dict.fromkeys(data.account_ids or ()))
    account_ids = await find_accounts(tx, data, asked)
    changed, reason = set[UUID](), service.clean_reason(data.reason)
    if data.seller_id is not UNSET:
        changed.update(await _choose_seller(tx, account_ids, seller, reason))
    resold = list(changed) if seller else []
    changed |= await service.decide(tx, targets, account_ids, resold=resold, reason=reason)
    refusals = _refused(data.account_ids or (), account_ids)
    matched = len(account_ids) + len(refusals)
    decided: dict[str, str] = {
        kind.value: target.name if target else RULES for kind, target in targets.items()
    }
    if data.seller_id is not UNSET:
        decided["seller"] = seller.name if seller else ERP
    told = decided | {"reason": reason, "filter": data.filter and msgspec.to_builtins(data.filter)}
    await audit.record(
        tx,
        "account:place-many",
        target_type="account",
        changes={name: (None, value) for name, value in told.items() if value},
        count=matched,
        updated=len(changed),
    )
    return BulkPlaced(matched=matched, changed=len(changed), refusals=refusals)


def demand_whole(data: BulkPlacementIn) -> None:
    """See that it says which accounts and what of them.

    Raises:
        InvalidInput: it does not.
    """
    if (data.account_ids is None) == (data.filter is None):
        detail = "Say either which accounts or by which filter."
        raise InvalidInput(field_error("account_ids", "accounts-unclear", detail))
    if data.category_id is data.portfolio_id is data.seller_id is UNSET:
        detail = "Say what is to change: category, portfolio or salesperson."
        raise InvalidInput(field_error("category_id", "nothing-chosen", detail))


async def find_accounts(tx: Tx, data: BulkPlacementIn, asked: Sequence[UUID]) -> list[UUID]:
    """The accounts that are meant, in the order of their ids.

    Raises:
        NotAllowed: what a filter matches is told to those who may see accounts alone.
        TooManyAccounts, OtherNumber: the filter matches more than may be, or than was expected.
    """
    if data.filter is None:
        return await list_known_ids(tx, asked)
    if not tx.actor.may(SEES_ACCOUNTS):
        raise NotAllowed(permission=SEES_ACCOUNTS)
    most = MOST_MATCHED
    found = await list_account_ids(tx, filters=data.filter.filters, most=most + 1)
    if len(found) > most:
        raise TooManyAccounts(most=most)
    if data.expected is not None and len(found) != data.expected:
        raise OtherNumber(matched=len(found), expected=data.expected)
    return found


async def _choose_seller(
    tx: Tx, account_ids: Sequence[UUID], seller: SellerOut | None, reason: str | None
) -> Sequence[UUID]:
    """Choose who sells to accounts; the ERP's loads leave that alone until it is given back.

    Owners follow with the next load.
    """
    values: dict[str, Any] = {
        "tenant_id": tx.tenant_id,
        "account_ids": list(account_ids),
        "now": tx.now,
        "changed_by": tx.actor.name,
        "user_id": tx.actor.id,
        "reason": reason,
    }
    if seller is None:
        return (await tx.session.scalars(statements.GIVE_BACK_SELLER, values)).all()
    target = {"seller_id": seller.id, "seller": seller.name}
    return (await tx.session.scalars(statements.CHOOSE_SELLER, values | target)).all()


def _refused(asked: Sequence[UUID], known: Sequence[UUID]) -> tuple[Refusal, ...]:
    missing = set(asked) - set(known)
    first = {each: index for index, each in reversed(list(enumerate(asked))) if each in missing}
    return tuple(
        Refusal(index=index, account_id=each, error=AccountNotFound(account_id=each))
        for each, index in sorted(first.items(), key=lambda pair: pair[1])
    )
