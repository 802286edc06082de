"""A whole blob written or read: rows and bytes in their order, no transaction around the bytes."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from uuid import UUID

from sindico_platform.blobs import queries, service
from sindico_platform.blobs.errors import BlobDamaged
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.blobs.stores import ByteStore
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import OutsideError, SindicoError


async def write_blob(
    uow: UnitOfWork,
    store: ByteStore,
    actor: Actor,
    chunks: AsyncIterable[bytes],
    *,
    purpose: str,
    filename: str,
    content_type: str,
    expires_at: datetime | None,
    max_bytes: int | None = None,
    tenant: UUID | None = None,
) -> BlobOut:
    """Write `chunks` as a new blob of the actor's tenant, or of `tenant`.

    Killed anywhere, nothing readable is left, and what is left is removed within a day.

    Args:
        expires_at: when it is removed; None keeps it until `service.remove_blob`.

    Raises:
        BlobTooLarge: more than `max_bytes` came.
        SindicoError: the tenant has no room for it (`quotas`). Nothing is kept.
        Transient, Terminal: the store failed or refused.
    """
    async with uow.begin(actor, tenant=tenant) as tx:
        blob_id = await service.announce_blob(
            tx, purpose=purpose, filename=filename, content_type=content_type
        )
        key = service.key_of(tx.tenant_id, blob_id)
    try:
        stored = await store.write(key, chunks, max_bytes=max_bytes)
        async with uow.begin(actor, tenant=tenant) as tx:
            await service.keep_blob(tx, blob_id=blob_id, stored=stored, expires_at=expires_at)
            await tx.session.flush()
            return await queries.get_blob(tx, blob_id, purpose=purpose)
    except (SindicoError, OutsideError):
        async with uow.begin(actor, tenant=tenant) as tx:
            await service.remove_blob(tx, blob_id=blob_id)
        raise


async def read_blob(store: ByteStore, tenant_id: UUID, blob: BlobOut) -> AsyncIterator[bytes]:
    """The bytes of a blob that `queries.get_blob` gave.

    Raises:
        BlobDamaged: after the last byte, if they are not those that were written.
        Transient, Terminal: the store failed or refused.
    """
    digest = hashlib.sha256()
    async for chunk in store.read(service.key_of(tenant_id, blob.id)):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != blob.sha256:
        raise BlobDamaged
