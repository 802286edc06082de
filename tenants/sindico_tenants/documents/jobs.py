"""What happens to documents in the background."""

from typing import Any
from uuid import UUID

import structlog

from sindico_platform.blobs import queries as blobs
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.errors import OutsideError, SindicoError
from sindico_platform.file_transport import open_file_server
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.registry import job
from sindico_platform.jobs.runner import describe, is_final
from sindico_tenants.documents.carrying import service
from sindico_tenants.documents.carrying.schemas import Carriage
from sindico_tenants.documents.models import PURPOSE

MAX_ATTEMPTS = 8
log = structlog.get_logger()


@job(queue="files", timeout_seconds=3600, lease_seconds=3900, max_attempts=MAX_ATTEMPTS)
async def store_document(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    document_id: UUID,
) -> None:
    """Carry a file to the customer's server. Safe to run twice, or to be killed anywhere.

    The file's name is its own, and is there whole or not at all: a repeat replaces it by itself.
    """
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            carriage = await service.begin_storing(tx, ctx.secrets, document_id=document_id)
        if carriage is None:
            return
        await _upload(ctx, carriage)
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.finish_storing(tx, carriage)
    except LeaseLost:
        raise
    except Exception as error:
        if not is_final(error) and ctx.attempt < MAX_ATTEMPTS:
            raise
        await _give_up(ctx, document_id, error)


@job(queue="files", timeout_seconds=180, lease_seconds=240, max_attempts=MAX_ATTEMPTS)
async def remove_document_file(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    document_id: UUID,
) -> None:
    """Remove a deleted document's file from its server. Repeatable."""
    async with ctx.uow.begin(ctx.actor) as tx:
        carriage = await service.begin_removal(tx, ctx.secrets, document_id=document_id)
    if carriage is not None:
        async with open_file_server(ctx.guard, carriage.server) as server:
            await server.delete(carriage.path)
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.finish_removal(tx, document_id=document_id)


async def _give_up(ctx: JobContext, document_id: UUID, error: Exception) -> None:
    if not isinstance(error, OutsideError | SindicoError):
        log.error("document_fault", document_id=str(document_id), exc_info=error)
    async with ctx.uow.begin(ctx.actor) as tx:
        await service.fail_storing(tx, document_id=document_id, reason=_reason_of(error))


def _reason_of(error: Exception) -> dict[str, Any]:
    """What people are told: what went wrong, and what to do about it where that is known."""
    advice = error.advice if isinstance(error, OutsideError) else None
    return describe(error) | ({"advice": advice} if advice else {})


async def _upload(ctx: JobContext, carriage: Carriage) -> None:
    async with ctx.uow.begin(ctx.actor) as tx:
        blob = await blobs.get_blob(tx, carriage.demand_blob(), purpose=PURPOSE)
    async with open_file_server(ctx.guard, carriage.server) as server:
        await server.upload(carriage.path, read_blob(ctx.blobs, ctx.tenant_id, blob))
