"""The only writer of links, and the one way an ERP's rows become rows of ours."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete
from sqlalchemy.orm import DeclarativeBase

from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Tx
from sindico_tenants.erp_links.models import ExternalRef
from sindico_tenants.erp_links.queries import ID_PREFIX, build_merge
from sindico_tenants.erp_links.schemas import MergeCounts


async def merge_rows(
    tx: Tx,
    *,
    into: type[DeclarativeBase],
    integration_id: UUID,
    incoming: Select[Any],
) -> MergeCounts:
    """Create or update one row of ours for each row of the ERP, in one statement.

    Pinned fields keep their value, rows that stay the same are not written. Repeating the call
    changes nothing.

    Args:
        into: the table; its name is the links' resource.
        incoming: a select whose columns are ``id_erp`` and columns of the table. Each `id_erp`
            stands once in it.
    """
    statement = build_merge(into, incoming.cte("incoming"))
    await join_by_hash(tx)
    found = await tx.session.execute(
        statement,
        {
            "merge_tenant": tx.tenant_id,
            "merge_integration": integration_id,
            "merge_ids": tx.new_id().hex[:ID_PREFIX],
            "merge_now": tx.now,
        },
    )
    received, created, updated = found.one()
    return MergeCounts(received=received, created=created, updated=updated)


async def forget_links(tx: Tx, *, resource: str, row_id: UUID) -> None:
    """Let the ERP's version of a row that goes be a new row at its next load."""
    await tx.session.execute(
        delete(ExternalRef).where(
            ExternalRef.tenant_id == tx.tenant_id,
            ExternalRef.resource == resource,
            ExternalRef.id == row_id,
        )
    )
