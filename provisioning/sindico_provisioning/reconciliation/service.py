"""The only writer of comparisons. What a job writes is written under its lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.runner import describe
from sindico_provisioning.connectors.schemas import Cursor, Page, Totals
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import Checked
from sindico_provisioning.reconciliation import queries, statements
from sindico_provisioning.reconciliation.errors import ReconciliationRunning
from sindico_provisioning.reconciliation.models import (
    UNDER_WAY,
    Difference,
    ReconciledTable,
    Reconciliation,
    ReconciliationStatus,
    SourceKey,
)
from sindico_provisioning.staging.service import driver_of
from sindico_provisioning.staging.statements import INCOMING, statements_of

COUNTS = ("pages", "source_rows", "unreadable", "staged_rows", "missing", "extra", "changed")


class ReconciliationStopped(Exception):
    """The comparison has ended, or is another job's by now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the walk stands."""

    reconciliation_id: UUID
    integration_id: UUID
    position: int
    table: str
    cursor: Cursor | None
    pages: int


async def end_dead(tx: Tx, *, integration_id: UUID) -> None:
    """End a comparison whose job was given up or cancelled: nobody carries on with it.

    Repeating the call changes nothing.
    """
    dead = await queries.find_without_job(tx, integration_id)
    if dead is not None:
        _end(tx, dead, ReconciliationStatus.FAILED)
        await tx.session.flush()


async def add_reconciliation(tx: Tx, *, integration_id: UUID, job: Any) -> Reconciliation:
    """Write a comparison and its job down.

    Raises:
        ReconciliationRunning: another one has not ended.
    """
    await end_dead(tx, integration_id=integration_id)
    newest = await queries.find_newest(tx, integration_id)
    new = tx.new_id_after(newest.id if newest else None)
    row = Reconciliation(
        tenant_id=tx.tenant_id,
        id=new,
        integration_id=integration_id,
        status=ReconciliationStatus.PENDING,
        requested_by=tx.actor.name,
        job_id=await jobs.add(tx, job, reconciliation_id=new),
        created_at=tx.now,
    )
    try:
        async with tx.session.begin_nested():
            tx.session.add(row)
            await tx.session.flush()
    except IntegrityError as clash:
        if "uq_reconciliation_active" not in str(clash.orig):
            raise
        raise ReconciliationRunning from clash
    target: dict[str, Any] = {"target_type": "integration", "target_id": integration_id}
    await audit.record(tx, "reconciliation:start", **target)
    return row


async def hold(tx: Tx, ctx: JobContext, reconciliation_id: UUID) -> Reconciliation:
    """Renew the job's lease and lock the comparison.

    Raises:
        LeaseLost: another worker has the job by now.
        ReconciliationStopped: there is nothing left to do for this job.
    """
    await jobs.keep_lease(tx, ctx)
    row = await queries.lock_reconciliation(tx, reconciliation_id)
    if row.status not in UNDER_WAY or row.job_id != ctx.job_id:
        raise ReconciliationStopped
    return row


async def begin(tx: Tx, ctx: JobContext, reconciliation_id: UUID) -> Reconciliation:
    """Take the comparison up, for the first time or again."""
    row = await hold(tx, ctx, reconciliation_id)
    row.status, row.started_at = ReconciliationStatus.RUNNING, row.started_at or tx.now
    return row


async def plan(tx: Tx, ctx: JobContext, reconciliation_id: UUID, tables: Sequence[str]) -> None:
    """Write the tables down before the first is read; repeating the call changes nothing."""
    await hold(tx, ctx, reconciliation_id)
    if await queries.list_tables(tx, reconciliation_id):
        return
    rows = [
        {
            "tenant_id": tx.tenant_id,
            "reconciliation_id": reconciliation_id,
            "position": position,
            "resource": table,
            "status": ReconciliationStatus.PENDING,
            "outside_crm": 0,
            **dict.fromkeys(COUNTS, 0),
        }
        for position, table in enumerate(tables, start=1)
    ]
    if rows:
        await tx.session.execute(insert(ReconciledTable), rows)


async def find_place(tx: Tx, reconciliation: Reconciliation) -> Place | None:
    """Where to go on; None when every table is compared."""
    for row in await queries.list_tables(tx, reconciliation.id):
        if row.status != ReconciliationStatus.SUCCEEDED:
            return _place(reconciliation.id, reconciliation.integration_id, row)
    return None


