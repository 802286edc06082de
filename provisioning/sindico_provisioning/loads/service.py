"""Starting, cancelling and resuming loads; everything else is written by their job."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.jobs import service as jobs
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.integrations.models import Integration, IntegrationState
from sindico_provisioning.integrations.queries import hold_integration
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.errors import (
    IntegrationNotPulled,
    IntegrationPaused,
    LoadAlreadyRunning,
    LoadEnded,
    LoadNotResumable,
)
from sindico_provisioning.loads.jobs import run_load
from sindico_provisioning.loads.logbook import service as logbook
from sindico_provisioning.loads.models import ACTIVE, Load, LoadKind, LoadStatus
from sindico_provisioning.loads.sources import SOURCES, is_read
from sindico_provisioning.loads.stints.service import end_unfinished, touch_load
from sindico_provisioning.packages import service as packages
from sindico_provisioning.staging import service as staging

RESUMABLE = (LoadStatus.FAILED, LoadStatus.CANCELLED)


@packages.counts("runs_per_day")
async def count_runs_today(tx: Tx) -> int:
    """What the bound tenant has used of its package's runs today."""
    return await queries.count_loads_today(tx)


async def start_load(
    tx: Tx,
    *,
    integration_id: UUID,
    kind: LoadKind,
    tables: Sequence[str] | None = None,
) -> Load:
    """Ask for a load; a job walks it.

    Args:
        tables: names of ERP tables; all that the ERP offers unless given.

    Raises:
        IntegrationNotFound: none of the tenant's integrations has the id.
        IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured: it runs no loads.
        InvalidInput: a name is no ERP table's, or none is given.
        LoadAlreadyRunning: naming the load that has not ended.
        PackageLimitReached: no runs are left today.
    """
    integration = await require_loadable(tx, integration_id)
    _check_tables(tables)
    await packages.enforce(tx, "runs_per_day")
    await _retire_dead_load(tx, integration_id)
    for earlier in await queries.list_unfinished_snapshots(tx, integration_id):
        await staging.forget_seen_keys(tx, load_id=earlier)
    load = await _add_load(tx, integration_id, kind, tables)
    facts = {"requested_by": tx.actor.name, "integration": integration.name}
    await logbook.write(tx, load.id, "load-requested", facts=facts)
    told: dict[str, Any] = {"integration_id": integration_id, "kind": kind}
    await audit.record(tx, "load:start", target_type="load", target_id=load.id, **told)
    return load


async def _add_load(
    tx: Tx, integration_id: UUID, kind: LoadKind, tables: Sequence[str] | None
) -> Load:
    # What a load found is over when a later one has read everything: which is later, ids tell.
    load_id = tx.new_id_after(await queries.find_newest_load(tx, integration_id))
    load = Load(
        tenant_id=tx.tenant_id,
        id=load_id,
        integration_id=integration_id,
        kind=kind,
        status=LoadStatus.PENDING,
        tables=None if tables is None else sorted(set(tables)),
        requested_by=tx.actor.name,
        job_id=await jobs.add(tx, run_load, load_id=load_id),
        tries=0,
        tries_without_progress=0,
        revision=1,
        created_at=tx.now,
    )
    await _insert_as_only_one(tx, load)
    return load


async def cancel_load(tx: Tx, *, load_id: UUID) -> Load:
    """End a load now; what was stored stays, and it can be resumed.

    A page under way is dropped: its transaction finds the load cancelled.

    Raises:
        LoadNotFound: no such load.
        LoadEnded: it has ended otherwise. Repeating the call on a cancelled load changes nothing.
    """
    load = await queries.lock_load(tx, load_id)
    if load.status == LoadStatus.CANCELLED:
        return load
    if load.status not in ACTIVE:
        raise LoadEnded(load_status=load.status)
    await end_unfinished(tx, load, LoadStatus.CANCELLED)
    await logbook.write(tx, load_id, "load-cancelled", facts={"requested_by": tx.actor.name})
    await audit.record(tx, "load:cancel", target_type="load", target_id=load_id)
    return load


async def resume_load(tx: Tx, *, load_id: UUID) -> Load:
    """Let a load that failed or was cancelled go on where it stopped.

    Raises:
        LoadNotFound: no such load.
        LoadNotResumable: it has not ended, has succeeded, or a newer load has begun since.
        IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured: as `start_load`.
    """
    load = await queries.lock_load(tx, load_id)
    newest = await queries.find_newest_load(tx, load.integration_id)
    if load.status not in RESUMABLE or newest != load_id:
        raise LoadNotResumable(load_status=load.status)
    await require_loadable(tx, load.integration_id)
    load.status, load.finished_at, load.next_try_at = LoadStatus.PENDING, None, None
    load.tries = load.tries_without_progress = 0
    load.error = None
    touch_load(tx, load)
    load.job_id = await jobs.add(tx, run_load, load_id=load_id)
    await logbook.write(tx, load_id, "load-resumed", facts={"requested_by": tx.actor.name})
    await audit.record(tx, "load:resume", target_type="load", target_id=load_id)
    return load


async def require_readable(tx: Tx, integration_id: UUID) -> Integration:
    """The integration, if there is an ERP behind it that can be read now.

    Raises:
        IntegrationNotFound, IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured.
    """
    integration = await require_loadable(tx, integration_id)
    if not is_read(integration.kind):
        raise IntegrationNotPulled(name=integration.name)
    return integration


async def require_loadable(tx: Tx, integration_id: UUID) -> Integration:
    """The integration, if a load of it can begin now; it stays to the transaction's end.

    Raises:
        IntegrationNotFound, IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured.
    """
    integration = await hold_integration(tx, integration_id)
    if integration.state != IntegrationState.ACTIVE:
        raise IntegrationPaused(name=integration.name)
    if integration.kind not in SOURCES:
        raise IntegrationNotPulled(name=integration.name)
    await SOURCES[integration.kind].require_ready(tx, integration.id)
    return integration


def _check_tables(tables: Sequence[str] | None) -> None:
    if tables is None:
        return
    if not tables:
        raise InvalidInput(field_error("tables", "empty", "Name one table at least, or none."))
    unknown = [
        field_error(
            f"tables.{position}",
            "erp-table-unknown",
            "There is no ERP table {table}. The tables are: {tables}.",
            table=name,
            tables=", ".join(TABLES),
        )
        for position, name in enumerate(tables)
        if name not in TABLES
    ]
    if unknown:
        raise InvalidInput(*unknown)


async def _retire_dead_load(tx: Tx, integration_id: UUID) -> None:
    """End a load whose job was given up or cancelled: nobody walks it any more."""
    dead = await queries.find_load_without_job(tx, integration_id)
    if dead is not None:
        await end_unfinished(tx, await queries.lock_load(tx, dead), LoadStatus.FAILED)
        await tx.session.flush()


async def _insert_as_only_one(tx: Tx, load: Load) -> None:
    """Let the database decide: at most one load of an integration has not ended."""
    try:
        async with tx.session.begin_nested():
            tx.session.add(load)
            await tx.session.flush()
    except IntegrityError as clash:
        if "uq_load_active" not in str(clash.orig):
            raise
        active = await queries.find_active_load(tx, load.integration_id)
        raise LoadAlreadyRunning(load_id=active or load.id) from clash
