"""The job that clears an integration's staging once a day, whether or not anything is loaded."""

import time
from uuid import UUID

from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.registry import job
from sindico_provisioning.staging.retention import service

STINT_SECONDS = 120
"""After this long the job queues its own continuation, so that no tenant keeps a worker."""


@job(queue="loads", timeout_seconds=600, lease_seconds=900, name="staging.retire_rows")
async def retire_rows(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    integration_id: UUID,
) -> RunAgain | None:
    """Take out what is too old or paid, stretch by stretch.

    Safe to run twice, or to be killed anywhere: a stretch is removed, counted and passed at once.
    """
    stop_at = time.monotonic() + STINT_SECONDS
    while time.monotonic() < stop_at:
        async with ctx.uow.begin(ctx.actor) as tx:
            if await service.retire_next(tx, ctx, integration_id=integration_id):
                return None
    return RunAgain()
