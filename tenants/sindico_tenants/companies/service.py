"""The only writer of companies and branches."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select

from sindico_platform.database.tx import Tx
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.erp_links.service import merge_rows


async def import_companies(
    tx: Tx, *, integration_id: UUID, incoming: Select[Any], most: int
) -> MergeCounts:
    """Bring the ERP's companies in, as `merge_rows` describes it."""
    return await merge_rows(
        tx, into=Company, integration_id=integration_id, incoming=incoming, most=most
    )


async def import_branches(
    tx: Tx, *, integration_id: UUID, incoming: Select[Any], most: int
) -> MergeCounts:
    """Bring the ERP's branches in, as `merge_rows` describes it."""
    return await merge_rows(
        tx, into=Branch, integration_id=integration_id, incoming=incoming, most=most
    )
