"""The only writer of schedules and of what came of them."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, SindicoError, field_error
from sindico_platform.revisions import demand_revision
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.models import Load, LoadKind
from sindico_provisioning.loads.service import start_load
from sindico_provisioning.schedules import queries
from sindico_provisioning.schedules.errors import NothingScheduled
from sindico_provisioning.schedules.models import (
    Outcome,
    Schedule,
    ScheduledRun,
    ScheduleKind,
)
from sindico_provisioning.schedules.schemas import (
    MAX_INTERVAL_MINUTES,
    MAX_TIMES,
    MIN_INTERVAL_MINUTES,
    ScheduleIn,
)
from sindico_provisioning.schedules.slots import Daily, Interval, Times, spread_of

POSTPONE_SECONDS = 60
SERVER_FAULT = 500
AUDITED = ("kind", "times", "interval_minutes")


async def save_schedule(
    tx: Tx, *, integration_id: UUID, data: ScheduleIn, revision: int | None = None
) -> Schedule:
    """Say when an integration runs; the next time is found anew. A pause stays.

    Args:
        revision: the one the caller has seen; None expects nothing.

    Raises:
        IntegrationNotFound: no such integration.
        InvalidInput: times or interval make no schedule.
        ChangedMeanwhile: somebody else changed it after `revision`.
    """
    await get_integration(tx, integration_id)
    times = _demand_valid(data)
    schedule = await _ensure_schedule(tx, integration_id)
    demand_revision(schedule.revision, revision)
    before = {name: getattr(schedule, name) for name in AUDITED}
    zone = await queries.find_timezone(tx)
    if schedule.kind == ScheduleKind.NONE:
        schedule.resumed_at = tx.now
    schedule.kind, schedule.times = ScheduleKind(data.kind), times
    schedule.interval_minutes, schedule.timezone = data.interval_minutes, zone
    _plan(tx, schedule, tx.now)
    await _record_change(tx, "schedule:edit", schedule, before)
    return schedule


async def pause_schedule(
    tx: Tx, *, integration_id: UUID, reason: str, paused_by: str | None = None
) -> Schedule:
    """Let an integration run no more by itself; by hand it still may.

    Repeating the call on a paused schedule changes nothing.

    Args:
        paused_by: the actor's name unless given.

    Raises:
        IntegrationNotFound: no such integration.
        NothingScheduled: it does not run by itself.
    """
    schedule = await _lock_planned(tx, integration_id)
    if schedule.paused_at is not None:
        return schedule
    schedule.paused_at, schedule.paused_by = tx.now, paused_by or tx.actor.name
    schedule.pause_reason = reason.strip() or "-"
    _plan(tx, schedule, tx.now)
    await _record_change(tx, "schedule:pause", schedule, {}, reason=schedule.pause_reason)
    return schedule


async def resume_schedule(tx: Tx, *, integration_id: UUID) -> Schedule:
    """Let an integration run by itself again, from its next time on.

    What was missed meanwhile is not made up.

    Repeating the call on a schedule that is not paused changes nothing.

    Raises:
        IntegrationNotFound: no such integration.
        NothingScheduled: it does not run by itself.
    """
    schedule = await _lock_planned(tx, integration_id)
    if schedule.paused_at is None:
        return schedule
    schedule.paused_at = schedule.paused_by = schedule.pause_reason = None
    schedule.resumed_at = tx.now
    _plan(tx, schedule, tx.now)
    await _record_change(tx, "schedule:resume", schedule, {})
    return schedule


async def remove_schedule(tx: Tx, *, integration_id: UUID) -> None:
    """Forget when an integration ran, and what came of each time; its runs stay.

    Repeating the call changes nothing.
    """
    schedule = await queries.find_schedule(tx, integration_id, lock=True)
    if schedule is None:
        return
    changes = {name: (getattr(schedule, name), None) for name in AUDITED}
    await tx.session.delete(schedule)
    await tx.session.flush()
    await audit.record(
        tx,
        "schedule:delete",
        target_type="integration",
        target_id=integration_id,
        changes=changes,
    )


async def run_now(tx: Tx, *, integration_id: UUID) -> Load:
    """Start a load of everything by hand, whatever the schedule says.

    Raises:
        IntegrationNotFound, IntegrationPaused, IntegrationNotPulled, IntegrationNotConfigured,
        LoadAlreadyRunning, PackageLimitReached: as `start_load`.
    """
    return await start_load(tx, integration_id=integration_id, kind=LoadKind.MANUAL)


async def fire_schedule(tx: Tx, *, integration_id: UUID) -> ScheduledRun | None:
    """Start the load whose time has come, write down what came of it, and plan the next time.

    However many times have passed, one load begins. Any number of callers at once begin one.

    Returns:
        What came of it; None when nothing is due any more, or somebody else is seeing to it.
    """
    schedule = await queries.lock_due(tx, integration_id)
    if schedule is None or schedule.slot_at is None:
        return None
    slot, spread = schedule.slot_at, spread_of(tx.tenant_id, integration_id)
    run = None
    if not await queries.has_run(tx, integration_id, slot):
        missed = _times_of(schedule, slot).count_between(slot, tx.now - spread)
        run = await _add_run(tx, integration_id, slot, missed)
    schedule.timezone = await queries.find_timezone(tx)
    _plan(tx, schedule, tx.now - spread)
    await tx.session.flush()
    return run


async def postpone_schedule(tx: Tx, *, integration_id: UUID) -> None:
    """Look again in a minute, after a fault of ours, so that others are not kept waiting."""
    schedule = await queries.lock_due(tx, integration_id)
    if schedule is not None:
        schedule.due_at = tx.now + timedelta(seconds=POSTPONE_SECONDS)


async def replan_schedule(tx: Tx, *, integration_id: UUID) -> None:
    """Find the next time anew, as the tenant's zone or the clock has changed."""
    schedule = await queries.find_schedule(tx, integration_id, lock=True)
    if schedule is None or schedule.due_at is None or schedule.due_at <= tx.now:
        return
    schedule.timezone = await queries.find_timezone(tx)
    schedule.slot_at = None
    _plan(tx, schedule, tx.now)


