"""The job that walks a load. Killing it anywhere costs at most the page under way."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from uuid import UUID

import structlog

from sindico_platform.errors import SindicoError, Terminal, Transient
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.registry import job
from sindico_provisioning.connectors.schemas import Connector, Cursor, Page
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import Checked
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.exchanges.schemas import Pull
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.errors import LoadStopped
from sindico_provisioning.loads.models import PhaseStep
from sindico_provisioning.loads.pages import service as pages
from sindico_provisioning.loads.processing import service as processing
from sindico_provisioning.loads.schemas import PhaseState, Stint
from sindico_provisioning.loads.sources import SOURCES
from sindico_provisioning.loads.stints import service as stints

STINT_SECONDS = 120
"""After this long the job queues its own continuation, so that no tenant keeps a worker."""
PAGE_SECONDS = 300
"""How long one page may take to come."""
SERVER_FAULT = 500
BATCHES: dict[PhaseStep, Callable[..., Awaitable[PhaseState | None]]] = {
    PhaseStep.SYNCHRONISE: pages.synchronise_batch,
    PhaseStep.ANALYSE: processing.analyse,
    PhaseStep.UPDATE: processing.bring_up_to_date,
    PhaseStep.CATEGORISE: processing.categorise,
    PhaseStep.RETIRE: processing.retire_batch,
}
"""What does one batch of a step and tells where its phase stands then; None when it is done."""

Fetched = tuple[Page, Checked, list[Pull]]
"""A page, its rows checked, and what was exchanged for it."""

log = structlog.get_logger()


@job(queue="loads", timeout_seconds=900, lease_seconds=1200, max_attempts=10)
async def run_load(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    load_id: UUID,
) -> RunAgain | None:
    """Fetch page after page, bring the staging into the CRM, and make sense of it there.

    What the ERP refuses ends the load with its reason; what may pass is tried again, by the load's
    own limits. Safe to run twice, or to be killed anywhere.
    """
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            stint = await stints.begin_stint(tx, ctx, load_id=load_id)
        return await _walk(ctx, stint)
    except LoadStopped:
        return None
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001  (the load must end with a reason, whatever it was)
        return await _fail(ctx, load_id, error)


async def _fail(ctx: JobContext, load_id: UUID, error: Exception) -> RunAgain | None:
    if not isinstance(error, Transient | Terminal | SindicoError):
        log.error("load_fault", load_id=str(load_id), exc_info=error)
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            delay = await stints.record_failure(
                tx, ctx, load_id=load_id, error=error, can_pass=can_pass(error)
            )
    except LoadStopped:
        return None
    return None if delay is None else RunAgain(delay)


def can_pass(error: Exception) -> bool:
    """A refusal does not change by repeating it; a fault of ours, or of the network, may pass."""
    if isinstance(error, SindicoError):
        return error.status >= SERVER_FAULT
    return not isinstance(error, Terminal)


async def _walk(ctx: JobContext, stint: Stint) -> RunAgain | None:
    stop_at = time.monotonic() + STINT_SECONDS
    async with await SOURCES[stint.integration_kind].open(ctx, stint) as connector:
        if not stint.is_planned:
            async with ctx.uow.begin(ctx.actor) as tx:
                await stints.plan_phases(tx, ctx, stint=stint, offered=connector.tables)
        while phase := await _find_next_phase(ctx, stint):
            if phase.step == PhaseStep.FETCH:
                done = await _fetch(ctx, stint, phase, connector, stop_at)
            else:
                done = await _process(ctx, stint, phase, stop_at)
            if not done or time.monotonic() > stop_at:
                return RunAgain()
    async with ctx.uow.begin(ctx.actor) as tx:
        await stints.finish_load(tx, ctx, load_id=stint.load_id)
    return None


async def _find_next_phase(ctx: JobContext, stint: Stint) -> PhaseState | None:
    async with ctx.uow.begin(ctx.actor) as tx:
        return await queries.find_next_phase(tx, stint.load_id)


async def _fetch(
    ctx: JobContext, stint: Stint, phase: PhaseState, connector: Connector, stop_at: float
) -> bool:
    """Walk a table's pages; False when time is up before the last."""
    is_snapshot = phase.resource in connector.snapshots
    try:
        async with aclosing(read_ahead(connector, phase)) as incoming:
            async for page, checked, pulls in incoming:
                async with ctx.uow.begin(ctx.actor) as tx:
                    phase = await pages.store_page(
                        tx,
                        ctx,
                        stint=stint,
                        at=phase,
                        page=page,
                        checked=checked,
                        pulls=pulls,
                        is_snapshot=is_snapshot,
                    )
                if time.monotonic() > stop_at and not page.done:
                    return False
    except (Transient, Terminal):
        await _note_failure(ctx, stint, phase, connector)
        raise
    return True


async def _note_failure(
    ctx: JobContext, stint: Stint, phase: PhaseState, connector: Connector
) -> None:
    """Write down what the ERP was asked in vain."""
    pulls = await asyncio.to_thread(exchanges.pack_pulls, connector.take_exchanges())
    async with ctx.uow.begin(ctx.actor) as tx:
        await exchanges.record_pulls(
            tx,
            integration_id=stint.integration_id,
            load_id=stint.load_id,
            resource=phase.resource,
            pulls=pulls,
        )


async def _process(ctx: JobContext, stint: Stint, phase: PhaseState, stop_at: float) -> bool:
    """Do a phase batch by batch, a transaction each; False when time is up before its end."""
    batch = BATCHES[PhaseStep(phase.step)]
    at: PhaseState | None = phase
    while at is not None:
        async with ctx.uow.begin(ctx.actor) as tx:
            at = await batch(tx, ctx, stint=stint, at=at)
        if at is not None and time.monotonic() > stop_at:
            return False
    return True


async def read_ahead(connector: Connector, phase: PhaseState) -> AsyncGenerator[Fetched, None]:
    """Give the pages from where the phase stands, reading the next while the last is stored."""
    cursor, first_index = phase.cursor, phase.received
    coming = asyncio.create_task(_read_page(connector, phase.resource, cursor, first_index))
    try:
        while True:
            page, checked, pulls = await coming
            cursor, first_index = page.next_cursor, first_index + checked.received
            if cursor is None:
                yield page, checked, pulls
                return
            coming = asyncio.create_task(_read_page(connector, phase.resource, cursor, first_index))
            yield page, checked, pulls
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await coming


async def _read_page(
    connector: Connector, table: str, cursor: Cursor | None, first_index: int
) -> Fetched:
    """Fetch a page and check its rows, of which the first is the table's `first_index`-th."""
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            page = await connector.read_page(table, cursor)
    except TimeoutError as error:
        raise Transient(
            "page-timed-out",
            "The page did not come within {seconds} seconds.",
            seconds=PAGE_SECONDS,
        ) from error
    checked = await asyncio.to_thread(
        check_rows, get_table(table), page.rows, first_index=first_index
    )
    pulls = await asyncio.to_thread(exchanges.pack_pulls, connector.take_exchanges())
    return page, checked, pulls
