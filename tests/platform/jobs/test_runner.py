"""Claim, act, record, against the real database."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from uuid_utils.compat import uuid4, uuid7

from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal, Transient
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs import store
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.errors import JobNotFound, LeaseLost
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.registry import JobFunction, job
from sindico_platform.jobs.runner import BACK_OFF_LIMIT_SECONDS, delay_after, run_job
from sindico_platform.jobs.store import Outcome
from sindico_platform.tenancy.models import TenantState
from tests.support.identity import MakeTenant
from tests.support.jobs import job_state, kill_after, run_jobs, run_through_kills
from tests.support.sample_jobs import add_note, take_note, take_note_anyway, take_short_note


async def test_a_job_runs_once_and_succeeds(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)

    drained = await run_jobs(context, tenant)

    row = await job_state(context, tenant, note.job_id)
    assert drained.states == [JobState.SUCCEEDED]
    assert (row.state, row.attempts, note.runs) == (JobState.SUCCEEDED, 1, 1)
    assert row.lease_token is None
    assert row.finished_at is not None


async def test_a_job_of_a_rolled_back_transaction_does_not_exist(context: Context) -> None:
    tenant = uuid7()

    async def add_and_fail() -> None:
        async with context.uow.begin(Actor.system(tenant)) as tx:
            await jobs.add(tx, take_note, note_id=uuid7())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await add_and_fail()

    assert (await run_jobs(context, tenant, at_once=True)).states == []


async def test_a_job_for_later_waits(context: Context) -> None:
    tenant = uuid7()
    async with context.uow.begin(Actor.system(tenant)) as tx:
        later = tx.now + timedelta(hours=1)
    note = await add_note(context, tenant, run_at=later)

    drained = await run_jobs(context, tenant)

    assert (drained.states, note.runs) == ([], 0)


async def test_a_continuation_is_no_attempt(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, *[RunAgain()] * 20)

    await run_jobs(context, tenant)

    row = await job_state(context, tenant, note.job_id)
    assert (row.state, row.attempts, note.runs) == (JobState.SUCCEEDED, 1, 21)


async def test_a_transient_failure_waits_as_long_as_asked(context: Context) -> None:
    tenant = uuid7()
    busy = Transient("busy", "It is busy.", retry_after_seconds=30)
    note = await add_note(context, tenant, busy)

    drained = await run_jobs(context, tenant)

    row = await job_state(context, tenant, note.job_id)
    assert drained.states == [JobState.PENDING]
    assert 30 <= (row.due_at - row.created_at).total_seconds() < 60
    assert row.last_error == {"code": "busy", "detail": "It is busy.", "facts": {}}


async def test_a_terminal_failure_is_a_dead_letter_at_once(context: Context) -> None:
    tenant = uuid7()
    refused = Terminal("login-refused", "{host} refuses the login.", host="erp")
    note = await add_note(context, tenant, refused)

    await run_jobs(context, tenant, at_once=True)

    row = await job_state(context, tenant, note.job_id)
    assert (row.state, note.runs) == (JobState.FAILED, 1)
    assert row.last_error == {
        "code": "login-refused",
        "detail": "{host} refuses the login.",
        "facts": {"host": "erp"},
    }


async def test_a_refusal_by_our_own_rules_is_not_repeated(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, JobNotFound())

    await run_jobs(context, tenant, at_once=True)

    assert (await job_state(context, tenant, note.job_id)).state == JobState.FAILED
    assert note.runs == 1


async def test_the_last_attempt_that_fails_leaves_a_dead_letter(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, *[RuntimeError("password=1234")] * 8)

    await run_jobs(context, tenant, at_once=True)

    row = await job_state(context, tenant, note.job_id)
    assert (row.state, row.attempts, note.runs) == (JobState.FAILED, 8, 8)
    assert "1234" not in str(row.last_error)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_back_off_doubles_up_to_a_quarter_of_an_hour(chance: float) -> None:
    delays = [delay_after(OSError(), attempt=n, chance=chance) for n in range(1, 12)]

    assert delays[1] == 2 * delays[0]
    assert delays[-1] == BACK_OFF_LIMIT_SECONDS * (0.5 + chance / 2)


@pytest.mark.parametrize("point", ["claimed", "committed", "acted", "recorded"])
async def test_killed_anywhere_it_is_done_in_the_end(context: Context, point: str) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)

    first = await run_jobs(context, tenant, kill=kill_after(point))
    await run_jobs(context, tenant)

    assert first.killed
    assert (await job_state(context, tenant, note.job_id)).state == JobState.SUCCEEDED


async def test_killed_at_every_commit_of_a_long_job_it_still_ends(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, *[RunAgain()] * 5)

    kills = await run_through_kills(context, tenant, point="committed")

    assert kills > 1
    assert (await job_state(context, tenant, note.job_id)).state == JobState.SUCCEEDED


async def test_a_job_that_takes_too_long_is_stopped_and_repeated(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, function=take_short_note, gate=asyncio.Event())

    await run_jobs(context, tenant)

    row = await job_state(context, tenant, note.job_id)
    assert (row.state, row.attempts) == (JobState.PENDING, 1)
    assert row.last_error is not None
    assert row.last_error["code"] == "job-timed-out"


async def test_two_workers_that_claim_at_once_run_the_job_once(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)

    outcomes = await asyncio.gather(
        *(run_job(job_services(context), tenant_id=tenant, job_id=note.job_id) for _ in range(6))
    )

    assert sum(outcome is not None for outcome in outcomes) == 1
    assert note.runs == 1


async def claim(context: Context, tenant: UUID, job_id: UUID) -> store.Claim | None:
    return await store.claim(
        context.engines.app,
        tenant_id=tenant,
        job_id=job_id,
        lease_token=uuid4(),
        worker_id=None,
    )


async def test_a_late_worker_records_nothing(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    late = await claim(context, tenant, note.job_id)
    assert late is not None
    await run_jobs(context, tenant)

    failure = Outcome(state=JobState.FAILED, attempts=9)
    recorded = await store.record(context.engines.app, late, failure)

    row = await job_state(context, tenant, note.job_id)
    assert (recorded, row.state, row.attempts) == (False, JobState.SUCCEEDED, 2)


async def test_a_claim_tells_how_long_the_job_waited(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Job).values(due_at=tx.now - timedelta(seconds=90)))

    mine = await claim(context, tenant, note.job_id)

    assert mine is not None
    assert mine.queue == "default"
    assert 90 <= mine.waited_seconds < 180


async def test_a_heartbeat_renews_the_lease_and_tells_the_progress(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    mine = await claim(context, tenant, note.job_id)
    assert mine is not None
    before = await job_state(context, tenant, note.job_id)

    await context_of(context, mine).heartbeat(pages=3)

    after = await job_state(context, tenant, note.job_id)
    assert before.lease_until is not None
    assert after.lease_until is not None
    assert after.lease_until > before.lease_until
    assert after.progress == {"pages": 3}


async def test_a_heartbeat_after_the_lease_was_taken_stops_the_job(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    mine = await claim(context, tenant, note.job_id)
    assert mine is not None
    await run_jobs(context, tenant)

    with pytest.raises(LeaseLost):
        await context_of(context, mine).heartbeat()


def context_of(context: Context, mine: store.Claim) -> JobContext:
    return JobContext(
        services=job_services(context),
        tenant_id=mine.tenant_id,
        job_id=mine.job_id,
        function=mine.function,
        attempt=mine.attempt,
        lease_token=mine.lease_token,
    )


async def test_a_job_that_lost_its_lease_records_nothing(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant, gate=asyncio.Event())
    services = job_services(context)
    running = asyncio.create_task(run_job(services, tenant_id=tenant, job_id=note.job_id))
    await note.entered.wait()
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Job).values(lease_token=uuid4()))

    assert note.gate is not None
    note.gate.set()

    assert await running is None
    assert (await job_state(context, tenant, note.job_id)).state == JobState.RUNNING


@pytest.mark.parametrize(
    "state", [TenantState.SUSPENDED, TenantState.CLOSING, TenantState.CLOSED], ids=str
)
async def test_jobs_of_a_tenant_that_is_not_active_are_not_claimed(
    context: Context, make_tenant: MakeTenant, state: TenantState
) -> None:
    tenant = (await make_tenant(state=state)).tenant_id
    waits = await add_note(context, tenant)
    runs = await add_note(context, tenant, function=take_note_anyway)

    assert await claim(context, tenant, waits.job_id) is None
    assert await claim(context, tenant, runs.job_id) is not None


async def test_a_row_of_a_function_nobody_knows_waits_for_another_release(
    context: Context,
) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Job).values(function="gone.with_the_wind"))

    await run_jobs(context, tenant)

    row = await job_state(context, tenant, note.job_id)
    assert row.state == JobState.PENDING
    assert row.last_error is not None
    assert row.last_error["code"] == "job-unknown"


async def test_one_round_trip_binds_no_longer_than_itself(context: Context) -> None:
    tenant = uuid7()
    note = await add_note(context, tenant)
    await run_jobs(context, tenant)

    async with context.engines.app.connect() as connection:
        seen = await connection.scalar(select(func.count()).where(Job.id == note.job_id))

    assert seen == 0


async def test_ids_of_another_shape_are_refused_when_added(context: Context) -> None:
    async with context.uow.begin(Actor.system(uuid7())) as tx:
        with pytest.raises(TypeError, match="note_id"):
            await jobs.add(tx, take_note, order_id=uuid7())
        with pytest.raises(TypeError, match="note_id"):
            await jobs.add(tx, take_note)
        with pytest.raises(TypeError, match="UUID"):
            await jobs.add(tx, take_note, note_id="seven")


async def positional(ctx: JobContext, tenant_id: UUID) -> None: ...


async def tenantless(ctx: JobContext, *, order_id: UUID) -> None: ...


@pytest.mark.parametrize("function", [positional, tenantless], ids=["positional", "tenantless"])
def test_ids_are_keyword_only_and_the_tenant_is_one(function: JobFunction) -> None:
    with pytest.raises(ValueError, match="keyword only"):
        job()(function)


def test_a_lease_not_longer_than_the_timeout_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the timeout"):
        job(timeout_seconds=300, lease_seconds=300)(tenantless)
