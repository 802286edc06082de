"""What becomes of imports with time: previews expire, rows and files are forgotten."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete

from sindico_platform.audit import service as audit
from sindico_platform.blobs import service as blobs
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_tenants.imports import queries
from sindico_tenants.imports.models import ACTIVE, WAITING, Import, ImportRow, ImportStatus

PREVIEW_DAYS = 7
"""How long an import waits for a person; what was checked then is old."""
KEPT_DAYS = 30
"""How long rows, and with them the way back, are kept after an import has ended."""


async def schedule_expiry(tx: Tx, found: Import) -> None:
    from sindico_tenants.imports.retention.jobs import expire_import as expire

    due = tx.now + timedelta(days=PREVIEW_DAYS)
    await jobs.add(tx, expire, run_at=due, import_id=found.id)


async def end_import(tx: Tx, found: Import, status: ImportStatus) -> None:
    """End a locked import and see to it that its rows are forgotten in time."""
    from sindico_tenants.imports.retention.jobs import forget_import as forget

    found.status = status
    found.finished_at = found.finished_at or tx.now
    touch_import(tx, found)
    due = tx.now + timedelta(days=KEPT_DAYS)
    await jobs.add(tx, forget, run_at=due, import_id=found.id)


def touch_import(tx: Tx, found: Import) -> None:
    """Tell those who follow the import that it has changed."""
    found.revision += 1
    tx.wake(queries.wake_channel(found.id))


async def delete_rows(tx: Tx, import_id: UUID) -> None:
    await tx.session.execute(
        delete(ImportRow).where(
            ImportRow.tenant_id == tx.tenant_id, ImportRow.import_id == import_id
        )
    )


async def expire_import(tx: Tx, *, import_id: UUID) -> None:
    """Cancel an import that still waits for a person. Repeatable."""
    found = await queries.lock_import(tx, import_id)
    if found.status in WAITING:
        await end_import(tx, found, ImportStatus.CANCELLED)
        await audit.record(tx, "import:expire", target_type="import", target_id=import_id)


async def forget_import(tx: Tx, *, import_id: UUID) -> None:
    """Remove rows and file of an import that has ended. Repeatable."""
    found = await queries.lock_import(tx, import_id)
    if found.status in ACTIVE or found.forgotten_at is not None:
        return
    await delete_rows(tx, import_id)
    await blobs.remove_blob(tx, blob_id=found.blob_id)
    found.forgotten_at = tx.now
    touch_import(tx, found)