async def _add_run(tx: Tx, integration_id: UUID, slot: datetime, missed: int) -> ScheduledRun:
    run = ScheduledRun(
        tenant_id=tx.tenant_id,
        integration_id=integration_id,
        slot_at=slot,
        at=tx.now,
        missed=missed,
        **await _start_if_possible(tx, integration_id),
    )
    tx.session.add(run)
    await tx.session.flush()
    return run


async def _start_if_possible(tx: Tx, integration_id: UUID) -> dict[str, Any]:
    try:
        async with tx.session.begin_nested():
            load = await start_load(tx, integration_id=integration_id, kind=LoadKind.SCHEDULED)
    except LoadAlreadyRunning:
        return {"outcome": Outcome.SKIPPED}
    except SindicoError as refusal:
        if refusal.status >= SERVER_FAULT:
            raise
        told = {"code": refusal.code, "detail": refusal.detail, "facts": refusal.facts}
        return {"outcome": Outcome.REFUSED, "error": told}
    return {"outcome": Outcome.STARTED, "load_id": load.id}


def _plan(tx: Tx, schedule: Schedule, after: datetime) -> None:
    """Set the next time, or none."""
    if schedule.kind == ScheduleKind.NONE or schedule.paused_at is not None:
        schedule.slot_at = schedule.due_at = None
        return
    schedule.slot_at = _times_of(schedule, schedule.slot_at or after).next_after(after)
    schedule.due_at = schedule.slot_at + spread_of(tx.tenant_id, schedule.integration_id)


def _times_of(schedule: Schedule, since: datetime) -> Times:
    if schedule.interval_minutes is not None:
        return Interval(minutes=schedule.interval_minutes, since=since)
    return Daily(
        times=tuple(time.fromisoformat(each) for each in schedule.times),
        zone=ZoneInfo(schedule.timezone),
    )


async def _ensure_schedule(tx: Tx, integration_id: UUID) -> Schedule:
    row = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "kind": ScheduleKind.NONE,
        "times": [],
        "timezone": "UTC",
        "revision": 0,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    await tx.session.execute(insert(table_of(Schedule)).values(row).on_conflict_do_nothing())
    schedule = await queries.find_schedule(tx, integration_id, lock=True)
    if schedule is None:
        raise RuntimeError("the schedule that was just made is not there")
    return schedule


async def _lock_planned(tx: Tx, integration_id: UUID) -> Schedule:
    integration = await get_integration(tx, integration_id)
    schedule = await queries.find_schedule(tx, integration_id, lock=True)
    if schedule is None or schedule.kind == ScheduleKind.NONE:
        raise NothingScheduled(name=integration.name)
    return schedule


async def _record_change(
    tx: Tx, tag: str, schedule: Schedule, before: dict[str, Any], **facts: Any
) -> None:
    schedule.revision += 1
    schedule.updated_at = tx.now
    await tx.session.flush()
    changes = {
        name: (was, getattr(schedule, name))
        for name, was in before.items()
        if was != getattr(schedule, name)
    }
    await audit.record(
        tx,
        tag,
        target_type="integration",
        target_id=schedule.integration_id,
        changes=changes or None,
        **facts,
    )


def _demand_valid(data: ScheduleIn) -> list[str]:
    """The times in order.

    Raises:
        InvalidInput: times or interval are wrong, or are not of this kind of schedule.
    """
    faults = [*_faults_of_times(data), *_faults_of_interval(data)]
    if faults:
        raise InvalidInput(*faults)
    return sorted(set(data.times))


def _faults_of_times(data: ScheduleIn) -> list[FieldError]:
    if data.kind != "daily":
        return [_not_of_kind("times")] if data.times else []
    if not 1 <= len(data.times) <= MAX_TIMES:
        detail = "Give from one to {most} times of day."
        return [field_error("times", "times-missing", detail, most=MAX_TIMES)]
    detail = "Write the time of day as HH:MM, from 00:00 to 23:59."
    return [
        field_error(f"times.{position}", "time-malformed", detail)
        for position, each in enumerate(data.times)
        if not _is_time(each)
    ]


def _faults_of_interval(data: ScheduleIn) -> list[FieldError]:
    if data.kind != "interval":
        return [] if data.interval_minutes is None else [_not_of_kind("interval_minutes")]
    if MIN_INTERVAL_MINUTES <= (data.interval_minutes or 0) <= MAX_INTERVAL_MINUTES:
        return []
    detail = "Give from {least} to {most} minutes."
    bounds = {"least": MIN_INTERVAL_MINUTES, "most": MAX_INTERVAL_MINUTES}
    return [field_error("interval_minutes", "interval-out-of-range", detail, **bounds)]


def _not_of_kind(field: str) -> FieldError:
    detail = "This is not given for the kind of schedule chosen."
    return field_error(field, "not-of-this-kind", detail)


def _is_time(text: str) -> bool:
    try:
        return time.fromisoformat(text).strftime("%H:%M") == text
    except ValueError:
        return False
