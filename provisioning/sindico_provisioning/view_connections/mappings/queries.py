"""Every SELECT on mappings."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.queries import TABLES, get_table, order_tables
from sindico_provisioning.view_connections.errors import ViewMappingNotFound
from sindico_provisioning.view_connections.models import ViewMapping
from sindico_provisioning.view_connections.schemas import ViewMappingOut


async def list_mappings(tx: Tx, integration_id: UUID) -> Sequence[ViewMapping]:
    """Every mapping of an integration, parents before children."""
    found = await tx.session.scalars(
        select(ViewMapping).where(
            ViewMapping.tenant_id == tx.tenant_id, ViewMapping.integration_id == integration_id
        )
    )
    by_table = {row.resource: row for row in found if row.resource in TABLES}
    return [by_table[table.name] for table in order_tables(set(by_table))]


async def list_mapped(tx: Tx) -> frozenset[UUID]:
    """The integrations of which some view is mapped."""
    found = await tx.session.scalars(
        select(ViewMapping.integration_id)
        .where(ViewMapping.tenant_id == tx.tenant_id, ViewMapping.resource.in_(list(TABLES)))
        .distinct()
    )
    return frozenset(found)


async def find_mapping(
    tx: Tx, integration_id: UUID, table: str, *, lock: bool = False
) -> ViewMapping | None:
    """One mapping, if there is one."""
    statement = select(ViewMapping).where(
        ViewMapping.tenant_id == tx.tenant_id,
        ViewMapping.integration_id == integration_id,
        ViewMapping.resource == table,
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: ViewMapping | None = await tx.session.scalar(statement)
    return found


async def get_mapping(
    tx: Tx, integration_id: UUID, table: str, *, lock: bool = False
) -> ViewMapping:
    """One mapping.

    Raises:
        ViewMappingNotFound: nothing is mapped to the table.
    """
    found = await find_mapping(tx, integration_id, table, lock=lock)
    if found is None:
        raise ViewMappingNotFound(table=table)
    return found


def show_mapping(row: ViewMapping) -> ViewMappingOut:
    return ViewMappingOut(
        table=row.resource,
        label=get_table(row.resource).label,
        db_schema=row.db_schema,
        view=row.view,
        columns=row.columns,
        watermark=row.watermark,
        overlap_minutes=row.overlap_minutes,
        is_complete=row.is_complete,
        updated_at=row.updated_at,
        revision=row.revision,
    )
