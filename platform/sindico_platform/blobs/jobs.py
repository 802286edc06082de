"""What happens to blobs in the background."""

from uuid import UUID

from sindico_platform.blobs import service
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job


@job(even_suspended=True)
async def remove_expired_blob(ctx: JobContext, *, tenant_id: UUID, blob_id: UUID) -> None:
    """Remove the bytes and then the row, if the blob has expired. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        if not await service.find_expired(tx, blob_id=blob_id):
            return
    await ctx.blobs.delete(service.key_of(tenant_id, blob_id))
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.forget_blob(tx, blob_id=blob_id)
