"""Removes View integrations: what configures them goes, what they did and brought stays."""

from typing import Any
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.revisions import demand_revision
from sindico_provisioning.freshness.incidents.service import end_watch
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.queries import find_active_load
from sindico_provisioning.reconciliation.errors import ReconciliationRunning
from sindico_provisioning.reconciliation.queries import is_under_way
from sindico_provisioning.reconciliation.service import end_dead
from sindico_provisioning.schedules.service import remove_schedule
from sindico_provisioning.view_connections import queries
from sindico_provisioning.view_connections.errors import IntegrationNotView
from sindico_provisioning.view_connections.models import ViewConnection
from sindico_provisioning.view_connections.service import CHANGED, record_event

SHOWN = ("dialect", "host", "port", "database", "username")


async def remove_integration(tx: Tx, *, integration_id: UUID, revision: int | None = None) -> None:
    """Remove a View integration with its connection, password, mappings, schedule and limit.

    Its runs with logs and rejections, its incidents, the exchange ledger and every row it brought
    stay. Rows are locked in the order in which watchdog and scheduler lock them, the integration
    last, so that neither is caught in a deadlock.

    Args:
        revision: of the connection, 0 if none was entered; None expects nothing.

    Raises:
        IntegrationNotFound, IntegrationNotView: no such integration, or it reads no views.
        ChangedMeanwhile: the connection has another revision than `revision`.
        LoadAlreadyRunning, ReconciliationRunning: something still reads its database.
    """
    await _demand_view(tx, integration_id)
    await end_watch(tx, integration_id=integration_id)
    await remove_schedule(tx, integration_id=integration_id)
    integration = await get_integration(tx, integration_id, lock=True)
    await _demand_idle(tx, integration_id)
    connection = await queries.find_connection(tx, integration_id, lock=True)
    demand_revision(0 if connection is None else connection.revision, revision)
    if connection is not None:
        await _remove_connection(tx, connection)
    await integrations.retire_integration(tx, integration)


async def _demand_view(tx: Tx, integration_id: UUID) -> None:
    integration = await get_integration(tx, integration_id)
    if integration.kind != IntegrationKind.VIEW:
        raise IntegrationNotView(name=integration.name)


async def _demand_idle(tx: Tx, integration_id: UUID) -> None:
    """Nothing new begins either: whatever does holds the integration, which is locked here."""
    load_id = await find_active_load(tx, integration_id)
    if load_id is not None:
        raise LoadAlreadyRunning(load_id=load_id)
    await end_dead(tx, integration_id=integration_id)
    if await is_under_way(tx, integration_id):
        raise ReconciliationRunning


async def _remove_connection(tx: Tx, connection: ViewConnection) -> None:
    """Its mappings go with it."""
    changes: dict[str, tuple[Any, Any]] = {
        name: (getattr(connection, name), None) for name in SHOWN
    }
    if connection.password_sealed is not None:
        changes["password"] = CHANGED
    await tx.session.delete(connection)
    await tx.session.flush()
    await record_event(tx, "delete", connection.integration_id, changes=changes)
