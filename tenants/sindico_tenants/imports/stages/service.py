"""How an import goes on and ends. Everything is written under the job's lease, all or nothing."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity.models import UserState
from sindico_platform.identity.queries import find_user
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext
from sindico_platform.spreadsheets.schemas import SheetFacts, SheetRow
from sindico_tenants.companies.queries import lock_register
from sindico_tenants.imports import queries, statements
from sindico_tenants.imports.checking import (
    describe_reason,
    judge,
    read_rows,
    wanted_values,
)
from sindico_tenants.imports.columns import is_settled
from sindico_tenants.imports.definitions import get_importable
from sindico_tenants.imports.errors import (
    REASONS,
    ImportNotFound,
    ImportStopped,
    kept_details,
    reason,
)
from sindico_tenants.imports.models import WORKING, Import, ImportStatus, Outcome
from sindico_tenants.imports.retention.service import delete_rows, end_import, touch_import
from sindico_tenants.imports.schemas import SheetColumn, Stage, StoredRow
from sindico_tenants.outgoing_mails import service as mails
from sindico_tenants.outgoing_mails.schemas import MailTemplate


async def hold_import(tx: Tx, ctx: JobContext, import_id: UUID) -> Import:
    """Renew the job's lease and lock the import: until the transaction ends nobody else writes.

    Raises:
        LeaseLost: another worker has the job by now.
        ImportStopped: the import was cancelled, has ended, or is another job's by now.
    """
    await jobs.keep_lease(tx, ctx)
    try:
        found = await queries.lock_import(tx, import_id)
    except ImportNotFound as gone:
        raise ImportStopped from gone
    if found.status not in WORKING or found.job_id != ctx.job_id:
        raise ImportStopped
    return found


async def begin_stage(tx: Tx, ctx: JobContext, *, import_id: UUID) -> Stage:
    """Take the import up, for the first time or again.

    Raises:
        LeaseLost, ImportStopped: as `hold_import`.
    """
    found = await hold_import(tx, ctx, import_id)
    if found.status == ImportStatus.UPLOADED:
        found.status = ImportStatus.ANALYSING
        touch_import(tx, found)
    return Stage(
        import_id=import_id,
        resource=found.resource,
        status=found.status,
        blob_id=found.blob_id,
        format=found.format,
        columns=msgspec.convert(found.columns, list[SheetColumn] | None),
        header_number=found.header_number,
        read_through=found.read_through,
    )


async def keep_columns(
    tx: Tx,
    ctx: JobContext,
    stage: Stage,
    *,
    facts: SheetFacts,
    header_number: int,
    columns: list[SheetColumn],
) -> bool:
    """Write down what the columns are; unless all is clear, the import waits for a person.

    Returns:
        Whether the analysis goes on.
    """
    found = await hold_import(tx, ctx, stage.import_id)
    found.facts = msgspec.to_builtins(facts)
    found.columns, found.header_number = msgspec.to_builtins(columns), header_number
    settled = is_settled(get_importable(found.resource), columns)
    if not settled:
        found.status = ImportStatus.MAPPING
    touch_import(tx, found)
    return settled


async def forget_rows(tx: Tx, ctx: JobContext, stage: Stage) -> None:
    """Remove what an analysis with other columns kept."""
    await hold_import(tx, ctx, stage.import_id)
    await delete_rows(tx, stage.import_id)


async def keep_batch(
    tx: Tx,
    ctx: JobContext,
    stage: Stage,
    *,
    columns: Sequence[SheetColumn],
    rows: Sequence[SheetRow],
    example: Sequence[str],
) -> None:
    """Check a batch against what is registered now and keep it.

    Raises:
        LeaseLost, ImportStopped: as `hold_import`; nothing was written.
    """
    found = await hold_import(tx, ctx, stage.import_id)
    if rows[-1].number <= found.read_through:
        raise ImportStopped
    definition = get_importable(stage.resource)
    # In a thread, because thousands of rows take long enough for others to notice.
    drafts = await asyncio.to_thread(read_rows, definition, columns, rows)
    known = await queries.look_up(tx, definition, wanted_values(definition, drafts))
    kept = await asyncio.to_thread(
        judge, definition, drafts, known, example=example, new_id=tx.new_id
    )
    await _insert_rows(tx, stage.import_id, kept)
    found.read_through = rows[-1].number
    found.rows += len(rows)
    touch_import(tx, found)


async def _insert_rows(tx: Tx, import_id: UUID, rows: Sequence[StoredRow]) -> None:
    connection = await driver_of(tx)
    await connection.execute(statements.CREATE_INCOMING)
    await connection.copy_records_to_table(
        statements.INCOMING, records=[_as_tuple(row) for row in rows], columns=statements.COLUMNS
    )
    await connection.execute(statements.KEEP_ROWS, tx.tenant_id, import_id)
    await connection.execute(f"DROP TABLE {statements.INCOMING}")


def _as_tuple(row: StoredRow) -> tuple[Any, ...]:
    return (
        row.number,
        row.cells,
        row.outcome,
        _json(row.reasons),
        row.keys,
        row.target_id,
        row.target_revision,
        _json(row.values),
        _json(row.before),
    )


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def driver_of(tx: Tx) -> asyncpg.Connection:
    """The transaction's connection as the driver knows it, for COPY."""
    connection = await tx.session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def finish_analysis(tx: Tx, ctx: JobContext, stage: Stage) -> None:
    """Reject what the sheet says twice, count, and show what the import would do."""
    found = await hold_import(tx, ctx, stage.import_id)
    connection = await driver_of(tx)
    await connection.execute(
        statements.REJECT_DUPLICATES, tx.tenant_id, found.id, REASONS["duplicate-row"]
    )
    counts = await queries.count_outcomes(tx, found.id)
    for outcome in Outcome:
        setattr(found, outcome, counts[outcome])
    found.status, found.analysed_at = ImportStatus.READY, tx.now
    touch_import(tx, found)


