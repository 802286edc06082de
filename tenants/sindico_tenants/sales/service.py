"""The only writer of sellers and of what they sold."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity.queries import get_user
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.erp_links.service import merge_rows
from sindico_tenants.sales import queries
from sindico_tenants.sales.models import FiscalNote, SalesOrder, Seller, TradeBill

MOST_AT_ONCE = 500
"""Sellers that one command links."""


async def import_sellers(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's sellers in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=Seller, integration_id=integration_id, incoming=incoming)


async def import_orders(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's orders in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=SalesOrder, integration_id=integration_id, incoming=incoming)


async def import_notes(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's fiscal notes in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=FiscalNote, integration_id=integration_id, incoming=incoming)


async def import_bills(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's trade bills in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=TradeBill, integration_id=integration_id, incoming=incoming)


async def set_user(tx: Tx, *, seller_id: UUID, user_id: UUID | None) -> Seller:
    """Say who of the users a seller is; the next processing hands the seller's accounts over.

    Raises:
        SellerNotFound: no such seller.
        UserNotFound: no such user.
    """
    seller = await queries.lock_seller(tx, seller_id)
    if user_id is not None:
        await get_user(tx, user_id)
    if seller.user_id == user_id:
        return seller
    changes = {"user_id": (seller.user_id, user_id)}
    seller.user_id, seller.updated_at, seller.updated_by = user_id, tx.now, tx.actor.id
    await tx.session.flush()
    await audit.record(
        tx, "seller:change", target_type="seller", target_id=seller_id, changes=changes
    )
    return seller


async def link_suggested(tx: Tx) -> int:
    """Let each seller who is nobody yet be the one user with the same mail address.

    Returns:
        How many sellers.
    """
    found = await queries.list_suggestions(tx, limit=MOST_AT_ONCE)
    for seller_id, user_id in found:
        await set_user(tx, seller_id=seller_id, user_id=user_id)
    return len(found)
