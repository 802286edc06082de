"""Run jobs without a worker, through the very code the worker runs; and kill them anywhere."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import func, select, update

from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.runner import run_job

POINTS = ("claimed", "committed", "acted", "recorded")
"""Where a job can be killed; see `Kill`."""

STRUCK: set[tuple[str, str]] = set()
"""The jobs that a kill struck in the running test, by name, and the points where."""


class Killed(BaseException):
    """The process died here: nothing catches it, nothing is recorded."""


@dataclass(slots=True)
class Kill:
    """Where the process dies: at the n-th time a point is passed.

    Points are ``claimed``, ``acted``, ``recorded`` of each run, and ``committed`` after every
    transaction that a job's own code commits. What the job does side by side dies with it: it
    passes no point and begins no transaction any more.
    """

    point: str
    times: int = 1
    only: str | None = None
    """Name of the job whose passing counts; any job's when None."""
    passed: int = 0
    job: str = ""
    """Name of the job that runs."""

    def __call__(self, point: str) -> None:
        if point != self.point or self.only not in {None, self.job}:
            return
        self.passed += 1
        if self.has_struck:
            STRUCK.add((self.job, point))
            raise Killed(f"{point} ({self.times})")

    @property
    def has_struck(self) -> bool:
        return self.passed >= self.times


def kill_after(point: str, times: int = 1, *, only: str | None = None) -> Kill:
    """`run_jobs(…, kill=kill_after("committed", 3))` dies after the job's third commit."""
    return Kill(point, times, only)


class MortalUnitOfWork(UnitOfWork):
    """Tells a `Kill` of every commit."""

    def __init__(self, uow: UnitOfWork, kill: Kill) -> None:
        self._inner, self._kill = uow, kill

    @asynccontextmanager
    async def begin(self, actor: Actor, *, tenant: UUID | None = None) -> AsyncIterator[Tx]:
        if self._kill.has_struck:
            raise Killed("before")
        async with self._inner.begin(actor, tenant=tenant) as tx:
            yield tx
        self._kill("committed")


@dataclass(slots=True)
class Drained:
    """What `run_jobs` did."""

    states: list[str] = field(default_factory=list)
    """State recorded by each run, in order; a retry or continuation is ``pending``."""
    killed: bool = False


async def run_jobs(
    context: Context,
    tenant_id: UUID,
    *,
    kill: Kill | None = None,
    at_once: bool = False,
    limit: int = 200,
) -> Drained:
    """Run the tenant's due jobs, and those they add, until none is due or the process dies.

    Leases that an earlier, killed call left behind are taken back first.

    Args:
        at_once: jobs that wait for a later hour or a back-off run too.
        limit: of runs; more is taken for an endless loop.
    """
    services = job_services(context)
    drained = Drained()
    if kill:
        services = replace(services, uow=MortalUnitOfWork(context.uow, kill))
    await take_back_leases(context, tenant_id)
    while due := await next_job(context, tenant_id, at_once=at_once):
        job_id, name = due
        if kill:
            kill.job = name
        try:
            outcome = await run_job(
                services, tenant_id=tenant_id, job_id=job_id, reach=kill or pass_by
            )
        except Killed:
            drained.killed = True
            return drained
        drained.states.append(outcome.state if outcome else "lost")
        if len(drained.states) > limit:
            raise AssertionError(f"more than {limit} runs: {drained.states[-5:]}")
    return drained


def pass_by(_point: str) -> None:
    """Nobody is killed."""


async def run_through_kills(
    context: Context, tenant_id: UUID, *, point: str, only: str | None = None
) -> int:
    """Kill at the first passing of `point`, run on, kill at the second, and so on, to the end.

    Args:
        only: name of the job that is killed; any job when None.

    Returns:
        How often the process was killed until everything was done.
    """
    kills = 0
    while True:
        kill = kill_after(point, times=kills + 1, only=only)
        if not (await run_jobs(context, tenant_id, kill=kill, at_once=True)).killed:
            return kills
        kills += 1


async def next_job(context: Context, tenant_id: UUID, *, at_once: bool) -> tuple[UUID, str] | None:
    """The oldest due job of the tenant, and what it runs."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        pending = [Job.tenant_id == tenant_id, Job.state == JobState.PENDING]
        if at_once:
            await tx.session.execute(
                update(Job).where(*pending, Job.due_at > func.now()).values(due_at=tx.now)
            )
        found = await tx.session.execute(
            select(Job.id, Job.function)
            .where(*pending, Job.due_at <= tx.now)
            .order_by(Job.due_at, Job.id)
            .limit(1)
        )
        row = found.one_or_none()
        return (row.id, row.function) if row else None


async def take_back_leases(context: Context, tenant_id: UUID) -> None:
    """What the sweeper does when a worker has died, for one tenant, at once."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await tx.session.execute(
            update(Job)
            .where(Job.tenant_id == tenant_id, Job.state == JobState.RUNNING)
            .values(
                state=JobState.PENDING,
                lease_token=None,
                lease_until=None,
                worker_id=None,
                dispatched_at=None,
            )
        )


async def job_state(context: Context, tenant_id: UUID, job_id: UUID) -> Job:
    """The job's row."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        return (await tx.session.scalars(select(Job).where(Job.id == job_id))).one()


def own_redis_url(redis_url: str) -> str:
    """A logical database that only tests of the queue use, one at a time, and may flush."""
    parts = urlsplit(redis_url)
    return urlunsplit(parts._replace(path="/9"))


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = 90) -> None:
    """Poll until the condition holds; fail when it has not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)
