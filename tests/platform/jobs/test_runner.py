"""Claim, act, record, against the real database."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal, Transient
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.models import JobState
from sindico_platform.jobs.registry import JobFunction, job
from tests.support.jobs import job_state, kill_after, run_jobs


@dataclass
class Seen:
    """What the jobs below did, by note id, and what they shall do next."""

    runs: list[UUID] = field(default_factory=list)
    script: list[Exception | RunAgain] = field(default_factory=list)


SEEN: dict[UUID, Seen] = {}


@job()
async def note(ctx: JobContext, *, tenant_id: UUID, note_id: UUID) -> RunAgain | None:
    seen = SEEN[note_id]
    seen.runs.append(tenant_id)
    async with ctx.uow.begin(ctx.actor):
        pass
    if seen.script:
        step = seen.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step
    return None


async def add(
    context: Context, tenant_id: UUID, *script: Exception | RunAgain
) -> tuple[UUID, Seen]:
    note_id = uuid7()
    SEEN[note_id] = Seen(script=list(script))
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        job_id = await jobs.add(tx, note, note_id=note_id)
    return job_id, SEEN[note_id]


async def test_a_job_runs_once_and_succeeds(context: Context) -> None:
    tenant = uuid7()
    job_id, seen = await add(context, tenant)

    drained = await run_jobs(context, tenant)

    row = await job_state(context, tenant, job_id)
    assert drained.states == [JobState.SUCCEEDED]
    assert (row.state, row.attempts, seen.runs) == (JobState.SUCCEEDED, 1, [tenant])
    assert row.lease_token is None
    assert row.finished_at is not None


async def test_a_continuation_is_no_attempt(context: Context) -> None:
    tenant = uuid7()
    job_id, seen = await add(context, tenant, *[RunAgain()] * 20)

    await run_jobs(context, tenant)

    row = await job_state(context, tenant, job_id)
    assert (row.state, row.attempts, len(seen.runs)) == (JobState.SUCCEEDED, 1, 21)


async def test_a_transient_failure_waits_as_long_as_asked(context: Context) -> None:
    tenant = uuid7()
    job_id, _ = await add(context, tenant, Transient("busy", "It is busy.", retry_after_seconds=30))

    drained = await run_jobs(context, tenant)

    row = await job_state(context, tenant, job_id)
    assert drained.states == [JobState.PENDING]
    assert 30 <= (row.due_at - row.created_at).total_seconds() < 60
    assert row.last_error == {"code": "busy", "detail": "It is busy.", "facts": {}}


async def test_a_terminal_failure_is_a_dead_letter_at_once(context: Context) -> None:
    tenant = uuid7()
    job_id, seen = await add(
        context, tenant, Terminal("login-refused", "{host} refuses the login.", host="erp")
    )

    await run_jobs(context, tenant, at_once=True)

    row = await job_state(context, tenant, job_id)
    assert (row.state, len(seen.runs)) == (JobState.FAILED, 1)
    assert row.last_error == {
        "code": "login-refused",
        "detail": "{host} refuses the login.",
        "facts": {"host": "erp"},
    }


async def test_the_last_attempt_that_fails_leaves_a_dead_letter(context: Context) -> None:
    tenant = uuid7()
    job_id, seen = await add(context, tenant, *[RuntimeError("password=1234")] * 8)

    await run_jobs(context, tenant, at_once=True)

    row = await job_state(context, tenant, job_id)
    assert (row.state, row.attempts, len(seen.runs)) == (JobState.FAILED, 8, 8)
    assert "1234" not in str(row.last_error)


@pytest.mark.parametrize("point", ["claimed", "committed", "acted", "recorded"])
async def test_killed_anywhere_it_is_done_in_the_end(context: Context, point: str) -> None:
    tenant = uuid7()
    job_id, _ = await add(context, tenant)

    first = await run_jobs(context, tenant, kill=kill_after(point))
    await run_jobs(context, tenant)

    assert first.killed
    assert (await job_state(context, tenant, job_id)).state == JobState.SUCCEEDED


async def test_ids_of_another_shape_are_refused_when_added(context: Context) -> None:
    with pytest.raises(TypeError, match="note_id"):
        async with context.uow.begin(Actor.system(uuid7())) as tx:
            await jobs.add(tx, note, order_id=uuid7())


async def positional(ctx: JobContext, tenant_id: UUID) -> None: ...


async def tenantless(ctx: JobContext, *, order_id: UUID) -> None: ...


@pytest.mark.parametrize("function", [positional, tenantless])
def test_ids_are_keyword_only_and_the_tenant_is_one(function: JobFunction) -> None:
    with pytest.raises(ValueError, match="keyword only"):
        job()(function)


def test_a_lease_not_longer_than_the_timeout_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the timeout"):
        job(timeout_seconds=300, lease_seconds=300)(tenantless)
