"""The job that writes a history file. Killed anywhere, the next one begins it anew."""

import time
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from sindico_platform.blobs.transfer import write_blob
from sindico_platform.errors import SindicoError, Transient
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.registry import job
from sindico_platform.jobs.runner import describe, is_final
from sindico_platform.spreadsheets.inspection import CONTENT_TYPES
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_provisioning.history_exports import service
from sindico_provisioning.history_exports.errors import ExportStopped
from sindico_provisioning.history_exports.schemas import KEPT_DAYS, Writing
from sindico_provisioning.history_exports.sheets import Reader
from sindico_provisioning.history_exports.writing import HistoryFile

MAX_ATTEMPTS = 4
PURPOSE = "history-export"
"""Of the blobs that hold the files."""
TOLD_EVERY_SECONDS = 1.0

log = structlog.get_logger()


@job(queue="exports", timeout_seconds=1800, lease_seconds=2100, max_attempts=MAX_ATTEMPTS)
async def write_history(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    export_id: UUID,
) -> None:
    """Write the file and keep it. Safe to run twice, or to be killed anywhere."""
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            writing = await service.begin_writing(tx, ctx, export_id=export_id)
        await _write(ctx, writing)
    except ExportStopped:
        return
    except LeaseLost:
        raise
    except Exception as error:
        if not is_final(error) and ctx.attempt < MAX_ATTEMPTS:
            raise
        await _give_up(ctx, export_id, error)


async def _give_up(ctx: JobContext, export_id: UUID, error: Exception) -> None:
    if not isinstance(error, SindicoError | Transient):
        log.error("history_export_fault", export_id=str(export_id), exc_info=error)
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.fail_export(tx, ctx, export_id=export_id, error=describe(error))
    except ExportStopped:
        return


async def _write(ctx: JobContext, writing: Writing) -> None:
    watch = _Watch(ctx, writing.export_id)
    reader = Reader(
        translate=ctx.services.translator(writing.locale),
        locale=writing.locale,
        zone=ZoneInfo(writing.timezone),
        sees_personal=writing.with_personal,
    )
    file = HistoryFile(lambda: ctx.uow.begin(ctx.actor), writing.asked, reader, watch.note)
    async with ctx.uow.begin(ctx.actor) as tx:
        until = tx.now + timedelta(days=KEPT_DAYS)
    async with aclosing(file.pieces()) as pieces:
        blob = await write_blob(
            ctx.uow,
            ctx.blobs,
            ctx.actor,
            pieces,
            purpose=PURPOSE,
            filename=writing.filename,
            content_type=CONTENT_TYPES[SheetFormat.XLSX],
            expires_at=until,
        )
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.finish_export(
                tx,
                ctx,
                export_id=writing.export_id,
                blob_id=blob.id,
                size_bytes=blob.size_bytes,
                written=watch.written,
            )
    except (ExportStopped, LeaseLost):
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.drop_file(tx, blob_id=blob.id)
        raise


class _Watch:
    """Tells how far the file is, once a second."""

    def __init__(self, ctx: JobContext, export_id: UUID) -> None:
        self._ctx, self._export_id = ctx, export_id
        self._told_at = time.monotonic()
        self.written = 0

    async def note(self, rows: int, /) -> None:
        self.written += rows
        if time.monotonic() - self._told_at < TOLD_EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        async with self._ctx.uow.begin(self._ctx.actor) as tx:
            await service.note_progress(
                tx, self._ctx, export_id=self._export_id, written=self.written
            )
