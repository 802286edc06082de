"""Drawing the curves because somebody asked, and telling what came of a run."""

from uuid import UUID

from sindico_platform.database.planning import join_by_hash
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.classification import service
from sindico_tenants.portfolios import service as portfolios
from sindico_tenants.portfolios.schemas import Kind


@job(queue="loads", timeout_seconds=600, lease_seconds=900)
async def classify_accounts(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
) -> None:
    """Draw every curve anew and categorise by it. Safe to run twice, or to be killed anywhere.

    Each kind is placed in a transaction of its own, as a load does it: accounts are held in the
    order of their ids, so that a transaction that placed both would hold one twice out of order.
    """
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.draw_curves(tx)
    for kind in Kind:
        async with ctx.uow.begin(ctx.actor) as tx:
            await join_by_hash(tx)
            await portfolios.place_accounts(tx, kind)


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
