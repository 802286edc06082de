"""One job walks the steps of a provisioning."""

from uuid import UUID

from sindico_platform.errors import Transient
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.registry import job
from sindico_platform.jobs.runner import describe, is_final
from sindico_provisioning.provisioning_runs.errors import StepFailed, StepLost
from sindico_provisioning.provisioning_runs.steps import service
from sindico_provisioning.provisioning_runs.steps.service import Claim

MAX_ATTEMPTS = 5
FIRST_DELAY_SECONDS = 1.0


@job(queue="provisioning", timeout_seconds=60, lease_seconds=120, max_attempts=20)
async def walk_run(ctx: JobContext, *, tenant_id: UUID, run_id: UUID) -> RunAgain | None:
    """Take the run's steps one after the other. Safe to run twice, or to be killed anywhere.

    A step that fails for a while is repeated with back-off, by running again; one that fails for
    good fails the run, which a person can retry from there. Either is an outcome of the run, not a
    failure of this job.
    """
    sends_mail, one_by_one = ctx.settings.mail_url is not None, False
    try:
        claim = await _begin_walk(ctx, run_id=run_id, sends_mail=sends_mail)
    except StepFailed:
        claim, one_by_one = await _claim(ctx, run_id), True
    while claim is not None:
        taken = claim
        try:
            async with ctx.uow.begin(ctx.actor, tenant=tenant_id) as tx:
                await service.hold_claim(tx, taken)
                claim = await service.take_steps(
                    tx, taken, sends_mail=sends_mail, one_by_one=one_by_one
                )
        except StepLost:
            return None
        except StepFailed as failed:
            if failed.code == taken.code:
                return await _record_failure(ctx, taken, failed.error)
            claim, one_by_one = taken, True
    return None


async def _begin_walk(ctx: JobContext, *, run_id: UUID, sends_mail: bool) -> Claim | None:
    """Claim the first step and, if it was never tried, take it in the same transaction."""
    async with ctx.uow.begin(ctx.actor) as tx:
        claim = await service.claim_step(tx, run_id=run_id, lease_token=ctx.lease_token)
        if claim is None or claim.attempt > 1:
            return claim
        return await service.take_steps(tx, claim, sends_mail=sends_mail)


async def _claim(ctx: JobContext, run_id: UUID) -> Claim | None:
    async with ctx.uow.begin(ctx.actor) as tx:
        return await service.claim_step(tx, run_id=run_id, lease_token=ctx.lease_token)


async def _record_failure(ctx: JobContext, claim: Claim, error: Exception) -> RunAgain | None:
    told = describe(error)
    if is_final(error) or claim.attempt >= MAX_ATTEMPTS:
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.fail_step(tx, claim, told)
        return None
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.postpone_step(tx, claim, told)
    return RunAgain(after_seconds=_delay_seconds(error, claim.attempt))


def _delay_seconds(error: Exception, attempt: int) -> float:
    asked = error.retry_after_seconds if isinstance(error, Transient) else None
    return FIRST_DELAY_SECONDS * 2 ** (attempt - 1) if asked is None else asked
