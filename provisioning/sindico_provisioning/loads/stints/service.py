"""How a load begins, goes on, ends and fails. Everything is written under the job's lease."""

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from sindico_platform.database.tx import Tx
from sindico_platform.errors import Transient
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.runner import describe
from sindico_platform.telemetry import metrics
from sindico_provisioning.erp_tables.queries import order_tables
from sindico_provisioning.integrations.models import Integration, IntegrationKind
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.errors import LoadNotFound, LoadStopped
from sindico_provisioning.loads.logbook import service as logbook
from sindico_provisioning.loads.models import (
    ACTIVE,
    Load,
    LoadPhase,
    LoadStatus,
    LogLevel,
    PhaseStep,
)
from sindico_provisioning.loads.processing.queries import list_processing_steps
from sindico_provisioning.loads.schemas import Stint
from sindico_provisioning.onboarding.jobs import review_after_load
from sindico_provisioning.staging import service as staging
from sindico_provisioning.staging.arrivals.queries import list_arrivals
from sindico_provisioning.staging.arrivals.service import forget_arrivals
from sindico_provisioning.staging.sizes.jobs import measure_size

MAX_TRIES, MAX_TRIES_WITHOUT_PROGRESS = 20, 5
FIRST_DELAY_SECONDS, DELAY_FACTOR, MAX_DELAY_SECONDS = 10, 3, 1800


async def hold_load(tx: Tx, ctx: JobContext, *, load_id: UUID) -> Load:
    """Renew the job's lease and lock the load: until the transaction ends nobody else writes.

    Raises:
        LeaseLost: another worker has the job by now.
        LoadStopped: the load was cancelled, has ended, or is another job's by now.
    """
    await jobs.keep_lease(tx, ctx)
    try:
        load = await queries.lock_load(tx, load_id)
    except LoadNotFound as gone:
        raise LoadStopped from gone
    if load.status not in ACTIVE or load.job_id != ctx.job_id:
        raise LoadStopped
    return load


def touch_load(tx: Tx, load: Load) -> None:
    """Tell those who follow the load that it has changed."""
    load.revision += 1
    load.touched_at = tx.now
    tx.wake(queries.wake_channel(load.id))


async def begin_stint(tx: Tx, ctx: JobContext, *, load_id: UUID) -> Stint:
    """Take the load up, for the first time or again.

    Raises:
        LeaseLost, LoadStopped: as `hold_load`.
    """
    load = await hold_load(tx, ctx, load_id=load_id)
    integration = await tx.session.get_one(Integration, (tx.tenant_id, load.integration_id))
    phases = await queries.list_phases(tx, load_id)
    load.status = LoadStatus.RUNNING
    load.started_at = load.started_at or tx.now
    load.next_try_at = None
    touch_load(tx, load)
    return Stint(
        load_id=load_id,
        integration_id=integration.id,
        integration_kind=integration.kind,
        tables=None if load.tables is None else tuple(load.tables),
        is_planned=bool(phases),
    )


async def note_arrivals(tx: Tx, ctx: JobContext, *, load_id: UUID) -> bool:
    """Keep with the load which pushes it brings the rows of: all that no load has brought yet.

    Returns:
        Whether there are any.

    Raises:
        LeaseLost, LoadStopped: as `hold_load`.
    """
    load = await hold_load(tx, ctx, load_id=load_id)
    load.arrivals = await list_arrivals(tx, integration_id=load.integration_id)
    return bool(load.arrivals)


async def plan_phases(tx: Tx, ctx: JobContext, *, stint: Stint, offered: Sequence[str]) -> None:
    """Write the phases down before the first is walked, so that everybody sees what is to come.

    Args:
        offered: ERP tables that the connector can read at this site.
    """
    load = await hold_load(tx, ctx, load_id=stint.load_id)
    asked = offered if stint.tables is None else stint.tables
    fetched = [table.name for table in order_tables(set(asked) & set(offered))]
    steps = []
    if stint.integration_kind != IntegrationKind.API:  # else the rows are in the staging already
        steps = [(PhaseStep.FETCH, name) for name in fetched]
    steps += list_processing_steps(fetched)
    rows = [
        _phase_row(tx, stint.load_id, position, step, resource)
        for position, (step, resource) in enumerate(steps, start=1)
    ]
    if rows:
        await tx.session.execute(insert(LoadPhase), rows)
    for name in sorted(set(asked) - set(offered)):
        await logbook.write(
            tx,
            load.id,
            "table-not-offered",
            level=LogLevel.WARNING,
            resource=name,
            facts={"table": name},
        )
    await logbook.write(tx, load.id, "load-started", facts={"phases": len(rows)})
    touch_load(tx, load)


