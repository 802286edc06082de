"""Claim, act, record: the one way a job runs, in the worker and in tests alike."""

import asyncio
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid4

from sindico_platform.database.driver import GONE
from sindico_platform.errors import OutsideError, SindicoError, Terminal, Transient
from sindico_platform.jobs import store
from sindico_platform.jobs.context import JobContext, JobServices, RunAgain
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.models import JobState
from sindico_platform.jobs.registry import Declaration, find_declaration
from sindico_platform.jobs.store import Claim, Outcome
from sindico_platform.telemetry import bound_to_log, metrics
from sindico_platform.words import translatable

log = structlog.get_logger()

BACK_OFF_SECONDS, BACK_OFF_LIMIT_SECONDS = 5.0, 900.0
SERVER_FAULT = 500
RECORD_PAUSES_SECONDS = (0.2, 0.5, 1, 2, 4, 8, 16)

DATABASE_FAULT = translatable("The database refused a step.")
INTERNAL_FAULT = translatable("An unexpected error stopped the job: {kind}.")

Reach = Callable[[str], None]


def reach_nothing(_point: str) -> None:
    """In production nobody waits at the named points."""


async def run_job(
    services: JobServices,
    *,
    tenant_id: UUID,
    job_id: UUID,
    worker_id: UUID | None = None,
    reach: Reach = reach_nothing,
) -> Outcome | None:
    """Run one claim of a job.

    Args:
        reach: told ``claimed``, ``acted`` and ``recorded`` as they are reached, for tests.

    Returns:
        What was recorded, or None when the job was not ours to run or not ours any more.
    """
    claim = await store.claim(
        services.engines.leases,
        tenant_id=tenant_id,
        job_id=job_id,
        lease_token=uuid4(),
        worker_id=worker_id,
    )
    if claim is None:
        return None
    reach("claimed")
    metrics.job_pick_up_seconds.labels(claim.queue).observe(claim.waited_seconds)
    with bound_to_log(
        tenant_id=str(tenant_id),
        job_id=str(job_id),
        function=claim.function,
        attempt=claim.attempt,
        request_id=claim.request_id,
    ):
        with metrics.job_duration_seconds.labels(claim.function).time():
            outcome = await act(services, claim)
        reach("acted")
        if outcome is None or not await record(services, claim, outcome):
            return None
        reach("recorded")
        return outcome


async def record(services: JobServices, claim: Claim, outcome: Outcome) -> bool:
    """Write the outcome; while the database is away, wait for it as long as the lease may last.

    Returns:
        False, and nothing written, when the lease is not ours any more.
    """
    for pause_seconds in RECORD_PAUSES_SECONDS:
        try:
            recorded = await store.record(services.engines.leases, claim, outcome)
            break
        except GONE:
            await asyncio.sleep(pause_seconds)
    else:
        recorded = False
    if recorded:
        metrics.jobs_finished_total.labels(claim.function, outcome.state).inc()
    else:
        log.warning("job_outcome_came_late", state=outcome.state)
    return recorded


async def act(services: JobServices, claim: Claim) -> Outcome | None:
    """Run the function and judge how it ended; None when the lease was lost on the way."""
    try:
        result = await _call(services, claim)
    except LeaseLost:
        log.warning("job_lease_lost")
        return None
    except asyncio.CancelledError:
        log.info("job_returned")
        return Outcome(state=JobState.PENDING, attempts=claim.attempt - 1)
    except Exception as error:  # noqa: BLE001  (the process edge: every failure is recorded)
        return judge_failure(claim, error)
    if isinstance(result, RunAgain):
        return Outcome(state=JobState.PENDING, attempts=0, delay_seconds=result.after_seconds)
    return Outcome(state=JobState.SUCCEEDED, attempts=claim.attempt)


async def _call(services: JobServices, claim: Claim) -> Any:
    declaration = find_declaration(claim.function)
    if declaration is None:  # another worker's release may know it
        raise Transient(
            "job-unknown", "This release does not know the job {function}.", function=claim.function
        )
    context = JobContext(
        services=services,
        tenant_id=claim.tenant_id,
        job_id=claim.job_id,
        function=claim.function,
        attempt=claim.attempt,
        lease_token=claim.lease_token,
        request_id=claim.request_id,
    )
    return await _call_in_time(declaration, context, claim)


async def _call_in_time(declaration: Declaration, context: JobContext, claim: Claim) -> Any:
    ids = declaration.unpack(claim.args)
    timer = asyncio.timeout(declaration.timeout_seconds)
    try:
        async with timer:
            return await declaration.function(context, tenant_id=claim.tenant_id, **ids)
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise Transient(
            "job-timed-out",
            "It did not finish within {seconds} seconds.",
            seconds=declaration.timeout_seconds,
        ) from error


def judge_failure(
    claim: Claim, error: Exception, *, chance: Callable[[], float] = random.random
) -> Outcome:
    """Repeat later with back-off, or give up: a `Terminal`, a refusal, or no attempt left.

    Args:
        chance: gives 0 to 1; spreads the repeats of jobs that failed together.
    """
    told = describe(error)
    final = is_final(error) or claim.attempt >= claim.max_attempts
    expected = isinstance(error, OutsideError | SindicoError)
    log.warning("job_failed", code=told["code"], final=final, exc_info=None if expected else error)
    if final:
        return Outcome(state=JobState.FAILED, attempts=claim.attempt, error=told)
    return Outcome(
        state=JobState.PENDING,
        attempts=claim.attempt,
        delay_seconds=delay_after(error, attempt=claim.attempt, chance=chance()),
        error=told,
    )


def is_final(error: Exception) -> bool:
    """A refusal by our own rules does not change by repeating; a fault of ours may pass."""
    if isinstance(error, SindicoError):
        return error.status < SERVER_FAULT
    return isinstance(error, Terminal)


def delay_after(error: Exception, *, attempt: int, chance: float) -> float:
    """Seconds until the next attempt: what was asked for, or doubling from five, spread out."""
    asked = error.retry_after_seconds if isinstance(error, Transient) else None
    if asked is not None:
        return asked * (1 + chance / 10)
    full: float = min(BACK_OFF_SECONDS * 2 ** (attempt - 1), BACK_OFF_LIMIT_SECONDS)
    return full * (0.5 + chance / 2)


def describe(error: Exception) -> dict[str, Any]:
    """Code, detail and facts for people; of an unexpected error only its kind, never its text."""
    if isinstance(error, OutsideError):
        return {"code": error.code, "detail": error.detail, "facts": error.facts}
    if isinstance(error, SindicoError):
        return {"code": error.code, "detail": type(error).detail, "facts": error.facts}
    if isinstance(error, DBAPIError):
        return {"code": "database-fault", "detail": DATABASE_FAULT, "facts": {}}
    return {
        "code": "internal-fault",
        "detail": INTERNAL_FAULT,
        "facts": {"kind": type(error).__name__},
    }
