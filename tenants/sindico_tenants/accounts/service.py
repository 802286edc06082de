"""The only writer of accounts and contacts."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select

from sindico_platform.database.tx import Tx
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.erp_links.service import merge_rows


async def import_accounts(
    tx: Tx, *, integration_id: UUID, incoming: Select[Any], most: int
) -> MergeCounts:
    """Bring the ERP's accounts in, as `merge_rows` describes it."""
    return await merge_rows(
        tx, into=Account, integration_id=integration_id, incoming=incoming, most=most
    )


async def import_contacts(
    tx: Tx, *, integration_id: UUID, incoming: Select[Any], most: int
) -> MergeCounts:
    """Bring the ERP's contacts in, as `merge_rows` describes it."""
    return await merge_rows(
        tx, into=Contact, integration_id=integration_id, incoming=incoming, most=most
    )
