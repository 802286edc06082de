"""What the clock does beside dispatching jobs, with no worker alive."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from types import coroutine
from typing import Any

from sindico_api.clock import Clock, Duty, duties_of
from sindico_api.context import Context
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.freshness.models import Incident
from sindico_provisioning.freshness.schemas import FreshnessIn
from sindico_provisioning.freshness.service import save_freshness
from sindico_provisioning.loads.models import Load
from sindico_provisioning.schedules.models import Schedule, ScheduledRun
from sindico_provisioning.schedules.schemas import ScheduleIn
from sindico_provisioning.schedules.service import save_schedule
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.schemas import WebhookIn
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import tenant_factory
from tests.support.jobs import eventually
from tests.support.receiver import receiving

__all__ = ["erp_kind"]


async def test_every_duty_bears_an_empty_installation_and_being_done_twice(
    fleet_context: Context,
) -> None:
    for duty in duties_of(fleet_context) * 2:
        await duty.perform()


@coroutine
def die_at(step: int, work: Coroutine[Any, Any, Any]) -> Generator[Any, None, None]:
    """Let it run until it waits for the n-th time, and cancel it there."""
    go_on = partial(work.send, None)
    for passed in count(1):
        try:
            waited = go_on()
        except StopIteration:
            return
        task = asyncio.current_task()
        if passed == step and task is not None:
            task.cancel()
        try:
            yield waited
            go_on = partial(work.send, None)
        except BaseException as error:  # noqa: BLE001  (it is the work's own to bear)
            go_on = partial(work.throw, error)


async def through_deaths(duty: Duty) -> int:
    """Begin the duty again and again, each time dying one wait later; gives how often it died."""

    async def perform() -> None:
        await duty.perform()

    async def perform_until(step: int) -> None:
        await die_at(step, perform())

    for step in count(1):
        try:
            await asyncio.create_task(perform_until(step))
        except asyncio.CancelledError:
            continue
        return step - 1
    raise AssertionError


async def test_every_duty_that_dies_at_any_wait_is_done_once_in_the_end(
    fleet_context: Context, erp_kind: str
) -> None:
    nearby = replace(fleet_context, http=GuardedHttp(EgressGuard(allow=LOOPBACK)))
    site = await make_site(nearby, await tenant_factory(nearby.uow)(), erp_kind)
    async with receiving() as receiver:
        await plan_for_now(site, receiver.url)

        deaths = {duty.name: await through_deaths(duty) for duty in duties_of(nearby)}

    assert min(deaths["begin scheduled loads"], deaths["watch integrations"]) > 5
    assert len(await site.rows(Load.kind)) == 1
    assert len(await site.rows(ScheduledRun.outcome)) == 1
    assert len(await site.rows(Incident.max_hours)) == 1
    assert set(receiver.events) <= {"integration.stale"}


async def test_a_dead_worker_alerts_too(fleet_context: Context, erp_kind: str) -> None:
    """A load begins by its schedule, nobody carries it out, and the receiver is told."""
    nearby = replace(fleet_context, http=GuardedHttp(EgressGuard(allow=LOOPBACK)))
    site = await make_site(nearby, await tenant_factory(nearby.uow)(), erp_kind)
    stop = asyncio.Event()
    async with receiving() as receiver:
        await plan_for_now(site, receiver.url)
        clock = asyncio.create_task(Clock(nearby, duties_of(nearby)).run(stop))

        async def told() -> bool:
            return "integration.stale" in receiver.events

        await eventually(told)
        stop.set()
        await clock

    load = (await site.rows(Schedule.slot_at))[0]
    assert load[0] is not None


async def plan_for_now(site: Site, url: str) -> None:
    """Something to run now, late for hours, and somebody to be told."""
    async with site.context.uow.begin(site.actor) as tx:
        schedule = await save_schedule(
            tx,
            integration_id=site.integration_id,
            data=ScheduleIn(kind="interval", interval_minutes=60),
        )
        schedule.slot_at = schedule.due_at = tx.now - timedelta(hours=3)
        freshness = await save_freshness(
            tx, integration_id=site.integration_id, data=FreshnessIn(max_hours=1)
        )
        freshness.counts_from = schedule.resumed_at = tx.now - timedelta(hours=9)
        await webhooks.create_webhook(tx, site.context.secrets, data=WebhookIn(url=url))
