"""Who is told that a file has waited too long, and when it is looked at."""

from datetime import timedelta
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_provisioning.document_notices import jobs as notice_jobs
from sindico_provisioning.notifications.catalogue import DOCUMENT_NOT_FETCHED
from sindico_provisioning.notifications.service import notify
from sindico_tenants.documents.pickups.service import mark_overdue

NOTICE_HOURS = 24


async def watch_document(tx: Tx, *, document_id: UUID) -> None:
    """Look at the file again when it should long have been fetched."""
    at = tx.now + timedelta(hours=NOTICE_HOURS)
    await jobs.add(tx, notice_jobs.notice_waiting_document, run_at=at, document_id=document_id)


async def notice_if_waiting(tx: Tx, *, document_id: UUID) -> None:
    """Tell the tenant once if the file still waits for its server."""
    document = await mark_overdue(tx, document_id=document_id)
    if document is not None:
        await notify(
            tx,
            DOCUMENT_NOT_FETCHED,
            company_id=document.company_id,
            branch_id=document.branch_id,
            name=document.name,
            hours=NOTICE_HOURS,
        )
