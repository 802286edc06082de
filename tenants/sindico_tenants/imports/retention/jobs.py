"""The jobs that clear away what nobody needs any more."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_tenants.imports.retention import service


@job(queue="imports", name="imports.expire_import")
async def expire_import(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    import_id: UUID,
) -> None:
    """Cancel an import whose preview nobody has acted upon. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.expire_import(tx, import_id=import_id)


@job(queue="imports", name="imports.forget_import", even_suspended=True)
async def forget_import(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    import_id: UUID,
) -> None:
    """Remove the rows and the file of an import that ended long ago. Safe to run twice."""
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.forget_import(tx, import_id=import_id)
