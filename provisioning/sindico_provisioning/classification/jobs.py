"""Drawing the curves because somebody asked, and telling what came of a run."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.classification import service


@job(queue="loads", timeout_seconds=600, lease_seconds=900)
async def classify_accounts(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
) -> None:
    """Draw every curve anew and categorise by it. Safe to run twice, or to be killed anywhere."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.classify_accounts(tx)


@job()
async def tell_of_changes(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    run_id: UUID,
) -> None:
    """Tell people which of their accounts changed class. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.tell_of_changes(tx, run_id=run_id)
