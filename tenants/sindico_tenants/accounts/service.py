"""The only writer of accounts and contacts."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select, all_, literal, update

from sindico_platform.database.tx import Tx
from sindico_tenants.accounts import queries
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.erp_links.service import merge_rows
from sindico_tenants.sales.models import Seller

OWNER = "owner_user_id"


async def import_accounts(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's accounts in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=Account, integration_id=integration_id, incoming=incoming)


async def import_contacts(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's contacts in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=Contact, integration_id=integration_id, incoming=incoming)


async def update_accounts(tx: Tx) -> MergeCounts:
    """Let accounts be seen to by the user who is their seller in the ERP; an owner pinned stays.

    Repeating the call changes nothing. Only accounts whose seller is a user are received.
    """
    held = queries.hold_sold_by_users(
        tx,
        Account.owner_user_id.is_distinct_from(Seller.user_id),
        literal(OWNER) != all_(Account.pinned_fields),
    )
    changed = await _follow(tx, Account, held)
    return MergeCounts(received=await queries.count_sold_by_users(tx), created=0, updated=changed)


async def update_contacts(tx: Tx) -> MergeCounts:
    """Let contacts be seen to by whoever sees to their account; an owner pinned stays.

    Repeating the call changes nothing. Only contacts of accounts with an owner are received.
    """
    held = queries.hold_owned_contacts(
        tx,
        Contact.owner_user_id.is_distinct_from(Account.owner_user_id),
        literal(OWNER) != all_(Contact.pinned_fields),
    )
    changed = await _follow(tx, Contact, held)
    return MergeCounts(received=await queries.count_owned_contacts(tx), created=0, updated=changed)


async def _follow(tx: Tx, table: type[Account] | type[Contact], held: CTE) -> int:
    """Give the rows held to the users named there; tells how many they were."""
    changed = await tx.session.scalars(
        update(table)
        .where(table.tenant_id == tx.tenant_id, table.id == held.c.id)
        .values(owner_user_id=held.c.user_id, updated_at=tx.now, updated_by=None)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())
