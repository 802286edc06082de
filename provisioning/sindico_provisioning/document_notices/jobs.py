"""Looking after files that wait."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_provisioning.document_notices import service


@job()
async def notice_waiting_document(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    document_id: UUID,
) -> None:
    """Tell that a file still waits for the customer's server, or failed. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.notice_if_waiting(tx, document_id=document_id)
        await service.notice_if_failed(tx, document_id=document_id)


@job()
async def notice_failed_document(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    document_id: UUID,
) -> None:
    """Tell that a file could not be stored. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.notice_if_failed(tx, document_id=document_id)