async def keep_page(
    tx: Tx, ctx: JobContext, *, at: Place, page: Page, checked: Checked
) -> Place | None:
    """Keep keys and digests of a page with the cursor after it; after the last page, compare.

    Returns:
        Where the walk stands now; None when the table is done.

    Raises:
        LeaseLost, ReconciliationStopped: somebody else goes on; nothing was written.
    """
    await hold(tx, ctx, at.reconciliation_id)
    row = await _lock_table(tx, at)
    await _keep_keys(tx, at, checked)
    row.status, row.cursor = ReconciliationStatus.RUNNING, page.next_cursor
    row.pages += 1
    row.unreadable += sum(each.id_erp is None for each in checked.rejections)
    if not page.done:
        return _place(at.reconciliation_id, at.integration_id, row)
    await _compare(tx, at, row)
    return None


async def agree(tx: Tx, ctx: JobContext, *, at: Place, totals: Totals) -> bool:
    """End a table of which the ERP tells what is staged: the same count and the same sums.

    Returns:
        False when they differ; then the table is to be read, to find the keys.

    Raises:
        LeaseLost, ReconciliationStopped: somebody else goes on; nothing was written.
    """
    await hold(tx, ctx, at.reconciliation_id)
    driver, table = await driver_of(tx), get_table(at.table)
    statement = statements.add_up(table, list(totals.sums))
    ours = dict(await driver.fetchrow(statement, tx.tenant_id, at.integration_id))
    if ours != {"rows": totals.rows, **totals.sums}:
        return False
    row = await _lock_table(tx, at)
    row.source_rows = row.staged_rows = totals.rows
    row.outside_crm = await driver.fetchval(
        statements.keep_outside(table), tx.tenant_id, at.reconciliation_id, at.integration_id
    )
    row.status, row.compared_at = ReconciliationStatus.SUCCEEDED, tx.now
    return True


async def _lock_table(tx: Tx, at: Place) -> ReconciledTable:
    """The table that the walk stands at.

    Raises:
        ReconciliationStopped: somebody else has gone on from here.
    """
    row = await tx.session.get_one(
        ReconciledTable,
        (tx.tenant_id, at.reconciliation_id, at.position),
        populate_existing=True,
    )
    if row.pages != at.pages or row.status == ReconciliationStatus.SUCCEEDED:
        raise ReconciliationStopped
    return row


async def _keep_keys(tx: Tx, at: Place, checked: Checked) -> None:
    driver, said = await driver_of(tx), statements_of(checked.table)
    bound = (tx.tenant_id, at.reconciliation_id)
    await driver.execute(statements.SAME_CLOCK)
    if checked.rows:
        await driver.execute(said.create_incoming)
        await driver.copy_records_to_table(INCOMING, records=checked.rows, columns=said.columns)
        await driver.execute(statements.keep_page(checked.table), *bound, at.integration_id, tx.now)
        await driver.execute(f"DROP TABLE {INCOMING}")
    keys = sorted({each.id_erp for each in checked.rejections if each.id_erp is not None})
    if keys:
        await driver.execute(statements.KEEP_REJECTED, *bound, at.table, keys)


async def _compare(tx: Tx, at: Place, row: ReconciledTable) -> None:
    driver = await driver_of(tx)
    await tx.session.execute(
        delete(Difference).where(
            Difference.tenant_id == tx.tenant_id,
            Difference.reconciliation_id == at.reconciliation_id,
            Difference.resource == at.table,
        )
    )
    found = await driver.fetchrow(
        statements.compare(get_table(at.table)),
        tx.tenant_id,
        at.reconciliation_id,
        at.integration_id,
    )
    for name, value in found.items():
        setattr(row, name, value)
    row.status, row.compared_at = ReconciliationStatus.SUCCEEDED, tx.now
    await tx.session.execute(
        delete(SourceKey).where(
            SourceKey.tenant_id == tx.tenant_id,
            SourceKey.reconciliation_id == at.reconciliation_id,
            SourceKey.resource == at.table,
        )
    )


async def finish(tx: Tx, ctx: JobContext, reconciliation_id: UUID) -> None:
    """End a comparison whose tables are all compared."""
    _end(tx, await hold(tx, ctx, reconciliation_id), ReconciliationStatus.SUCCEEDED)


async def fail(tx: Tx, ctx: JobContext, reconciliation_id: UUID, error: Exception) -> None:
    """End a comparison with its reason; the tables that are compared stay so."""
    row = await hold(tx, ctx, reconciliation_id)
    row.error = dict(describe(error))
    _end(tx, row, ReconciliationStatus.FAILED)
    await tx.session.execute(
        delete(SourceKey).where(
            SourceKey.tenant_id == tx.tenant_id, SourceKey.reconciliation_id == reconciliation_id
        )
    )


def _end(tx: Tx, row: Reconciliation, status: ReconciliationStatus) -> None:
    row.status, row.finished_at = status, tx.now


def _place(reconciliation_id: UUID, integration_id: UUID, row: ReconciledTable) -> Place:
    return Place(
        reconciliation_id=reconciliation_id,
        integration_id=integration_id,
        position=row.position,
        table=row.resource,
        cursor=row.cursor,
        pages=row.pages,
    )
