"""Every SELECT on blobs."""

from uuid import UUID

from sqlalchemy import func, select

from sindico_platform.blobs.errors import BlobNotFound
from sindico_platform.blobs.models import Blob
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.database.tx import Tx
from sindico_platform.paging.reading import StructReader

_blobs = StructReader(BlobOut, Blob)


async def get_blob(tx: Tx, blob_id: UUID, *, purpose: str) -> BlobOut:
    """Read a blob whose bytes are complete and not expired.

    Args:
        purpose: the caller's own, so that no route gives out another's files.

    Raises:
        BlobNotFound: there is none, or it is another tenant's or another purpose's.
    """
    found = await _blobs.find(
        tx,
        Blob.tenant_id == tx.tenant_id,
        Blob.id == blob_id,
        Blob.purpose == purpose,
        Blob.stored_at.is_not(None),
        Blob.expires_at.is_(None) | (Blob.expires_at > tx.now),
    )
    if found is None:
        raise BlobNotFound
    return found


async def count_stored_bytes(tx: Tx) -> int:
    """Bytes of the bound tenant's blobs that are complete and not expired."""
    statement = select(func.coalesce(func.sum(Blob.size_bytes), 0)).where(
        Blob.tenant_id == tx.tenant_id,
        Blob.expires_at.is_(None) | (Blob.expires_at > tx.now),
    )
    return int(await tx.session.scalar(statement) or 0)


async def lock_row(tx: Tx, blob_id: UUID) -> Blob | None:
    """Lock the row, whatever its state."""
    statement = select(Blob).where(Blob.tenant_id == tx.tenant_id, Blob.id == blob_id)
    return (await tx.session.scalars(statement.with_for_update())).one_or_none()
