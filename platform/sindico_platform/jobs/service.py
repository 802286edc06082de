"""The only writer of jobs, beside the claims of the workers and the clock's functions."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, case, insert, literal, text, update

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import queries
from sindico_platform.jobs.errors import JobFinished, JobNotFailed, JobOfClosedTenant, LeaseLost
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.registry import JobFunction, declaration_of
from sindico_platform.jobs.store import Leased
from sindico_platform.tenancy.models import TenantState
from sindico_platform.words import translatable

WAKE_CHANNEL = "jobs"
INSERT = insert(table_of(Job))
RENEW = text("SELECT control.renew_job(:tenant_id, :job_id, :lease_token, NULL)")
UNFINISHED = (JobState.PENDING, JobState.RUNNING, JobState.FAILED)
TENANT_CLOSED = {
    "code": "tenant-closed",
    "detail": translatable("The tenant was closed for good before this could run."),
    "facts": {},
}


async def add(tx: Tx, function: JobFunction, *, run_at: datetime | None = None, **ids: Any) -> UUID:
    """Write a job in the caller's transaction, for the bound tenant; it exists if that commits.

    Args:
        function: has `@job`.
        run_at: not before this instant; at once unless given.
        ids: what the function takes besides `tenant_id`, which may be repeated here.

    Returns:
        Id of the job.

    Raises:
        TypeError: the ids are not those that the function takes.
    """
    declaration = declaration_of(function)
    if ids.pop("tenant_id", tx.tenant_id) != tx.tenant_id:
        raise TypeError(f"{declaration.name} was added for a tenant that is not bound")
    job_id = tx.new_id()
    await tx.session.execute(
        INSERT,
        {
            "tenant_id": tx.tenant_id,
            "id": job_id,
            "function": declaration.name,
            "args": declaration.pack(ids),
            "queue": declaration.queue,
            "state": JobState.PENDING,
            "even_suspended": declaration.even_suspended,
            "due_at": run_at or tx.now,
            "attempts": 0,
            "max_attempts": declaration.max_attempts,
            "lease_seconds": declaration.lease_seconds,
            "request_id": tx.actor.request_id,
            "actor_name": tx.actor.name,
            "created_at": tx.now,
        },
    )
    if run_at is None or run_at <= tx.now:
        tx.wake(WAKE_CHANNEL)
    return job_id


async def keep_lease(tx: Tx, claim: Leased) -> None:
    """Renew the lease of a running job in the caller's transaction, which nobody else then writes.

    Raises:
        LeaseLost: another worker has the job by now, or it was cancelled; let it pass through.
    """
    bound = {"tenant_id": tx.tenant_id, "job_id": claim.job_id, "lease_token": claim.lease_token}
    if not await tx.session.scalar(RENEW, bound):
        raise LeaseLost(job_id=claim.job_id)


async def retry_job(tx: Tx, *, job_id: UUID) -> Job:
    """Run a failed or cancelled job again, at once and with all its attempts.

    Repeating the call while it waits or runs is refused; it changes nothing.

    Raises:
        JobNotFound: no such job in the bound tenant.
        JobNotFailed: it has not ended, or ended well.
        JobOfClosedTenant: it would never run.
    """
    job = await queries.lock_job(tx, job_id)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise JobNotFailed(state=job.state)
    if not job.even_suspended and await queries.find_tenant_state(tx) == TenantState.CLOSED:
        raise JobOfClosedTenant
    job.state, job.attempts, job.due_at = JobState.PENDING, 0, tx.now
    job.started_at = job.finished_at = None
    await tx.session.flush()
    await audit.record(tx, "job:retry", target_type="job", target_id=job.id, function=job.function)
    tx.wake(WAKE_CHANNEL)
    return job


async def cancel_job(tx: Tx, *, job_id: UUID) -> Job:
    """End a job that waits or runs, or give up for good one that failed.

    One that runs notices at its next heartbeat or record. A dead letter keeps the reason it failed
    for and stands in nobody's way any more; it can still be tried again.

    Raises:
        JobNotFound: no such job in the bound tenant.
        JobFinished: it has ended well, or was cancelled before.
    """
    job = await queries.lock_job(tx, job_id)
    if job.state not in UNFINISHED:
        raise JobFinished(state=job.state)
    job.state, job.finished_at = JobState.CANCELLED, tx.now
    job.lease_token = job.lease_until = job.worker_id = job.dispatched_at = None
    await tx.session.flush()
    await audit.record(tx, "job:cancel", target_type="job", target_id=job.id, function=job.function)
    return job


async def end_jobs_of_closed_tenant(tx: Tx) -> int:
    """Cancel what would wait for ever in the bound tenant, and say why; dead letters too.

    A dead letter keeps the reason it failed for. Jobs that run whatever the tenant's state is,
    as those that remove its expired bytes do, go on. Repeating the call changes nothing.

    Returns:
        How many were cancelled.
    """
    ended = await tx.session.execute(
        update(Job)
        .where(
            Job.tenant_id == tx.tenant_id, Job.state.in_(UNFINISHED), Job.even_suspended.is_(False)
        )
        .values(
            state=JobState.CANCELLED,
            finished_at=tx.now,
            last_error=case(
                (Job.state == JobState.FAILED, Job.last_error),
                else_=literal(TENANT_CLOSED, Job.last_error.type),
            ),
            lease_token=None,
            lease_until=None,
            worker_id=None,
            dispatched_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", ended).rowcount
