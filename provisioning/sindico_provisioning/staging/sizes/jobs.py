"""The job that measures what a load has left."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.staging.sizes import service


@job(timeout_seconds=300, lease_seconds=600, name="staging.measure_size")
async def measure_size(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    integration_id: UUID,
) -> None:
    """Measure an integration's part of the staging. Safe to run twice, or to be killed anywhere."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.measure_staging(tx, integration_id=integration_id)
