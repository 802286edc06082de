"""The job that looks at sign-offs when a load has ended."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.onboarding import service


@job()
async def review_after_load(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    integration_id: UUID,
) -> None:
    """Withdraw what the counts no longer bear out. Safe to run twice, or to be killed anywhere."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.review_sign_offs(tx, integration_id=integration_id)