async def write_stretch(tx: Tx, ctx: JobContext, stage: Stage) -> bool:
    """Write the next rows together with the place that was reached.

    Returns:
        False when there was nothing left, and the import has succeeded.
    """
    found = await hold_import(tx, ctx, stage.import_id)
    stretch = await queries.find_stretch(tx, found.id, after=found.written_through)
    if stretch is None:
        await _finish_writing(tx, found)
        return False
    said = statements.statements_of(found.resource)
    await _hold_records(tx, said.hold_to_write, found, stretch)
    created, updated = await _say(tx, said.write, found, stretch)
    lost_new, lost_old = await _reject_unwritten(tx, found, stretch, created + updated)
    found.written_through = stretch[1]
    found.written_created += len(created)
    found.written_updated += len(updated)
    found.created -= lost_new
    found.updated -= lost_old
    found.rejected += lost_new + lost_old
    touch_import(tx, found)
    return True


async def _hold_records(tx: Tx, statement: str, found: Import, stretch: tuple[int, int]) -> None:
    """Keep others from the records, and then from what must be one record's own.

    In the order in which a person's edit does: the record first.
    """
    connection = await driver_of(tx)
    await connection.execute(statement, tx.tenant_id, found.id, *stretch)
    await lock_register(tx, get_importable(found.resource).table)


async def _reject_unwritten(
    tx: Tx, found: Import, stretch: tuple[int, int], written: list[UUID]
) -> tuple[int, int]:
    connection = await driver_of(tx)
    lost = await connection.fetchrow(
        statements.REJECT_UNWRITTEN, tx.tenant_id, found.id, *stretch, written, _lost()
    )
    return lost[0], lost[1]


def _lost() -> str:
    return msgspec.json.encode([describe_reason(reason("", "changed-meanwhile"))]).decode()


async def _say(
    tx: Tx, statement: str, found: Import, stretch: tuple[int, int], *more: str
) -> list[Any]:
    connection = await driver_of(tx)
    bound = (tx.tenant_id, found.id, *stretch, tx.now, found.run_by)
    return list(await connection.fetchrow(statement, *bound, *more))


async def _finish_writing(tx: Tx, found: Import) -> None:
    await end_import(tx, found, ImportStatus.SUCCEEDED)
    counts = {outcome: getattr(found, outcome) for outcome in Outcome}
    await _record(tx, found, "import:finish", **counts)
    await _mail_end(tx, found)


async def _mail_end(tx: Tx, found: Import) -> None:
    """Tell whoever let it run, who need not have stayed to look on."""
    reader = await find_user(tx, found.run_by) if found.run_by else None
    if reader is None or reader.email is None or reader.state != UserState.ACTIVE:
        return
    await mails.queue_mail(
        tx,
        MailTemplate.IMPORT_FINISHED,
        to=reader.email,
        locale=reader.locale,
        path=f"/console/imports/{found.id}",
        facts={
            "filename": found.filename,
            "status": found.status,
            "finished_at": tx.now,
            "rows": found.rows,
            **{outcome.value: getattr(found, outcome) for outcome in Outcome},
        },
    )


async def undo_stretch(tx: Tx, ctx: JobContext, stage: Stage) -> bool:
    """Take the last rows that are still there back, together with the place that was reached.

    Returns:
        False when there was nothing left, and the import is undone.
    """
    found = await hold_import(tx, ctx, stage.import_id)
    before = found.undone_before if found.undone_before is not None else found.written_through + 1
    stretch = await queries.find_stretch(tx, found.id, before=before)
    if stretch is None:
        found.status, found.undone_at = ImportStatus.UNDONE, tx.now
        touch_import(tx, found)
        await _record(
            tx,
            found,
            "import:finish-undo",
            taken_away=found.removed,
            restored=found.restored,
            kept=found.kept,
        )
        return False
    said = statements.statements_of(found.resource)
    await _hold_records(tx, said.hold_to_undo, found, stretch)
    removed, restored, kept = await _say(tx, said.undo, found, stretch, *kept_details())
    found.undone_before = stretch[0]
    found.removed += removed
    found.restored += restored
    found.kept += kept
    touch_import(tx, found)
    return True


async def _record(tx: Tx, found: Import, tag: str, **facts: Any) -> None:
    await audit.record(tx, tag, target_type="import", target_id=found.id, **facts)


async def fail_import(tx: Tx, ctx: JobContext, *, import_id: UUID, error: dict[str, Any]) -> None:
    """End an import with a reason. What an undo has not taken back yet can be asked for again."""
    found = await hold_import(tx, ctx, import_id)
    was_writing = found.status == ImportStatus.RUNNING
    found.error = error
    await end_import(tx, found, ImportStatus.FAILED)
    if was_writing:
        await _mail_end(tx, found)
    if found.analysed_at is None:
        await delete_rows(tx, found.id)
        found.rows = 0
