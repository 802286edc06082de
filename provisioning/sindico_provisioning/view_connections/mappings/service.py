"""The only writer of mappings.

Views are looked at by `looking`, when no transaction is open; what was found is given to the
functions here.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_provisioning.connectors.view.schemas import FoundColumn, ViewServer, ViewSource
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.packages import service as packages
from sindico_provisioning.view_connections.mappings import queries
from sindico_provisioning.view_connections.mappings.rules import demand_fitting
from sindico_provisioning.view_connections.models import ViewMapping
from sindico_provisioning.view_connections.queries import get_connection
from sindico_provisioning.view_connections.reaching import reach_stored
from sindico_provisioning.view_connections.schemas import ViewMappingIn
from sindico_provisioning.view_connections.service import FEATURE


async def begin_look(tx: Tx, keys: KeyRing, *, integration_id: UUID) -> ViewServer:
    """What it takes to look at the views of an integration.

    Raises:
        ViewConnectionNotFound: no connection is stored.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
    """
    row = await get_connection(tx, integration_id)
    await packages.require_feature(tx, FEATURE)
    return reach_stored(row, keys)


async def replace_mapping(
    tx: Tx,
    *,
    integration_id: UUID,
    table: str,
    data: ViewMappingIn,
    columns: Sequence[FoundColumn],
    revision: int | None = None,
) -> ViewMapping:
    """Store which view becomes a table.

    Args:
        columns: of the view in `data`, as it was found just now.

    Raises:
        ErpTableNotFound: there is no such table.
        ViewConnectionNotFound: the integration has no connection.
        ChangedMeanwhile: the mapping has another revision than `revision`.
        InvalidInput: listing every field that is wrong.
    """
    defined = get_table(table)
    await get_connection(tx, integration_id, lock=True)
    row = await queries.find_mapping(tx, integration_id, table, lock=True)
    demand_revision(0 if row is None else row.revision, revision)
    demand_fitting(data, defined, columns)
    is_new = row is None
    row = row or ViewMapping(
        tenant_id=tx.tenant_id,
        integration_id=integration_id,
        resource=table,
        revision=0,
        created_at=tx.now,
        created_by=tx.actor.id,
    )
    changes = _fill(row, _values(data, defined))
    if changes:
        row.revision += 1
        row.updated_at, row.updated_by = tx.now, tx.actor.id
        tx.session.add(row)
        await tx.session.flush()
        verb = "create" if is_new else "change"
        await _record(tx, verb, integration_id, table=table, changes=changes)
    return row


async def delete_mapping(
    tx: Tx, *, integration_id: UUID, table: str, revision: int | None = None
) -> None:
    """Read a table no longer; what was loaded stays.

    Raises:
        ViewMappingNotFound: nothing is mapped to it.
        ChangedMeanwhile: the mapping has another revision than `revision`.
    """
    row = await queries.get_mapping(tx, integration_id, table, lock=True)
    demand_revision(row.revision, revision)
    before = {"view": (row.view, None), "columns": (row.columns, None)}
    await tx.session.delete(row)
    await tx.session.flush()
    await _record(tx, "delete", integration_id, table=table, changes=before)


def source_in(table: str, data: ViewMappingIn) -> ViewSource:
    """What a mapping that is not saved reads."""
    return ViewSource(
        table=get_table(table).name,
        schema=data.db_schema,
        view=data.view,
        columns={field: column for field, column in data.columns.items() if column},
    )


def _values(data: ViewMappingIn, table: ErpTable) -> dict[str, Any]:
    keeps_all = table.history_years is None and table.closed_when_zero is None
    return {
        "db_schema": data.db_schema or None,
        "view": data.view,
        "columns": {field: column for field, column in data.columns.items() if column},
        "watermark": data.watermark or None,
        "overlap_minutes": data.overlap_minutes,
        "is_complete": keeps_all if data.is_complete is None else data.is_complete,
    }


def _fill(row: ViewMapping, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    changes = {
        name: (getattr(row, name), value)
        for name, value in values.items()
        if getattr(row, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    return changes


async def _record(tx: Tx, verb: str, integration_id: UUID, **told: Any) -> None:
    await audit.record(
        tx,
        f"view-mapping:{verb}",
        target_type="view_connection",
        target_id=integration_id,
        **told,
    )
