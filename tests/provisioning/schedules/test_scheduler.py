"""Loads that begin by themselves: none is lost, none is doubled, whatever happens to the clock."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, update

from sindico_platform.database.tx import Tx
from sindico_platform.jobs.models import Job
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads.models import Load
from sindico_provisioning.loads.service import start_load
from sindico_provisioning.loads.sources import SOURCES
from sindico_provisioning.schedules import service
from sindico_provisioning.schedules.models import Schedule
from sindico_provisioning.schedules.scheduler import BATCH, Scheduler
from tests.provisioning.loads.conftest import Site
from tests.provisioning.schedules.conftest import Town, utc
from tests.support.jobs import Killed, run_jobs

SOON = timedelta(minutes=2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = utc("2026-03-03 03:00")
"""The first midnight in São Paulo after the town's clock starts."""


async def test_a_load_begins_at_its_time(town: Town) -> None:
    site = await town.settle()
    planned = await town.plan(site, "00:00")

    early = await town.tick(MIDNIGHT - timedelta(seconds=1))
    due = await town.tick(MIDNIGHT + SOON)
    again = await town.tick()

    assert (planned.slot_at, early, due, again) == (MIDNIGHT, 0, 1, 0)
    assert await town.loads(site) == ["scheduled"]
    assert [(run.slot_at, run.outcome, run.missed) for run in await town.runs(site)] == [
        (MIDNIGHT, "started", 0)
    ]
    assert (await town.schedule(site)).slot_at == MIDNIGHT + DAY
    await town.finish(site)
    assert (await site.rows(Load.status)) == [("succeeded",)]


async def test_an_outage_of_three_days_is_caught_up_once(town: Town) -> None:
    daily, hourly = await town.settle(), await town.settle()
    await town.plan(daily, "00:00")
    await town.plan(hourly, every=60)

    fired = await town.tick(MIDNIGHT + 3 * DAY + HOUR + SOON)
    again = await town.tick()

    assert (fired, again) == (2, 0)
    assert [(run.slot_at, run.missed) for run in await town.runs(daily)] == [(MIDNIGHT, 3)]
    [run] = await town.runs(hourly)
    assert (run.slot_at, run.missed) == (utc("2026-03-02 13:00"), 87)
    assert (await town.schedule(daily)).slot_at == MIDNIGHT + 4 * DAY
    assert (await town.schedule(hourly)).slot_at == utc("2026-03-06 05:00")


async def test_many_schedulers_at_once_begin_one_load_each(town: Town) -> None:
    sites = [await town.settle() for _ in range(4)]
    for site in sites:
        await town.plan(site, "00:00")

    fired = await asyncio.gather(*(town.tick(MIDNIGHT + SOON) for _ in range(3)))

    assert sum(fired) == len(sites)
    assert [await town.loads(site) for site in sites] == [["scheduled"]] * len(sites)


@pytest.mark.parametrize("turn", [HOUR, -HOUR], ids=["forward", "back"])
async def test_a_clock_turned_by_an_hour_loses_and_doubles_nothing(
    town: Town, turn: timedelta
) -> None:
    """The clock is wrong from half an hour before midnight until noon, then right again."""
    site = await town.settle()
    await town.plan(site, "00:00")

    for half in range(-2, 2 * 24 * 3):
        true = MIDNIGHT + timedelta(minutes=30 * half) + SOON
        wrong = MIDNIGHT - HOUR / 2 < true < MIDNIGHT + DAY / 2
        fired = await town.tick(true + turn if wrong else true)
        await Scheduler(town.clock).replan()
        if fired:
            await town.finish(site)

    slots = [run.slot_at for run in await town.runs(site)]
    assert slots == [MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY]
    assert len(await town.loads(site)) == 3


