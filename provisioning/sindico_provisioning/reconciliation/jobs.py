"""The job that compares. Killing it anywhere costs at most the page under way."""

import asyncio
import time
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.errors import Terminal, Transient
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.registry import job
from sindico_provisioning.connectors.schemas import Connector
from sindico_provisioning.erp_tables.queries import get_table, order_tables
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.exchanges.schemas import Pull
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.jobs import PAGE_SECONDS, STINT_SECONDS, can_pass
from sindico_provisioning.loads.schemas import Stint
from sindico_provisioning.loads.service import require_readable
from sindico_provisioning.loads.sources import SOURCES
from sindico_provisioning.onboarding.service import review_sign_offs
from sindico_provisioning.reconciliation import service
from sindico_provisioning.reconciliation.models import Reconciliation
from sindico_provisioning.reconciliation.schemas import Basis
from sindico_provisioning.reconciliation.service import Place, ReconciliationStopped

MAX_ATTEMPTS = 5


@job(queue="loads", timeout_seconds=900, lease_seconds=1200, max_attempts=10)
async def reconcile(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    reconciliation_id: UUID,
) -> RunAgain | None:
    """Read every table of the source, compare it with what is staged, and review the sign-offs.

    Safe to run twice, or to be killed anywhere.
    """
    return await _carry_out(ctx, reconciliation_id, by_totals=False)


@job(queue="loads", timeout_seconds=900, lease_seconds=1200, max_attempts=10)
async def reconcile_totals(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    reconciliation_id: UUID,
) -> RunAgain | None:
    """As `reconcile`, but tables of which the ERP tells what is staged are not read.

    Safe to run twice, or to be killed anywhere.
    """
    return await _carry_out(ctx, reconciliation_id, by_totals=True)


async def _carry_out(
    ctx: JobContext, reconciliation_id: UUID, *, by_totals: bool
) -> RunAgain | None:
    try:
        return await _walk(ctx, reconciliation_id, by_totals=by_totals)
    except ReconciliationStopped:
        return None
    except LeaseLost:
        raise
    except Exception as error:
        if can_pass(error) and ctx.attempt < MAX_ATTEMPTS:
            raise
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.fail(tx, ctx, reconciliation_id, error)
        return None


async def start_reconciliation(
    tx: Tx, *, integration_id: UUID, by: Basis = Basis.ROWS
) -> Reconciliation:
    """Ask for a comparison of an integration with its source; a job carries it out.

    Args:
        by: whether every row is compared, or only totals where the ERP tells them.

    Raises:
        IntegrationNotFound: none of the tenant's integrations has the id.
        IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured: it cannot be read.
        ReconciliationRunning: another comparison has not ended.
    """
    await require_readable(tx, integration_id)
    return await service.add_reconciliation(tx, integration_id=integration_id, job=JOBS[by])


JOBS = {Basis.ROWS: reconcile, Basis.TOTALS: reconcile_totals}


async def _walk(ctx: JobContext, reconciliation_id: UUID, *, by_totals: bool) -> RunAgain | None:
    stop_at = time.monotonic() + STINT_SECONDS
    async with ctx.uow.begin(ctx.actor) as tx:
        row = await service.begin(tx, ctx, reconciliation_id)
        stint = await _stint_of(tx, row)
    async with await SOURCES[stint.integration_kind].open(ctx, stint) as connector:
        async with ctx.uow.begin(ctx.actor) as tx:
            tables = [table.name for table in order_tables(set(connector.tables))]
            await service.plan(tx, ctx, reconciliation_id, tables)
        while place := await _find_place(ctx, row):
            if by_totals and await _agree(ctx, connector, place):
                continue
            if not await _read_table(ctx, connector, place, stop_at):
                return RunAgain()
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.finish(tx, ctx, reconciliation_id)
        await review_sign_offs(tx, integration_id=row.integration_id)
    return None


async def _stint_of(tx: Tx, row: Reconciliation) -> Stint:
    integration = await get_integration(tx, row.integration_id)
    return Stint(
        load_id=row.id,
        integration_id=integration.id,
        integration_kind=integration.kind,
        tables=None,
        is_planned=True,
        reads_everything=True,
    )


async def _find_place(ctx: JobContext, row: Reconciliation) -> Place | None:
    async with ctx.uow.begin(ctx.actor) as tx:
        return await service.find_place(tx, row)


async def _agree(ctx: JobContext, connector: Connector, place: Place) -> bool:
    """Ask what the ERP counts and adds up; False where it does not tell, or tells otherwise."""
    if place.pages > 0:
        return False
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            totals = await connector.tell_totals(place.table)
    except (Transient, Terminal, TimeoutError):
        await _enter_failure(ctx, connector, place)
        raise
    pulls = await _take_pulls(connector)
    async with ctx.uow.begin(ctx.actor) as tx:
        await _enter(tx, place, pulls)
        return totals is not None and await service.agree(tx, ctx, at=place, totals=totals)


async def _read_table(ctx: JobContext, connector: Connector, place: Place, stop_at: float) -> bool:
    """Read a table's pages to the end; False when time is up before it."""
    at: Place | None = place
    while at is not None:
        if time.monotonic() > stop_at:
            return False
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                page = await connector.read_page(at.table, at.cursor)
        except (Transient, Terminal, TimeoutError):
            await _enter_failure(ctx, connector, at)
            raise
        pulls = await _take_pulls(connector)
        checked = await asyncio.to_thread(check_rows, get_table(at.table), page.rows)
        async with ctx.uow.begin(ctx.actor) as tx:
            await _enter(tx, at, pulls, received=checked.received)
            at = await service.keep_page(tx, ctx, at=at, page=page, checked=checked)
    return True


async def _enter_failure(ctx: JobContext, connector: Connector, at: Place) -> None:
    """Write down what the ERP was asked in vain."""
    pulls = await _take_pulls(connector)
    async with ctx.uow.begin(ctx.actor) as tx:
        await _enter(tx, at, pulls)


async def _take_pulls(connector: Connector) -> list[Pull]:
    return await asyncio.to_thread(exchanges.pack_pulls, connector.take_exchanges())


async def _enter(tx: Tx, at: Place, pulls: list[Pull], received: int | None = None) -> None:
    """Write down in the ledger what the ERP was asked, and answered."""
    await exchanges.record_pulls(
        tx,
        integration_id=at.integration_id,
        load_id=None,
        resource=at.table,
        pulls=pulls,
        received=received,
    )
