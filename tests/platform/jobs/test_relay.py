"""The relay chooses fairly, and nothing that Redis does loses a job."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone
from sqlalchemy import func, insert, select, text, true, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.jobs import transport
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.queries import read_figures
from sindico_platform.jobs.relay import Limits, Relay
from sindico_platform.jobs.transport import QUEUE_PREFIX, ids_of
from sindico_platform.tenancy.models import Tenant, TenantState
from tests.support.identity import tenant_factory
from tests.support.jobs import Killed, job_state
from tests.support.sample_jobs import add_note, take_note_anyway, take_note_elsewhere

NOW = Limits(claim_seconds=0)
INACTIVE = [state for state in TenantState if state is not TenantState.ACTIVE]


async def queued(context: Context, queue: str = "default") -> list[tuple[UUID, UUID]]:
    """Tenant and job of what stands in Redis, in order."""
    answer: Any = context.redis.lrange(QUEUE_PREFIX + queue, 0, -1)
    return [ids_of(item) for item in await answer]


async def add_many(context: Context, tenant: UUID, count: int) -> None:
    for _ in range(count):
        await add_note(context, tenant)


async def per_tenant(context: Context) -> Counter[UUID]:
    return Counter(tenant for tenant, _ in await queued(context))


async def test_due_jobs_are_handed_over_once(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis)

    first, second = await relay.dispatch(), await relay.dispatch()

    assert (first, second) == (1, 0)
    assert await queued(fleet_context) == [(tenant, note.job_id)]


async def test_a_tenant_with_many_jobs_does_not_hold_up_the_others(fleet_context: Context) -> None:
    crowd, *others = [uuid7() for _ in range(4)]
    await add_many(fleet_context, crowd, 50)
    for other in others:
        await add_many(fleet_context, other, 2)
    limits = Limits(queue_length=8, tenant_limit=8)

    await Relay(fleet_context.engines.fleet, fleet_context.redis, limits).dispatch()

    assert await per_tenant(fleet_context) == {crowd: 2, others[0]: 2, others[1]: 2, others[2]: 2}


async def test_a_tenant_has_only_so_many_jobs_under_way(fleet_context: Context) -> None:
    tenant = uuid7()
    await add_many(fleet_context, tenant, 12)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, Limits(tenant_limit=5))

    counts = [await relay.dispatch() for _ in range(2)]

    assert counts == [5, 0]


async def test_what_is_running_counts_and_what_has_ended_makes_room(
    fleet_context: Context,
) -> None:
    tenant = uuid7()
    await add_many(fleet_context, tenant, 3)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, Limits(tenant_limit=1))
    await relay.dispatch()
    (_, first), *_ = await queued(fleet_context)
    await set_job(fleet_context, tenant, first, state=JobState.RUNNING, lease_token=uuid7())
    while_running = await relay.dispatch()
    await set_job(
        fleet_context,
        tenant,
        first,
        state=JobState.SUCCEEDED,
        lease_token=None,
        dispatched_at=None,
    )

    assert (while_running, await relay.dispatch()) == (0, 1)


async def test_the_queue_is_kept_short(fleet_context: Context) -> None:
    for tenant in [uuid7() for _ in range(6)]:
        await add_many(fleet_context, tenant, 2)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, Limits(queue_length=5))

    counts = [await relay.dispatch() for _ in range(2)]

    assert (counts, len(await queued(fleet_context))) == ([5, 0], 5)


async def test_a_full_queue_does_not_hold_up_another(fleet_context: Context) -> None:
    tenant = uuid7()
    await add_many(fleet_context, tenant, 3)
    other = await add_note(fleet_context, tenant, function=take_note_elsewhere)
    limits = Limits(queue_length=1, tenant_limit=1)

    await Relay(fleet_context.engines.fleet, fleet_context.redis, limits).dispatch()

    assert len(await queued(fleet_context)) == 1
    assert await queued(fleet_context, "elsewhere") == [(tenant, other.job_id)]


async def test_behind_a_backlog_of_thousands_every_tenant_has_its_turn(
    fleet_context: Context,
) -> None:
    crowd, late = uuid7(), [uuid7() for _ in range(3)]
    model = await add_note(fleet_context, crowd)
    await copy_job(fleet_context, crowd, model.job_id, times=1_100)
    for tenant in late:
        await add_note(fleet_context, tenant)

    await Relay(fleet_context.engines.fleet, fleet_context.redis, Limits(queue_length=6)).dispatch()

    assert await per_tenant(fleet_context) == {crowd: 3, **dict.fromkeys(late, 1)}


@pytest.mark.parametrize("state", INACTIVE, ids=str)
async def test_jobs_wait_until_their_tenant_is_active(
    fleet_context: Context, state: TenantState
) -> None:
    tenant = (await tenant_factory(fleet_context.uow)(state=state)).tenant_id
    waits = await add_note(fleet_context, tenant)
    runs = await add_note(fleet_context, tenant, function=take_note_anyway)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis)

    figures = await read_figures(fleet_context.engines.fleet)
    await relay.dispatch()
    inactive = await queued(fleet_context)
    async with fleet_context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Tenant).values(state=TenantState.ACTIVE))
    await relay.dispatch()

    assert figures.due == 1
    assert inactive == [(tenant, runs.job_id)]
    assert await queued(fleet_context) == [(tenant, runs.job_id), (tenant, waits.job_id)]


async def test_relays_at_the_same_time_share_the_jobs(fleet_context: Context) -> None:
    for tenant in [uuid7() for _ in range(10)]:
        await add_many(fleet_context, tenant, 4)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis)

    counts = await asyncio.gather(*(relay.dispatch() for _ in range(4)))

    handed_over = await queued(fleet_context)
    assert sum(counts) == len(handed_over) == len(set(handed_over)) == 40


async def test_while_redis_is_down_jobs_wait_in_the_table(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    async with Redis(host="127.0.0.1", port=1) as nowhere:
        count = await Relay(fleet_context.engines.fleet, nowhere).dispatch()

    row = await job_state(fleet_context, tenant, note.job_id)
    assert (count, row.dispatched_at) == (0, None)


async def test_redis_that_fails_in_the_middle_loses_nothing(
    fleet_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis)

    async def fail(_redis: Redis, _dispatches: Sequence[transport.Dispatch]) -> None:
        raise RedisGone

    with monkeypatch.context() as patched:
        patched.setattr(transport, "send", fail)
        failed = await relay.dispatch()

    assert (failed, await relay.dispatch()) == (0, 1)
    assert await queued(fleet_context) == [(tenant, note.job_id)]


async def test_a_relay_killed_before_it_sent_loses_nothing(
    fleet_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)

    async def die(_redis: Redis, _dispatches: Sequence[transport.Dispatch]) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(transport, "send", die)
        with pytest.raises(Killed):
            await relay.dispatch()
    recovered = await relay.recover()
    await relay.dispatch()

    assert recovered == 1
    assert await queued(fleet_context) == [(tenant, note.job_id)]


async def test_a_relay_killed_after_it_sent_sends_nothing_twice(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    await Relay(fleet_context.engines.fleet, fleet_context.redis, NOW).dispatch()
    successor = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)

    recovered = await successor.recover()
    await successor.dispatch()

    assert recovered == 0
    assert await queued(fleet_context) == [(tenant, note.job_id)]


async def test_what_was_in_a_flushed_redis_is_sent_again(fleet_context: Context) -> None:
    tenant = uuid7()
    await add_many(fleet_context, tenant, 3)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)
    await relay.dispatch()
    before = await queued(fleet_context)

    await fleet_context.redis.flushdb()
    recovered = await relay.recover()
    await relay.dispatch()

    assert recovered == 3
    assert sorted(await queued(fleet_context)) == sorted(before)


async def test_what_a_worker_took_and_never_claimed_is_sent_again(fleet_context: Context) -> None:
    tenant = uuid7()
    await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)
    await relay.dispatch()
    answer: Any = fleet_context.redis.lpop(QUEUE_PREFIX + "default")
    await answer

    recovered = await relay.recover()

    assert (recovered, await relay.dispatch()) == (1, 1)


async def test_what_a_worker_claimed_meanwhile_is_left_to_it(fleet_context: Context) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)
    await relay.dispatch()
    await fleet_context.redis.flushdb()
    await set_job(fleet_context, tenant, note.job_id, state=JobState.RUNNING, lease_token=uuid7())

    assert (await relay.recover(), await relay.dispatch()) == (0, 0)


async def test_what_is_claimed_while_we_look_for_it_is_not_called_lost(
    fleet_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid7()
    note = await add_note(fleet_context, tenant)
    relay = Relay(fleet_context.engines.fleet, fleet_context.redis, NOW)
    await relay.dispatch()

    async def look_too_late(
        _redis: Redis, dispatches: list[transport.Dispatch]
    ) -> list[transport.Dispatch]:
        claim = {"state": JobState.RUNNING, "lease_token": uuid7()}
        await set_job(fleet_context, tenant, note.job_id, **claim)
        return dispatches

    monkeypatch.setattr(transport, "find_lost", look_too_late)
    with structlog.testing.capture_logs() as logs:
        recovered = await relay.recover()

    assert (recovered, logs) == (0, [])


async def test_the_fleet_role_reads_no_ids_of_a_tenants_records(fleet_context: Context) -> None:
    async with fleet_context.engines.fleet.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text("SELECT args FROM control.job"))


async def set_job(context: Context, tenant: UUID, job_id: UUID, **values: Any) -> None:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Job).where(Job.id == job_id).values(**values))


async def copy_job(context: Context, tenant: UUID, job_id: UUID, *, times: int) -> None:
    names = [column.key for column in Job.__table__.columns if column.key != "id"]
    copies = (
        select(func.gen_random_uuid(), *(getattr(Job, name) for name in names))
        .join(func.generate_series(1, times).table_valued("number"), true())
        .where(Job.id == job_id)
    )
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(insert(Job).from_select(["id", *names], copies))
