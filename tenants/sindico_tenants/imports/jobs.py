"""The jobs that move imports on. Killing one anywhere costs at most the step under way."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import structlog

from sindico_platform.blobs import queries as blobs
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.errors import InvalidInput, SindicoError, Transient
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.jobs.registry import job
from sindico_platform.jobs.runner import describe, is_final
from sindico_platform.spreadsheets.reading import open_reading
from sindico_platform.spreadsheets.schemas import SheetFacts, SheetFormat, SheetRow
from sindico_tenants.imports.checking import describe_reason
from sindico_tenants.imports.columns import find_header, recognise
from sindico_tenants.imports.definitions import get_importable
from sindico_tenants.imports.errors import ImportStopped, refuse_sheet
from sindico_tenants.imports.schemas import SheetColumn, Stage
from sindico_tenants.imports.stages import service as stages
from sindico_tenants.imports.template import example_of

MAX_ATTEMPTS = 8
STINT_SECONDS = 120
"""After this long a job queues its own continuation, so that no tenant keeps a worker."""
PURPOSE = "import"
"""Of the blobs that hold uploaded spreadsheets."""

log = structlog.get_logger()

Step = Callable[[JobContext, Stage], Awaitable[RunAgain | None]]


@job(queue="imports", timeout_seconds=900, lease_seconds=1200, max_attempts=MAX_ATTEMPTS)
async def analyse_import(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    import_id: UUID,
) -> RunAgain | None:
    """Read the file and say what each row would do. Safe to run twice, or to be killed anywhere."""
    return await _move(ctx, import_id, _analyse)


@job(queue="imports", timeout_seconds=900, lease_seconds=1200, max_attempts=MAX_ATTEMPTS)
async def run_import(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    import_id: UUID,
) -> RunAgain | None:
    """Write what the preview showed. Safe to run twice, or to be killed anywhere."""
    return await _move(ctx, import_id, _write)


@job(queue="imports", timeout_seconds=900, lease_seconds=1200, max_attempts=MAX_ATTEMPTS)
async def undo_import(
    ctx: JobContext,
    *,
    tenant_id: UUID,  # noqa: ARG001  (every job takes it; the context is bound to it)
    import_id: UUID,
) -> RunAgain | None:
    """Take back what was written. Safe to run twice, or to be killed anywhere."""
    return await _move(ctx, import_id, _undo)


async def _move(ctx: JobContext, import_id: UUID, step: Step) -> RunAgain | None:
    """Take the step; what cannot pass, or has not passed in all attempts, ends the import."""
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            stage = await stages.begin_stage(tx, ctx, import_id=import_id)
        return await step(ctx, stage)
    except ImportStopped:
        return None
    except LeaseLost:
        raise
    except Exception as error:
        if not is_final(error) and ctx.attempt < MAX_ATTEMPTS:
            raise
        await _fail(ctx, import_id, error)
        return None


async def _fail(ctx: JobContext, import_id: UUID, error: Exception) -> None:
    if not isinstance(error, SindicoError | Transient):
        log.error("import_fault", import_id=str(import_id), exc_info=error)
    try:
        async with ctx.uow.begin(ctx.actor) as tx:
            await stages.fail_import(tx, ctx, import_id=import_id, error=_told(error))
    except ImportStopped:
        return


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, InvalidInput):
        return describe_reason(error.errors[0])
    return describe(error)


async def _analyse(ctx: JobContext, stage: Stage) -> RunAgain | None:
    stop_at = time.monotonic() + STINT_SECONDS
    async with _sheet(ctx, stage) as (facts, batches):
        columns, header = stage.columns, stage.header_number
        async for rows in batches:
            if columns is None:
                columns, header = _recognise(stage, rows)
                async with ctx.uow.begin(ctx.actor) as tx:
                    settled = await stages.keep_columns(
                        tx, ctx, stage, facts=facts, header_number=header, columns=columns
                    )
                if not settled:
                    return None
            after = max(header or 0, stage.read_through)
            if following := [row for row in rows if row.number > after]:
                await _keep(ctx, stage, columns, following)
            if time.monotonic() > stop_at:
                return RunAgain()
    if columns is None:
        raise refuse_sheet("sheet-empty")
    async with ctx.uow.begin(ctx.actor) as tx:
        await stages.finish_analysis(tx, ctx, stage)
    return None


def _recognise(stage: Stage, rows: list[SheetRow]) -> tuple[list[SheetColumn], int]:
    definition = get_importable(stage.resource)
    position = find_header(definition, rows)
    header, following = rows[position], rows[position + 1 :]
    if not following:
        raise refuse_sheet("sheet-without-rows")
    return recognise(definition, header, following), header.number


async def _keep(
    ctx: JobContext, stage: Stage, columns: list[SheetColumn], rows: list[SheetRow]
) -> None:
    example = example_of(get_importable(stage.resource), columns)
    async with ctx.uow.begin(ctx.actor) as tx:
        await stages.keep_batch(tx, ctx, stage, columns=columns, rows=rows, example=example)


@asynccontextmanager
async def _sheet(
    ctx: JobContext, stage: Stage
) -> AsyncIterator[tuple[SheetFacts, AsyncGenerator[list[SheetRow], None]]]:
    """The file on this machine's disk for as long as it is read."""
    async with ctx.uow.begin(ctx.actor) as tx:
        blob = await blobs.get_blob(tx, stage.blob_id, purpose=PURPOSE)
    with TemporaryDirectory(prefix="sindico-import-") as folder:
        path = Path(folder) / "sheet"
        with path.open("wb") as file:
            async for piece in read_blob(ctx.blobs, ctx.tenant_id, blob):
                await asyncio.to_thread(file.write, piece)
        async with (
            open_reading(path, SheetFormat(stage.format)) as reading,
            aclosing(reading.batches()) as batches,
        ):
            yield reading.facts, batches


async def _write(ctx: JobContext, stage: Stage) -> RunAgain | None:
    return await _repeat(ctx, stage, stages.write_stretch)


async def _undo(ctx: JobContext, stage: Stage) -> RunAgain | None:
    return await _repeat(ctx, stage, stages.undo_stretch)


async def _repeat(
    ctx: JobContext, stage: Stage, take: Callable[..., Awaitable[bool]]
) -> RunAgain | None:
    """Stretch by stretch, each in a transaction, until none is left or the time is up."""
    stop_at = time.monotonic() + STINT_SECONDS
    while time.monotonic() < stop_at:
        async with ctx.uow.begin(ctx.actor) as tx:
            goes_on = await take(tx, ctx, stage)
        if not goes_on:
            return None
    return RunAgain()