def _phase_row(
    tx: Tx, load_id: UUID, position: int, step: PhaseStep, resource: str
) -> dict[str, Any]:
    counts = dict.fromkeys(
        ("pages", "received", "created", "updated", "unchanged", "rejected", "removed"), 0
    )
    return {
        "tenant_id": tx.tenant_id,
        "load_id": load_id,
        "position": position,
        "step": step,
        "resource": resource,
        "status": LoadStatus.PENDING,
        "progress": 0,
        **counts,
    }


async def finish_load(tx: Tx, ctx: JobContext, *, load_id: UUID) -> None:
    """End a load whose phases have all succeeded."""
    load = await hold_load(tx, ctx, load_id=load_id)
    phases = await queries.list_phases(tx, load_id)
    integration = await tx.session.get_one(Integration, (tx.tenant_id, load.integration_id))
    is_empty = integration.kind == IntegrationKind.API and not phases
    load.status = LoadStatus.EMPTY if is_empty else LoadStatus.SUCCEEDED
    load.finished_at, load.error = tx.now, None
    touch_load(tx, load)
    await _count_end(tx, load)
    await staging.forget_seen_keys(tx, load_id=load_id)
    if load.arrivals and load.tables is None:
        await forget_arrivals(tx, integration_id=load.integration_id, ids=load.arrivals)
    if is_empty:
        await logbook.write(tx, load_id, "load-empty")
        return
    facts = {
        "received": sum(phase.received for phase in queries.list_counted(phases)),
        "rejected": sum(phase.rejected for phase in phases),
    }
    await logbook.write(tx, load_id, "load-succeeded", facts=facts)


async def record_failure(
    tx: Tx, ctx: JobContext, *, load_id: UUID, error: Exception, can_pass: bool
) -> float | None:
    """Write a failure down and decide whether to try again.

    Tries in a row that stored nothing are counted apart: a long load that moves on is not ended
    by a limit made for one that stands still.

    Args:
        can_pass: whether the same may work later.

    Returns:
        Seconds until the next try, or None when the load has failed.
    """
    load = await hold_load(tx, ctx, load_id=load_id)
    load.tries += 1
    load.tries_without_progress += 1
    told = describe(error)
    worn_out = load.tries > MAX_TRIES or load.tries_without_progress > MAX_TRIES_WITHOUT_PROGRESS
    final = not can_pass or worn_out
    load.error = told | {"final": not can_pass}
    touch_load(tx, load)
    await logbook.write(
        tx,
        load_id,
        told["code"],
        detail=told["detail"],
        level=LogLevel.ERROR if final else LogLevel.WARNING,
        facts=told["facts"],
    )
    if final:
        await end_unfinished(tx, load, LoadStatus.FAILED)
        await logbook.write(tx, load_id, "load-failed", level=LogLevel.ERROR)
        return None
    return await _wait(tx, load, error)


async def _wait(tx: Tx, load: Load, error: Exception) -> float:
    delay = delay_after(error, tries=load.tries_without_progress)
    load.next_try_at = tx.now + timedelta(seconds=delay)
    await logbook.write(
        tx, load.id, "load-waits", facts={"tries": load.tries, "seconds": round(delay)}
    )
    return delay


def delay_after(error: Exception, *, tries: int) -> float:
    """Seconds until the next try: what was asked for, or threefold from ten up to half an hour."""
    asked = error.retry_after_seconds if isinstance(error, Transient) else None
    if asked is not None:
        return float(asked)
    full: float = min(FIRST_DELAY_SECONDS * DELAY_FACTOR ** (tries - 1), MAX_DELAY_SECONDS)
    return full * random.uniform(0.9, 1.1)  # noqa: S311  (spreads repeats, guards nothing)


async def end_unfinished(tx: Tx, load: Load, status: LoadStatus) -> None:
    """End a locked load short of its goal; what is stored stays, cursors too."""
    load.status, load.finished_at, load.next_try_at = status, tx.now, None
    touch_load(tx, load)
    await _count_end(tx, load)
    await tx.session.execute(
        update(LoadPhase)
        .where(
            LoadPhase.tenant_id == tx.tenant_id,
            LoadPhase.load_id == load.id,
            LoadPhase.status == LoadStatus.RUNNING,
        )
        .values(status=status, finished_at=tx.now)
    )


async def _count_end(tx: Tx, load: Load) -> None:
    await jobs.add(tx, measure_size, integration_id=load.integration_id)
    await jobs.add(tx, review_after_load, integration_id=load.integration_id)
    integration = await tx.session.get_one(Integration, (tx.tenant_id, load.integration_id))
    seconds = (tx.now - (load.started_at or load.created_at)).total_seconds()
    figure = metrics.load_duration_seconds.labels(integration.kind, load.status)
    tx.after_commit(partial(figure.observe, seconds))
