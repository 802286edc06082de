"""Every SELECT on schedules and on what came of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_platform.words import Translate, in_english
from sindico_provisioning.freshness.queries import WATCHDOG
from sindico_provisioning.integrations.models import Integration, IntegrationState
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.schedules.models import Schedule, ScheduledRun, ScheduleKind
from sindico_provisioning.schedules.schemas import RefusalOut, ScheduledRunOut, ScheduleOut
from sindico_provisioning.schedules.slots import SPREAD_SECONDS

LONGEST_DAY = timedelta(hours=49)
"""From a time of day to the same of the next day, where a zone repeats a whole day."""
RUN_ORDERS = Keyset(
    ScheduledRun.integration_id, default="-planned_at", planned_at=ScheduledRun.slot_at
)


async def find_schedule(tx: Tx, integration_id: UUID, *, lock: bool = False) -> Schedule | None:
    """The schedule of one of the bound tenant's integrations, if it ever had one."""
    query = select(Schedule).where(
        Schedule.tenant_id == tx.tenant_id, Schedule.integration_id == integration_id
    )
    if lock:
        query = query.with_for_update()
    found: Schedule | None = await tx.session.scalar(
        query.execution_options(populate_existing=True)
    )
    return found


async def lock_due(tx: Tx, integration_id: UUID) -> Schedule | None:
    """The schedule if its time has come and nobody else is seeing to it."""
    found: Schedule | None = await tx.session.scalar(
        select(Schedule)
        .where(
            Schedule.tenant_id == tx.tenant_id,
            Schedule.integration_id == integration_id,
            Schedule.due_at <= tx.now,
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found


async def has_run(tx: Tx, integration_id: UUID, slot_at: datetime) -> bool:
    """Whether a time was seen to before, as after the clock was put back."""
    key = (tx.tenant_id, integration_id, slot_at)
    return await tx.session.get(ScheduledRun, key) is not None


async def find_timezone(tx: Tx) -> str:
    """The bound tenant's zone."""
    found = await tx.session.execute(
        select(Tenant.timezone).where(Tenant.tenant_id == tx.tenant_id)
    )
    return found.scalar_one()


async def read_schedule(
    tx: Tx, integration_id: UUID, *, translate: Translate = in_english
) -> ScheduleOut:
    """When an integration runs, and what came of the last time.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await get_integration(tx, integration_id)
    schedule = await find_schedule(tx, integration_id)
    if schedule is None:
        return _never_planned(integration_id, await find_timezone(tx))
    last = await _find_last_run(tx, integration_id)
    runs = integration.state == IntegrationState.ACTIVE
    return ScheduleOut(
        integration_id=integration_id,
        kind=schedule.kind,
        times=schedule.times,
        interval_minutes=schedule.interval_minutes,
        timezone=schedule.timezone,
        is_scheduled=schedule.due_at is not None,
        next_run_at=schedule.slot_at if runs else None,
        is_paused=schedule.paused_at is not None,
        paused_at=schedule.paused_at,
        paused_by=schedule.paused_by,
        pause_reason=_say_why(schedule, translate),
        last_run=None if last is None else show_run(last, translate),
        revision=schedule.revision,
    )


def _say_why(schedule: Schedule, translate: Translate) -> str | None:
    """Why it is paused: a person's own words, or the watchdog's in the reader's language."""
    reason = schedule.pause_reason
    return translate(reason) if reason and schedule.paused_by == WATCHDOG else reason


def _never_planned(integration_id: UUID, timezone: str) -> ScheduleOut:
    return ScheduleOut(
        integration_id=integration_id,
        kind=ScheduleKind.NONE,
        times=[],
        interval_minutes=None,
        timezone=timezone,
        is_scheduled=False,
        next_run_at=None,
        is_paused=False,
        paused_at=None,
        paused_by=None,
        pause_reason=None,
        last_run=None,
        revision=0,
    )


async def _find_last_run(tx: Tx, integration_id: UUID) -> ScheduledRun | None:
    found: ScheduledRun | None = await tx.session.scalar(
        select(ScheduledRun)
        .where(
            ScheduledRun.tenant_id == tx.tenant_id, ScheduledRun.integration_id == integration_id
        )
        .order_by(ScheduledRun.slot_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return found


async def list_scheduled_runs(
    tx: Tx, integration_id: UUID, request: PageRequest, *, translate: Translate = in_english
) -> Page[ScheduledRunOut]:
    """One page of the times at which loads were to run, newest first.

    Raises:
        IntegrationNotFound: no such integration.
    """
    await get_integration(tx, integration_id)
    columns: list[Any] = [
        ScheduledRun,
        ScheduledRun.slot_at.label("order_value"),
        ScheduledRun.integration_id,
    ]
    query = select(*columns).where(
        ScheduledRun.tenant_id == tx.tenant_id, ScheduledRun.integration_id == integration_id
    )
    rows = (await tx.session.execute(RUN_ORDERS.apply(query, request))).all()
    return RUN_ORDERS.page(rows, request, lambda row: show_run(row[0], translate))


def show_run(run: ScheduledRun, translate: Translate = in_english) -> ScheduledRunOut:
    return ScheduledRunOut(
        planned_at=run.slot_at,
        at=run.at,
        outcome=run.outcome,
        load_id=run.load_id,
        missed=run.missed,
        refusal=None
        if run.error is None
        else RefusalOut(
            code=run.error["code"],
            detail=translate(run.error["detail"], **run.error["facts"]),
        ),
    )


async def read_clock(fleet: AsyncSession) -> datetime:
    """The database's clock, which every scheduler goes by."""
    return (await fleet.execute(select(func.now()))).scalar_one()


async def list_due(fleet: AsyncSession, *, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Tenant and integration of the schedules whose time has come, a tenant's turns apart."""
    turn = func.row_number().over(partition_by=Schedule.tenant_id, order_by=Schedule.due_at)
    query = (
        select(Schedule.tenant_id, Schedule.integration_id)
        .join(Tenant, Tenant.tenant_id == Schedule.tenant_id)
        .join(
            Integration,
            (Integration.tenant_id == Schedule.tenant_id)
            & (Integration.id == Schedule.integration_id),
        )
        .where(
            Schedule.due_at <= now,
            Tenant.state == TenantState.ACTIVE,
            Integration.state == IntegrationState.ACTIVE,
        )
        .order_by(turn, Schedule.due_at)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await fleet.execute(query)]


async def list_misplanned(
    fleet: AsyncSession, *, now: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """Tenant and integration of the schedules whose next time is no longer right.

    The tenant has another zone by now, or the clock was put back and the wait has become longer
    than an interval, or than from one day's time to the next day's.
    """
    minutes = func.coalesce(Schedule.interval_minutes * timedelta(minutes=1), LONGEST_DAY)
    query = (
        select(Schedule.tenant_id, Schedule.integration_id)
        .join(Tenant, Tenant.tenant_id == Schedule.tenant_id)
        .where(
            Schedule.due_at > now,
            (Schedule.timezone != Tenant.timezone)
            | (Schedule.due_at - minutes > now + timedelta(seconds=SPREAD_SECONDS)),
        )
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await fleet.execute(query)]
