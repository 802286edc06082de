"""What a test of a View connection needs, and what it leaves.

Nothing here reaches a database: the caller does, when no transaction is open.
"""

from uuid import UUID

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.database.tx import Tx
from sindico_platform.secrets import KeyRing
from sindico_provisioning.packages import service as packages
from sindico_provisioning.view_connections import queries
from sindico_provisioning.view_connections.fields import demand_valid
from sindico_provisioning.view_connections.mappings.queries import list_mappings
from sindico_provisioning.view_connections.models import ViewConnection
from sindico_provisioning.view_connections.reaching import (
    password_for,
    reach_stored,
    reach_typed,
    sources_of,
    tested_as,
)
from sindico_provisioning.view_connections.schemas import ViewTestIn
from sindico_provisioning.view_connections.service import FEATURE, record_event
from sindico_provisioning.view_connections.trials.schemas import Trial
from sindico_tenants.server_settings.reports import keep_report, sign_report


async def begin_test(tx: Tx, keys: KeyRing, *, integration_id: UUID) -> Trial:
    """Prepare a test of what is stored, and note it in the trail.

    Raises:
        ViewConnectionNotFound: nothing is stored.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
    """
    row = await queries.get_connection(tx, integration_id)
    await packages.require_feature(tx, FEATURE)
    await record_event(tx, "test", integration_id)
    return await _trial_of(tx, keys, row)


async def begin_typed_test(tx: Tx, keys: KeyRing, *, data: ViewTestIn) -> Trial:
    """Prepare a test of what was typed, and note it in the trail.

    Typed as it is stored, it is a test of what is stored.

    Raises:
        ViewConnectionNotFound: `data.integration_id` names none.
        InvalidInput: listing every field that is wrong; a stored password must be typed again
            when it would go elsewhere.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
    """
    demand_valid(data)
    await packages.require_feature(tx, FEATURE)
    row = None
    if data.integration_id is not None:
        row = await queries.find_connection(tx, data.integration_id)
    server = reach_typed(
        data, password_for(data, row, keys), time_zone=await queries.find_time_zone(tx)
    )
    await record_event(tx, "test", data.integration_id, host=data.host)
    if row is not None and tested_as(reach_stored(row, keys)) == tested_as(server):
        return await _trial_of(tx, keys, row)
    return Trial(server=server)


async def _trial_of(tx: Tx, keys: KeyRing, row: ViewConnection) -> Trial:
    return Trial(
        server=reach_stored(row, keys),
        sources=tuple(sources_of(row, await list_mappings(tx, row.integration_id))),
        integration_id=row.integration_id,
        revision=row.revision,
    )


async def finish_test(tx: Tx, trial: Trial, *, report: Report) -> None:
    """Keep the report with the connection, unless somebody changed this meanwhile."""
    if trial.integration_id is None:
        return
    row = await queries.find_connection(tx, trial.integration_id, lock=True)
    if row is None or row.revision != trial.revision:
        return
    keep_report(row, report)
    await tx.session.flush()


def carry_report(keys: KeyRing, trial: Trial, report: Report, *, tenant_id: UUID) -> str:
    """The report for whoever may save what was tested; see `server_settings.reports`."""
    return sign_report(keys, report, tenant_id=tenant_id, tested=tested_as(trial.server))
