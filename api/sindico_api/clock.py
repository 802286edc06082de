"""The clock process: the relay and every periodic duty, under one leader at a time.

Every tick derives from rows what is due; a second leader for a moment would do no harm.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog

from sindico_api.context import Context
from sindico_platform.audit import sealer
from sindico_platform.database.driver import GONE
from sindico_platform.idempotency.service import purge_keys
from sindico_platform.jobs import leader, sweeper
from sindico_platform.jobs.queries import refresh_figures
from sindico_platform.jobs.relay import Relay
from sindico_platform.jobs.service import WAKE_CHANNEL
from sindico_platform.jobs.wakeups import channel_of, listen
from sindico_platform.tasks import cancel_all
from sindico_platform.telemetry import metrics
from sindico_provisioning.alerts.courier import Courier
from sindico_provisioning.exchanges.service import tend_partitions
from sindico_provisioning.fleet.queries import refresh_figures as count_fleet
from sindico_provisioning.freshness.watchdog import Watchdog
from sindico_provisioning.loads.reaper.service import Reaper
from sindico_provisioning.schedules.scheduler import Scheduler
from sindico_provisioning.staging.retention.daily import Retention
from sindico_tenants.outgoing_mails.upkeep import look_after_mails, purge_mails

LEASE_SECONDS = 6.0
TICK_SECONDS = 1.0
BREATH_SECONDS = 0.005
AFTER_FAILURE_SECONDS = 30.0
"""At most: until a duty that failed is tried again."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """Something the leader does again and again. It must bear being done twice at once."""

    name: str
    every_seconds: float
    perform: Callable[[], Awaitable[Any]]


def duties_of(context: Context) -> list[Duty]:
    """Everything the clock does beside dispatching jobs, named once."""
    fleet = context.engines.fleet
    relay = Relay(fleet, context.redis)
    sweep = sweeper.Sweeper(fleet).sweep
    scheduler, reaper = Scheduler(context.uow), Reaper(context.uow)
    watchdog = Watchdog(context.uow, vendor=context.settings.alert_mail_to)
    retention = Retention(context.uow)
    courier = Courier(
        uow=context.uow,
        http=context.http,
        keys=context.secrets,
        mailer=context.mailer,
        public_url=context.settings.public_url,
    )

    async def seal() -> None:
        await sealer.seal_trails(fleet, context.secrets)
        await sealer.refresh_figures(fleet)

    async def look_after() -> None:
        await look_after_mails(fleet, context.uow)

    return [
        Duty(name="recover lost messages", every_seconds=5, perform=relay.recover),
        Duty(name="sweep leases", every_seconds=2, perform=sweep),
        Duty(name="begin scheduled loads", every_seconds=1, perform=scheduler.fire_due),
        Duty(name="plan schedules anew", every_seconds=30, perform=scheduler.replan),
        Duty(name="end dead loads", every_seconds=30, perform=reaper.reap),
        Duty(name="clear the staging", every_seconds=60, perform=retention.begin_due),
        Duty(name="watch integrations", every_seconds=15, perform=watchdog.watch),
        Duty(name="deliver alerts", every_seconds=2, perform=courier.deliver_due),
        Duty(name="purge alerts", every_seconds=3600, perform=courier.purge),
        Duty(name="purge jobs", every_seconds=3600, perform=lambda: sweeper.purge(fleet)),
        Duty(name="seal the audit trail", every_seconds=5, perform=seal),
        Duty(name="purge idempotency keys", every_seconds=3600, perform=lambda: purge_keys(fleet)),
        Duty(name="tend the ledger", every_seconds=3600, perform=lambda: tend_partitions(fleet)),
        Duty(name="purge mails", every_seconds=3600, perform=lambda: purge_mails(fleet)),
        Duty(name="look after mails", every_seconds=10, perform=look_after),
        Duty(name="fleet figures", every_seconds=60, perform=lambda: count_fleet(context.uow)),
        Duty(name="job figures", every_seconds=5, perform=lambda: refresh_figures(fleet)),
    ]


@dataclass(slots=True)
class Clock:
    """One process that ticks while it leads."""

    context: Context
    duties: Sequence[Duty]
    id: UUID = field(default_factory=uuid4)
    lease_seconds: float = LEASE_SECONDS
    tick_seconds: float = TICK_SECONDS
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Try to lead, tick while leading, until `stop` is set; then let another lead."""
        stopped = asyncio.create_task(stop.wait())
        leads_until = 0.0
        try:
            while not stop.is_set():
                asked = time.monotonic()
                if await self._lead():
                    leads_until = asked + self.lease_seconds
                if time.monotonic() < leads_until:
                    self._work()
                else:
                    await self._rest()
                await asyncio.wait([stopped], timeout=self.tick_seconds)
        finally:
            await self._rest()
            await cancel_all([stopped])
            with suppress(*GONE):
                await leader.resign(self.context.engines.fleet, self.id)

    async def _lead(self) -> bool:
        try:
            leads = await leader.lead(
                self.context.engines.fleet, self.id, lease_seconds=self.lease_seconds
            )
        except GONE as error:
            log.warning("clock_cannot_lead", kind=type(error).__name__)
            return False
        if leads:
            metrics.clock_last_tick_timestamp_seconds.set_to_current_time()
        return leads

    def _work(self) -> None:
        """See to it that the relay and every duty run."""
        if not self._tasks:
            log.info("clock_leads")
            self._tasks = [
                asyncio.create_task(self._relay()),
                *(asyncio.create_task(self._perform(duty)) for duty in self.duties),
            ]

    async def _rest(self) -> None:
        if self._tasks:
            log.info("clock_rests")
            await cancel_all(self._tasks)
            self._tasks = []

    async def _relay(self) -> None:
        """Dispatch when woken, and every second anyhow."""
        relay, woken = Relay(self.context.engines.fleet, self.context.redis), asyncio.Event()
        ears = asyncio.create_task(
            listen(self.context.redis, [channel_of(WAKE_CHANNEL)], woken.set)
        )
        try:
            while True:
                woken.clear()
                begun = time.monotonic()
                await self._guarded("dispatch jobs", relay.dispatch)
                # A pass is short; behind a long backlog of many tenants it takes half the time.
                await asyncio.sleep(max(BREATH_SECONDS, time.monotonic() - begun))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.tick_seconds):
                        await woken.wait()
        finally:
            await cancel_all([ears])

    async def _perform(self, duty: Duty) -> None:
        """Do it again and again; what failed is not put off for an hour."""
        while True:
            done = await self._guarded(duty.name, duty.perform)
            every = duty.every_seconds
            await asyncio.sleep(every if done else min(every, AFTER_FAILURE_SECONDS))

    async def _guarded(self, name: str, perform: Callable[[], Awaitable[Any]]) -> bool:
        try:
            await perform()
        except Exception:
            log.exception("clock_duty_failed", duty=name)
            return False
        return True
