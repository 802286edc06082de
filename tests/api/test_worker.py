"""Worker and clock together: whatever fails, every job is done, and recorded once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from sindico_api.clock import Clock, Duty, duties_of
from sindico_api.context import Context
from sindico_api.worker import Worker
from sindico_platform.database.driver import driver
from sindico_platform.database.tx import Actor
from sindico_platform.jobs.context import RunAgain
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.relay import Limits, Relay
from tests.support.jobs import eventually, job_state
from tests.support.sample_jobs import Note, add_note

QUEUES = {"default": 4}


@asynccontextmanager
async def working(
    context: Context, *, grace_seconds: float = 20
) -> AsyncIterator[tuple[Worker, asyncio.Event]]:
    stop = asyncio.Event()
    worker = Worker(context, QUEUES, grace_seconds=grace_seconds)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker, stop
    finally:
        stop.set()
        await task


@asynccontextmanager
async def ticking(context: Context) -> AsyncIterator[Clock]:
    stop = asyncio.Event()
    clock = Clock(context, duties_of(context))
    task = asyncio.create_task(clock.run(stop))
    try:
        yield clock
    finally:
        stop.set()
        await task


async def all_done(context: Context, notes: list[Note]) -> bool:
    ids = [note.job_id for note in notes]
    try:
        async with context.uow.begin_fleet(Actor.system(uuid7()), reason="test") as session:
            done = await session.scalar(
                select(func.count(Job.id)).where(Job.id.in_(ids), Job.state == JobState.SUCCEEDED)
            )
    except DBAPIError:  # a test has cut the connections
        return False
    return done == len(notes)


async def test_jobs_of_many_tenants_are_done(fleet_context: Context) -> None:
    notes = [await add_note(fleet_context, uuid7(), RunAgain()) for _ in range(12)]

    async with working(fleet_context), ticking(fleet_context):
        await eventually(lambda: all_done(fleet_context, notes))

    assert [note.runs for note in notes] == [2] * 12


async def test_a_job_added_while_all_wait_is_picked_up(fleet_context: Context) -> None:
    async with working(fleet_context), ticking(fleet_context):
        notes = [await add_note(fleet_context, uuid7())]
        await eventually(lambda: all_done(fleet_context, notes))

    assert notes[0].runs == 1


async def test_a_flushed_redis_costs_nothing_but_time(fleet_context: Context) -> None:
    notes = [await add_note(fleet_context, uuid7()) for _ in range(5)]
    impatient = Relay(fleet_context.engines.fleet, fleet_context.redis, Limits(claim_seconds=0))
    await impatient.dispatch()

    await fleet_context.redis.flushdb()
    async with working(fleet_context), ticking(fleet_context):
        await impatient.recover()
        await eventually(lambda: all_done(fleet_context, notes))

    assert [note.runs for note in notes] == [1] * 5


async def test_without_a_word_from_redis_the_poll_finds_the_jobs(fleet_context: Context) -> None:
    async with working(fleet_context), ticking(fleet_context):
        await fleet_context.redis.client_kill_filter(_type="pubsub")
        notes = [await add_note(fleet_context, uuid7())]
        await eventually(lambda: all_done(fleet_context, notes))


async def test_a_stopping_worker_lets_running_jobs_end(fleet_context: Context) -> None:
    gate, tenant = asyncio.Event(), uuid7()
    note = await add_note(fleet_context, tenant, gate=gate)

    async with ticking(fleet_context), working(fleet_context) as (_, stop):
        await note.entered.wait()
        stop.set()
        gate.set()

    assert (await job_state(fleet_context, tenant, note.job_id)).state == JobState.SUCCEEDED


async def test_a_stopping_worker_gives_back_what_takes_too_long(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant, gate=asyncio.Event())
    await Relay(fleet_context.engines.fleet, fleet_context.redis).dispatch()

    async with working(fleet_context, grace_seconds=0):
        await note.entered.wait()

    row = await job_state(fleet_context, tenant, note.job_id)
    assert (row.state, row.attempts, row.lease_token) == (JobState.PENDING, 0, None)


async def test_a_stopped_worker_is_not_listed_any_more(fleet_context: Context) -> None:
    async with working(fleet_context):
        await eventually(lambda: workers_are(fleet_context, 1))

    assert await workers_are(fleet_context, 0)


async def workers_are(context: Context, count: int) -> bool:
    async with driver(context.engines.fleet) as connection:
        return bool(await connection.fetchval("SELECT count(*) FROM control.worker") == count)


async def test_a_worker_whose_connections_were_cut_goes_on(
    fleet_context: Context, admin_url: str
) -> None:
    gate, tenant = asyncio.Event(), uuid7()
    note = await add_note(fleet_context, tenant, gate=gate)

    async with ticking(fleet_context), working(fleet_context):
        await note.entered.wait()
        await cut_connections(fleet_context)
        gate.set()
        await eventually(lambda: all_done(fleet_context, [note]))


async def cut_connections(context: Context) -> None:
    """As a restart of PostgreSQL does; only those of the own role can be cut."""
    for engine in (context.engines.app, context.engines.fleet):
        async with driver(engine) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )


async def test_of_two_clocks_one_leads_and_the_other_takes_over(fleet_context: Context) -> None:
    performed: list[str] = []
    stops = {name: asyncio.Event() for name in "ab"}

    def clock_named(name: str) -> Clock:
        async def note() -> None:
            performed.append(name)

        duty = Duty(name="note", every_seconds=0.01, perform=note)
        return Clock(fleet_context, [duty], tick_seconds=0.02)

    tasks = {name: asyncio.create_task(clock_named(name).run(stops[name])) for name in "ab"}
    await eventually(lambda: true_when(len(performed) > 5))
    first = performed[0]
    assert set(performed) == {first}

    stops[first].set()
    await tasks.pop(first)
    await eventually(lambda: true_when(set(performed) == {"a", "b"}))
    (second,) = tasks
    stops[second].set()
    await tasks[second]


async def true_when(condition: bool) -> bool:  # noqa: FBT001 - read aloud it is a sentence
    return condition


async def test_a_rare_duty_that_failed_is_tried_again_soon(
    fleet_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_api.clock.AFTER_FAILURE_SECONDS", 0.01)
    performed: list[str] = []

    async def fail_once() -> None:
        performed.append("tend")
        if len(performed) == 1:
            raise RuntimeError

    stop = asyncio.Event()
    duty = Duty(name="tend", every_seconds=3600, perform=fail_once)
    task = asyncio.create_task(Clock(fleet_context, [duty]).run(stop))
    await eventually(lambda: true_when(len(performed) == 2))
    stop.set()
    await task


async def test_a_duty_that_fails_stops_neither_itself_nor_the_others(
    fleet_context: Context,
) -> None:
    performed: list[str] = []

    async def fail() -> None:
        performed.append("fail")
        raise RuntimeError

    async def work() -> None:
        performed.append("work")

    duties = [
        Duty(name="fail", every_seconds=0.01, perform=fail),
        Duty(name="work", every_seconds=0.01, perform=work),
    ]
    stop = asyncio.Event()
    task = asyncio.create_task(Clock(fleet_context, duties).run(stop))
    await eventually(lambda: true_when(performed.count("fail") > 2 and performed.count("work") > 2))
    stop.set()
    await task
