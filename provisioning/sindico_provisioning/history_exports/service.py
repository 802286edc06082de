"""The only writer of history files' rows."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete

from sindico_platform.audit import service as audit
from sindico_platform.blobs import service as blobs
from sindico_platform.database.tx import ActorKind, Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext
from sindico_platform.words import translatable
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.exchanges.masking import sees_all
from sindico_provisioning.history_exports import queries
from sindico_provisioning.history_exports.errors import (
    ExportStopped,
    HistoryExportNotFound,
    HistoryExportsUnderWay,
    HistoryTooLarge,
)
from sindico_provisioning.history_exports.models import ACTIVE, ExportStatus, HistoryExport
from sindico_provisioning.history_exports.period import Period
from sindico_provisioning.history_exports.schemas import (
    AT_ONCE_ROWS,
    KEPT_DAYS,
    MAX_UNDER_WAY,
    ROW_KEPT_DAYS,
    Asked,
    HistorySize,
    Writing,
)
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import HISTORY_NOT_WRITTEN, HISTORY_READY
from sindico_provisioning.packages import service as packages

LIMIT = "export_rows"
PATH = "/console/erp-data/history/files"
TABLES_MISSING = translatable("Choose one table at least.")
TABLE_UNKNOWN = translatable("There is no ERP table {table}.")


def choose(period: Period, tables: tuple[str, ...] | None) -> Asked:
    """What a file is about, its tables in their usual order; all of them without any.

    Raises:
        InvalidInput: naming ``tables``.
    """
    if tables is None:
        return Asked(period=period, tables=tuple(TABLES), with_others=True)
    if not tables:
        raise InvalidInput(field_error("tables", "empty", TABLES_MISSING))
    for name in tables:
        if name not in TABLES:
            raise InvalidInput(
                field_error("tables", "erp-table-unknown", TABLE_UNKNOWN, table=name)
            )
    chosen = tuple(name for name in TABLES if name in tables)
    return Asked(period=period, tables=chosen, with_others=len(chosen) == len(TABLES))


async def measure_exportable(tx: Tx, asked: Asked) -> HistorySize:
    """How much the file will list.

    Raises:
        PackageLimitReached: more rows than the tenant may export at once.
    """
    size = await queries.measure(tx, asked)
    await packages.enforce(tx, LIMIT, 0, adding=size.rows)
    return size


async def record_at_once(tx: Tx, asked: Asked) -> HistorySize:
    """Note in the audit trail that the history is sent now.

    Raises:
        HistoryTooLarge: it must be written by a job.
        PackageLimitReached: more rows than the tenant may export at once.
    """
    size = await measure_exportable(tx, asked)
    if size.rows > AT_ONCE_ROWS:
        raise HistoryTooLarge(rows=size.rows, limit=AT_ONCE_ROWS)
    await _record(tx, "history:export", tx.new_id(), asked, size)
    return size


async def add_export(
    tx: Tx, *, asked: Asked, locale: str, timezone: str, filename: str
) -> HistoryExport:
    """Let a job write the file.

    Raises:
        HistoryExportsUnderWay: the tenant has enough of them.
        PackageLimitReached: more rows than the tenant may export at once.
    """
    from sindico_provisioning.history_exports.jobs import write_history

    size = await measure_exportable(tx, asked)
    under_way = await queries.count_under_way(tx)
    if under_way >= MAX_UNDER_WAY:
        raise HistoryExportsUnderWay(count=under_way)
    await _forget_old(tx)
    export_id = tx.new_id()
    export = HistoryExport(
        tenant_id=tx.tenant_id,
        id=export_id,
        status=ExportStatus.PENDING,
        since=asked.period.since,
        until=asked.period.until,
        tables=list(asked.tables),
        with_others=asked.with_others,
        with_personal=sees_all(tx.actor),
        locale=locale,
        timezone=timezone,
        requested_by=tx.actor.name,
        user_id=tx.actor.id if tx.actor.kind is ActorKind.USER else None,
        requests=size.requests,
        records=size.records,
        written=0,
        filename=filename,
        job_id=await jobs.add(tx, write_history, export_id=export_id),
        revision=1,
        created_at=tx.now,
    )
    tx.session.add(export)
    await tx.session.flush()
    await _record(tx, "history:export", export_id, asked, size)
    return export


def file_name(period: Period, zone: str, word: str) -> str:
    """Such as ``historico-2026-11-15-2026-11-22.xlsx``."""
    local = ZoneInfo(zone)
    days = (period.since.astimezone(local).date(), period.until.astimezone(local).date())
    return f"{word}-{days[0]}-{days[1]}.xlsx"


async def cancel_export(tx: Tx, *, export_id: UUID) -> HistoryExport:
    """Stop writing a file. One that has ended stays as it is.

    Raises:
        HistoryExportNotFound: there is none.
    """
    export = await queries.lock_export(tx, export_id)
    if export.status in ACTIVE:
        _end(tx, export, ExportStatus.CANCELLED)
        await audit.record(tx, "history:cancel", target_type="history_export", target_id=export_id)
    return export


async def hold_export(tx: Tx, ctx: JobContext, export_id: UUID) -> HistoryExport:
    """Renew the job's lease and lock the file's row.

    Raises:
        LeaseLost: another worker has the job by now.
        ExportStopped: the file was cancelled, has ended, or is another job's.
    """
    await jobs.keep_lease(tx, ctx)
    try:
        export = await queries.lock_export(tx, export_id)
    except HistoryExportNotFound as gone:
        raise ExportStopped from gone
    if export.status not in ACTIVE or export.job_id != ctx.job_id:
        raise ExportStopped
    return export


async def begin_writing(tx: Tx, ctx: JobContext, *, export_id: UUID) -> Writing:
    """Take the file up, from its beginning.

    Raises:
        LeaseLost, ExportStopped: as `hold_export`.
    """
    export = await hold_export(tx, ctx, export_id)
    export.status, export.started_at, export.written = ExportStatus.RUNNING, tx.now, 0
    _touch(tx, export)
    return Writing(
        export_id=export_id,
        asked=Asked(
            period=Period(since=export.since, until=export.until),
            tables=tuple(export.tables),
            with_others=export.with_others,
        ),
        with_personal=export.with_personal,
        locale=export.locale,
        timezone=export.timezone,
        filename=export.filename,
    )


async def note_progress(tx: Tx, ctx: JobContext, *, export_id: UUID, written: int) -> None:
    """Tell how far the file is.

    Raises:
        LeaseLost, ExportStopped: as `hold_export`.
    """
    export = await hold_export(tx, ctx, export_id)
    export.written = written
    _touch(tx, export)


async def finish_export(
    tx: Tx, ctx: JobContext, *, export_id: UUID, blob_id: UUID, size_bytes: int, written: int
) -> None:
    """The file is there: keep it for some days and tell whoever asked.

    Raises:
        LeaseLost, ExportStopped: as `hold_export`.
    """
    export = await hold_export(tx, ctx, export_id)
    export.blob_id, export.size_bytes, export.written = blob_id, size_bytes, written
    _end(tx, export, ExportStatus.SUCCEEDED)
    export.expires_at = tx.now + timedelta(days=KEPT_DAYS)
    if export.user_id is not None:
        await notifications.notify(
            tx,
            HISTORY_READY,
            user_id=export.user_id,
            path=f"{PATH}/{export_id}",
            filename=export.filename,
            days=KEPT_DAYS,
        )


async def fail_export(tx: Tx, ctx: JobContext, *, export_id: UUID, error: dict[str, Any]) -> None:
    """Give the file up and say why.

    Raises:
        LeaseLost, ExportStopped: as `hold_export`.
    """
    export = await hold_export(tx, ctx, export_id)
    export.error = error
    _end(tx, export, ExportStatus.FAILED)
    if export.user_id is not None:
        await notifications.notify(
            tx,
            HISTORY_NOT_WRITTEN,
            user_id=export.user_id,
            path=f"{PATH}/{export_id}",
            filename=export.filename,
        )


async def drop_file(tx: Tx, *, blob_id: UUID) -> None:
    """Remove a file that came too late to be anybody's."""
    await blobs.remove_blob(tx, blob_id=blob_id)


def _end(tx: Tx, export: HistoryExport, status: ExportStatus) -> None:
    export.status, export.finished_at = status, tx.now
    _touch(tx, export)


def _touch(tx: Tx, export: HistoryExport) -> None:
    export.revision += 1
    tx.wake(queries.wake_channel(export.id))


async def _forget_old(tx: Tx) -> None:
    """Forget files that are gone for long; their bytes were removed when they expired."""
    await tx.session.execute(
        delete(HistoryExport).where(
            HistoryExport.tenant_id == tx.tenant_id,
            HistoryExport.status.not_in(ACTIVE),
            HistoryExport.created_at < tx.now - timedelta(days=ROW_KEPT_DAYS),
        )
    )


async def _record(tx: Tx, tag: str, target_id: UUID, asked: Asked, size: HistorySize) -> None:
    await audit.record(
        tx,
        tag,
        target_type="history_export",
        target_id=target_id,
        since=asked.period.since.isoformat(),
        until=asked.period.until.isoformat(),
        tables=list(asked.tables),
        requests=size.requests,
        records=size.records,
    )
