"""Who is told that a file waits too long or could not be stored, and when it is looked at."""

from datetime import timedelta
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_provisioning.document_notices import jobs as notice_jobs
from sindico_provisioning.notifications.catalogue import DOCUMENT_NOT_FETCHED, DOCUMENT_NOT_STORED
from sindico_provisioning.notifications.service import notify
from sindico_tenants.documents.carrying.service import mark_failure_told
from sindico_tenants.documents.pickups.service import mark_overdue

NOTICE_HOURS = 24
FIRST_LOOK_MINUTES = 15
DOCUMENTS_PATH = "/console/documents"


async def watch_document(tx: Tx, *, document_id: UUID) -> None:
    """Look at the file again when it should be stored, and long after it should be fetched."""
    soon, late = timedelta(minutes=FIRST_LOOK_MINUTES), timedelta(hours=NOTICE_HOURS)
    for look, wait in (
        (notice_jobs.notice_failed_document, soon),
        (notice_jobs.notice_waiting_document, late),
    ):
        await jobs.add(tx, look, run_at=tx.now + wait, document_id=document_id)


async def notice_if_waiting(tx: Tx, *, document_id: UUID) -> None:
    """Tell the tenant once if the file still waits for its server."""
    document = await mark_overdue(tx, document_id=document_id)
    if document is not None:
        await notify(
            tx,
            DOCUMENT_NOT_FETCHED,
            company_id=document.company_id,
            branch_id=document.branch_id,
            path=f"{DOCUMENTS_PATH}/waiting",
            name=document.name,
            hours=NOTICE_HOURS,
        )


async def notice_if_failed(tx: Tx, *, document_id: UUID) -> None:
    """Tell the tenant once that a file could not be stored."""
    document = await mark_failure_told(tx, document_id=document_id)
    if document is not None:
        path = f"{DOCUMENTS_PATH}/{document_id}"
        await notify(tx, DOCUMENT_NOT_STORED, path=path, name=document.name)
