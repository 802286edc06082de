"""The end of a tenant's grace period."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.tenant_registry import service


@job(even_suspended=True)
async def finish_closing(ctx: JobContext, *, tenant_id: UUID) -> None:
    """Close the tenant for good, unless it was resumed. Safe to run twice, or to be killed."""
    async with ctx.uow.begin(ctx.actor, tenant=tenant_id) as tx:
        await service.finish_closing(tx)
