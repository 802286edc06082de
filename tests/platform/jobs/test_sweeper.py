"""What dead workers held goes back, or becomes a dead letter with a plain reason."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from uuid_utils.compat import uuid4, uuid7

from sindico_api.context import Context
from sindico_platform.database.driver import driver
from sindico_platform.database.tx import Actor
from sindico_platform.jobs import store
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.sweeper import NEVER_SECONDS, Sweeper, purge
from tests.support.jobs import job_state, run_jobs
from tests.support.sample_jobs import Note, add_note


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def sweep_steadily(context: Context, *, silence_seconds: float) -> int:
    """Sweep so often that the sweeper has listened long enough to judge the workers."""
    hands = Hands()
    sweeper = Sweeper(context.engines.fleet, silence_seconds=silence_seconds, clock=hands)
    swept = 0
    for _ in range(6):
        swept += await sweeper.sweep()
        hands.seconds += silence_seconds / 4
    return swept


async def claim(context: Context, note: Note, tenant: UUID, worker: UUID | None = None) -> None:
    claimed = await store.claim(
        context.engines.app,
        tenant_id=tenant,
        job_id=note.job_id,
        lease_token=uuid4(),
        worker_id=worker,
    )
    assert claimed


async def set_job(context: Context, tenant: UUID, **values: Any) -> None:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Job).values(**values))


async def see(context: Context, worker: UUID) -> None:
    async with driver(context.engines.app) as connection:
        await connection.execute("SELECT control.see_worker($1)", worker)


async def test_an_expired_lease_goes_back_and_the_job_runs_again(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    await claim(fleet_context, note, tenant)
    await set_job(fleet_context, tenant, lease_until=func.now() - timedelta(seconds=1))

    swept = await Sweeper(fleet_context.engines.fleet).sweep()
    await run_jobs(fleet_context, tenant)

    row = await job_state(fleet_context, tenant, note.job_id)
    assert (swept, row.state, row.attempts) == (1, JobState.SUCCEEDED, 2)


async def test_a_lease_that_holds_is_left_alone(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    await claim(fleet_context, note, tenant)

    swept = await Sweeper(fleet_context.engines.fleet).sweep()

    row = await job_state(fleet_context, tenant, note.job_id)
    assert (swept, row.state) == (0, JobState.RUNNING)


async def test_after_the_last_attempt_it_is_a_dead_letter(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    await claim(fleet_context, note, tenant)
    await set_job(fleet_context, tenant, lease_until=func.now() - timedelta(seconds=1), attempts=8)

    await Sweeper(fleet_context.engines.fleet).sweep()

    row = await job_state(fleet_context, tenant, note.job_id)
    assert row.state == JobState.FAILED
    assert row.finished_at is not None
    assert row.last_error is not None
    assert row.last_error["code"] == "worker-lost"
    assert row.last_error["facts"] == {"attempts": 8}


async def test_two_sweepers_at_once_take_each_lease_once(fleet_context: Context) -> None:
    for tenant in (tenants := [uuid7() for _ in range(5)]):
        await claim(fleet_context, await add_note(fleet_context, tenant), tenant)
        await set_job(fleet_context, tenant, lease_until=func.now() - timedelta(seconds=1))

    swept = await asyncio.gather(*(Sweeper(fleet_context.engines.fleet).sweep() for _ in range(2)))

    assert sum(swept) == len(tenants)


async def test_a_silent_worker_loses_its_leases_before_they_end(fleet_context: Context) -> None:
    tenant, worker = uuid7(), uuid4()
    note = await add_note(fleet_context, tenant)
    await see(fleet_context, worker)
    await claim(fleet_context, note, tenant, worker)

    swept = await sweep_steadily(fleet_context, silence_seconds=0.001)

    assert swept == 1
    assert (await job_state(fleet_context, tenant, note.job_id)).state == JobState.PENDING


async def test_a_worker_that_speaks_keeps_its_leases(fleet_context: Context) -> None:
    tenant, worker = uuid7(), uuid4()
    note = await add_note(fleet_context, tenant)
    await see(fleet_context, worker)
    await claim(fleet_context, note, tenant, worker)

    assert await sweep_steadily(fleet_context, silence_seconds=60) == 0


def test_silence_counts_only_after_listening_without_a_gap() -> None:
    hands = Hands()
    sweeper = Sweeper(None, silence_seconds=15, clock=hands)  # type: ignore[arg-type]  # unused
    tolerated = []
    for hands.seconds in (0, 4, 8, 12, 16, 60, 64):
        tolerated.append(sweeper._tolerated_silence())

    assert tolerated == [NEVER_SECONDS] * 4 + [15] + [NEVER_SECONDS] * 2


async def test_what_ended_long_ago_is_forgotten_but_dead_letters_stay(
    fleet_context: Context,
) -> None:
    tenant = uuid7()
    done, dead = [await add_note(fleet_context, tenant) for _ in range(2)]
    await run_jobs(fleet_context, tenant)
    await set_job(fleet_context, tenant, finished_at=func.now() - timedelta(days=15))
    async with fleet_context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(
            update(Job).where(Job.id == dead.job_id).values(state=JobState.FAILED)
        )
    fresh = await add_note(fleet_context, tenant)

    deleted = await purge(fleet_context.engines.fleet)

    async with fleet_context.uow.begin(Actor.system(tenant)) as tx:
        left = set(await tx.session.scalars(select(Job.id)))
    assert (deleted, left) == (1, {dead.job_id, fresh.job_id})
    assert done.job_id not in left


async def test_app_cannot_touch_the_list_of_workers(fleet_context: Context) -> None:
    async with fleet_context.engines.app.connect() as connection:
        allowed = await connection.scalar(
            text("SELECT has_table_privilege('control.worker', 'SELECT, INSERT, UPDATE, DELETE')")
        )

    assert not allowed