@pytest.mark.parametrize("turn", [HOUR, -HOUR], ids=["forward", "back"])
async def test_an_interval_survives_a_turned_clock(town: Town, turn: timedelta) -> None:
    site = await town.settle()
    await town.plan(site, every=30)
    loads = []

    for quarter in range(40):
        true = utc("2026-03-02 12:00") + timedelta(minutes=15 * quarter)
        await Scheduler(town.clock).replan()
        wrong = true + turn + timedelta(microseconds=quarter)
        if await town.tick(wrong if quarter >= 20 else true):
            loads.append(quarter)
            await town.finish(site)

    gaps = {later - earlier for earlier, later in pairwise(loads)}
    assert gaps <= {1, 2, 3, 4}
    assert len(loads) >= 17


async def test_days_planned_by_a_clock_far_ahead_are_planned_anew(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    await town.tick(MIDNIGHT + 400 * DAY + SOON)
    await town.finish(site)

    town.clock.now = MIDNIGHT + HOUR
    await Scheduler(town.clock).replan()
    await town.tick(MIDNIGHT + DAY + SOON)

    assert await town.loads(site) == ["scheduled", "scheduled"]
    assert (await town.schedule(site)).slot_at == MIDNIGHT + 2 * DAY


async def test_edited_after_the_clock_was_put_back_a_time_runs_once(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    await town.tick(MIDNIGHT + SOON)
    await town.finish(site)

    town.clock.now = MIDNIGHT - HOUR
    await town.plan(site, "00:00")
    await town.tick(MIDNIGHT + SOON)

    assert len(await town.loads(site)) == 1
    assert (await town.schedule(site)).slot_at == MIDNIGHT + DAY


async def test_what_still_runs_is_not_begun_again(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, every=30)
    start = town.clock.now

    await town.tick(start + timedelta(minutes=32))
    await town.tick(start + timedelta(minutes=62))
    await town.finish(site)
    await town.tick(start + timedelta(minutes=92))

    assert [run.outcome for run in await town.runs(site)] == ["started", "skipped", "started"]
    assert len(await town.loads(site)) == 2


async def test_a_refusal_is_kept_with_its_reason_and_the_next_time_is_planned(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    monkeypatch.delitem(SOURCES, "erpx")

    await town.tick(MIDNIGHT + SOON)

    [run] = await town.runs(site)
    assert (run.outcome, (run.error or {})["code"]) == ("refused", "integration-not-pulled")
    assert (await town.schedule(site)).slot_at == MIDNIGHT + DAY


async def test_a_fault_with_one_keeps_no_other_waiting(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = await town.settle(), await town.settle()
    for site in (broken, sound):
        await town.plan(site, "00:00")

    async def start(tx: Tx, **asked: Any) -> Load:
        if tx.tenant_id == broken.tenant.tenant_id:
            raise RuntimeError("a fault of ours")
        return await start_load(tx, **asked)

    with monkeypatch.context() as patched:
        patched.setattr("sindico_provisioning.schedules.service.start_load", start)
        fired = await town.tick(MIDNIGHT + SOON)
        at_once = await town.tick()
    later = await town.tick(MIDNIGHT + 2 * SOON)

    assert (fired, at_once, later) == (1, 0, 1)
    assert await town.loads(sound) == await town.loads(broken) == ["scheduled"]
    assert [run.slot_at for run in await town.runs(broken)] == [MIDNIGHT]


async def test_suspended_tenants_wait_and_catch_up_once(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    await set_state(town, site, "suspended")

    waiting = await town.tick(MIDNIGHT + 2 * DAY + HOUR)
    await set_state(town, site, "active")
    resumed = await town.tick()

    assert (waiting, resumed) == (0, 1)
    assert [run.missed for run in await town.runs(site)] == [2]


async def set_state(town: Town, site: Site, state: str) -> None:
    async with town.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Tenant).values(state=state))


async def test_a_pause_loses_its_times_and_a_resume_makes_none_up(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    async with town.clock.begin(site.actor) as tx:
        paused = await service.pause_schedule(
            tx, integration_id=site.integration_id, reason="Inventory"
        )

    await town.tick(MIDNIGHT + 2 * DAY + HOUR)
    async with town.clock.begin(site.actor) as tx:
        resumed = await service.resume_schedule(tx, integration_id=site.integration_id)

    assert (paused.paused_by, paused.pause_reason) == (site.actor.name, "Inventory")
    assert await town.loads(site) == []
    assert (resumed.paused_at, resumed.slot_at) == (None, MIDNIGHT + 3 * DAY)


async def test_another_zone_of_the_tenant_is_followed(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    async with town.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Tenant).values(timezone="America/Manaus"))

    await Scheduler(town.clock).replan()

    assert (await town.schedule(site)).slot_at == MIDNIGHT + HOUR


async def test_a_zone_that_nobody_knows_keeps_no_other_waiting(town: Town) -> None:
    sites = [await town.settle(), await town.settle()]
    for site in sites:
        await town.plan(site, "00:00")
    for site, zone in zip(sites, ("Mars/Olympus", "America/Manaus"), strict=True):
        async with town.context.uow.begin(site.actor) as tx:
            await tx.session.execute(update(Tenant).values(timezone=zone))

    for _ in range(2):
        await Scheduler(town.clock).replan()

    planned = [(await town.schedule(site)).slot_at for site in sites]
    assert planned == [MIDNIGHT, MIDNIGHT + HOUR]


async def test_nothing_but_rows_is_needed(town: Town) -> None:
    """Valkey is emptied and every process is gone: a new one finds what is due."""
    site = await town.settle()
    await town.plan(site, "00:00")
    await town.context.redis.flushall()

    await town.tick(MIDNIGHT + SOON)
    await town.context.redis.flushall()
    await town.finish(site)

    assert await site.rows(Load.status) == [("succeeded",)]


async def test_killed_between_the_load_and_its_record_neither_is_there(town: Town) -> None:
    site = await town.settle()
    await town.plan(site, "00:00")
    town.clock.now = MIDNIGHT + SOON

    async def fire_and_die() -> None:
        async with town.clock.begin(site.actor) as tx:
            await service.fire_schedule(tx, integration_id=site.integration_id)
            raise Killed("after the load was written, before the commit")

    with pytest.raises(Killed):
        await fire_and_die()
    nothing = await town.loads(site), await town.runs(site)
    await town.tick()

    assert nothing == ([], [])
    assert await town.loads(site) == ["scheduled"]


async def test_more_than_a_tick_holds_come_in_turns(town: Town) -> None:
    """A tenant with many integrations does not keep one with a single one waiting."""
    big, small = await town.settle(), await town.settle()
    await town.plan(small, "00:00")
    async with town.clock.begin(big.actor) as tx:
        for number in range(BATCH + 5):
            tx.session.add(integration := another(tx.tenant_id, tx.new_id(), number, tx.now))
            tx.session.add(due(integration, MIDNIGHT - HOUR))

    fired = await town.tick(MIDNIGHT + SOON)

    assert fired == BATCH
    assert await town.loads(small) == ["scheduled"]


def another(tenant_id: UUID, integration_id: UUID, number: int, now: datetime) -> Integration:
    return Integration(
        tenant_id=tenant_id,
        id=integration_id,
        kind="erpx",
        name=f"ERP {number}",
        state="active",
        state_at=now,
        is_default=False,
        created_at=now,
    )


def due(integration: Integration, at: datetime) -> Schedule:
    return Schedule(
        tenant_id=integration.tenant_id,
        integration_id=integration.id,
        kind="daily",
        times=["00:00"],
        timezone="America/Sao_Paulo",
        slot_at=at,
        due_at=at,
        revision=1,
        created_at=at,
        updated_at=at,
    )


async def test_a_run_by_hand_needs_no_schedule(town: Town) -> None:
    site = await town.settle()

    async with town.clock.begin(site.actor) as tx:
        await service.run_now(tx, integration_id=site.integration_id)
    await run_jobs(town.context, site.tenant.tenant_id, at_once=True)

    assert await town.loads(site) == ["manual"]
    of_loads = func.count(Job.id).filter(Job.function == "loads.run_load")
    assert await site.rows(of_loads) == [(1,)]
