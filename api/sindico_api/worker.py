"""The worker process: runs jobs, says that it lives, and stops without losing anything."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog
from redis.exceptions import RedisError

from sindico_api.context import Context
from sindico_api.i18n import translator_for
from sindico_platform.database.driver import GONE, driver
from sindico_platform.jobs.context import JobServices
from sindico_platform.jobs.registry import all_declarations
from sindico_platform.jobs.runner import run_job
from sindico_platform.jobs.service import WAKE_CHANNEL
from sindico_platform.jobs.transport import consume
from sindico_platform.jobs.wakeups import Gathered, channel_of
from sindico_platform.tasks import cancel_all

SEEN_SECONDS = 3.0
CONCURRENCY = 16
GRACE_SECONDS = 20.0
GIVE_BACK_SECONDS = 5.0
WAKE_PAUSE_SECONDS = 0.02

log = structlog.get_logger()


def job_services(context: Context) -> JobServices:
    """What this process offers to jobs."""
    return JobServices(
        settings=context.settings,
        engines=context.engines,
        uow=context.uow,
        secrets=context.secrets,
        blobs=context.blobs,
        http=context.http,
        guard=context.guard,
        mail_transport=context.mail_transport,
        translator=translator_for,
        redis=context.redis,
    )


def queues_in_use(concurrency: int = CONCURRENCY) -> dict[str, int]:
    """Every queue that a registered job names, with how many of its jobs run at once."""
    return {item.queue: concurrency for item in all_declarations()}


@dataclass(slots=True)
class Worker:
    """One process that runs jobs."""

    context: Context
    queues: Mapping[str, int]
    """How many jobs run at once, by queue."""
    grace_seconds: float = GRACE_SECONDS
    """How long running jobs may go on after a stop; then they are given back."""
    id: UUID = field(default_factory=uuid4)
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set and all that runs has ended or was given back."""
        services = job_services(self.context)
        freed = Gathered(self._wake_relay, pause_seconds=WAKE_PAUSE_SECONDS)

        async def run_one(tenant_id: UUID, job_id: UUID) -> None:
            await self._run_one(services, tenant_id, job_id)
            freed()

        await self._say_seen()
        company = [
            asyncio.create_task(coroutine)
            for coroutine in (self._keep_seen(), freed.run(), self._hurry(stop))
        ]
        try:
            await consume(
                self.context.settings.redis_url, run_one, concurrency=self.queues, stop=stop
            )
        finally:
            await cancel_all(company)
            await self._dismiss()

    async def _run_one(self, services: JobServices, tenant_id: UUID, job_id: UUID) -> None:
        """Run one job in a task of ours, so that stopping it gives it back and nothing more."""
        task = asyncio.create_task(
            run_job(services, tenant_id=tenant_id, job_id=job_id, worker_id=self.id)
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            # Not claimed or not recorded: the relay or the sweeper brings it back.
            log.error("job_not_run", job_id=str(job_id), exc_info=error)

    async def _hurry(self, stop: asyncio.Event) -> None:
        """After a stop, wait a while, then give back what still runs."""
        await stop.wait()
        log.info("worker_stopping", running=len(self._running))
        if self._running:
            await asyncio.wait(self._running, timeout=self.grace_seconds)
        await cancel_all(self._running, again_seconds=GIVE_BACK_SECONDS)

    async def _keep_seen(self) -> None:
        while True:
            await asyncio.sleep(SEEN_SECONDS)
            with suppress(*GONE):
                await self._say_seen()

    async def _say_seen(self) -> None:
        async with driver(self.context.engines.leases) as connection:
            await connection.execute("SELECT control.see_worker($1)", self.id)

    async def _dismiss(self) -> None:
        with suppress(*GONE):
            async with driver(self.context.engines.leases) as connection:
                await connection.execute("SELECT control.dismiss_worker($1)", self.id)

    async def _wake_relay(self) -> None:
        """A tenant has a place free again, or a job goes on."""
        with suppress(RedisError, OSError):
            await self.context.redis.publish(channel_of(WAKE_CHANNEL), b"1")
