"""The only writer of blobs' rows.

The row comes first, without bytes and with a date to be removed on; then the bytes; then the row
says that they are there. So bytes without a row cannot be, wherever the process dies.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert

from sindico_platform.blobs import jobs as blob_jobs
from sindico_platform.blobs import queries
from sindico_platform.blobs.errors import BlobNotFound
from sindico_platform.blobs.models import Blob
from sindico_platform.blobs.stores import Stored
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.quotas.service import Quota, demand_room

WRITING_SECONDS = 24 * 3600
"""How long the bytes may take to be written; what is not complete by then is removed."""
MAX_FILENAME = 200


def key_of(tenant_id: UUID, blob_id: UUID) -> str:
    """Under which key the bytes lie in the store."""
    return f"{tenant_id}/{blob_id}"


async def announce_blob(tx: Tx, *, purpose: str, filename: str, content_type: str) -> UUID:
    """Make the row of a blob whose bytes are about to be written.

    Returns:
        Id of the blob, not readable before `keep_blob`.

    Raises:
        SindicoError: the tenant's storage is full (`quotas`).
    """
    await demand_room(tx, Quota.STORAGE_BYTES)
    blob_id, until = tx.new_id(), tx.now + timedelta(seconds=WRITING_SECONDS)
    await tx.session.execute(
        insert(Blob).values(
            tenant_id=tx.tenant_id,
            id=blob_id,
            purpose=purpose,
            filename=" ".join(filename.split())[:MAX_FILENAME] or purpose,
            content_type=content_type,
            created_at=tx.now,
            expires_at=until,
        )
    )
    await jobs.add(tx, blob_jobs.remove_expired_blob, run_at=until, blob_id=blob_id)
    return blob_id


async def keep_blob(tx: Tx, *, blob_id: UUID, stored: Stored, expires_at: datetime | None) -> None:
    """Record that every byte is written. Repeating the call changes nothing but the expiry.

    Raises:
        BlobNotFound: it took too long, and the blob was removed.
        SindicoError: the tenant has no room for so many bytes (`quotas`).
    """
    blob = await queries.lock_row(tx, blob_id)
    if blob is None or (blob.expires_at is not None and blob.expires_at <= tx.now):
        raise BlobNotFound
    if blob.stored_at is None:
        await demand_room(tx, Quota.STORAGE_BYTES, adding=stored.size_bytes)
    blob.sha256, blob.size_bytes = stored.sha256, stored.size_bytes
    blob.stored_at = blob.stored_at or tx.now
    blob.expires_at = expires_at
    if expires_at is not None:
        await jobs.add(tx, blob_jobs.remove_expired_blob, run_at=expires_at, blob_id=blob_id)


async def remove_blob(tx: Tx, *, blob_id: UUID) -> None:
    """Make the blob unreadable at once and have its bytes removed. Repeatable."""
    blob = await queries.lock_row(tx, blob_id)
    if blob is not None:
        blob.expires_at = tx.now
        await jobs.add(tx, blob_jobs.remove_expired_blob, blob_id=blob_id)


async def find_expired(tx: Tx, *, blob_id: UUID) -> bool:
    """Whether the blob's bytes are to be removed now."""
    blob = await queries.lock_row(tx, blob_id)
    return blob is not None and blob.expires_at is not None and blob.expires_at <= tx.now


async def forget_blob(tx: Tx, *, blob_id: UUID) -> None:
    """Delete the row after the bytes are gone, unless the expiry was moved meanwhile."""
    await tx.session.execute(
        delete(Blob).where(
            Blob.tenant_id == tx.tenant_id, Blob.id == blob_id, Blob.expires_at <= tx.now
        )
    )
