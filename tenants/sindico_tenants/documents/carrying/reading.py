"""The bytes of a document, from wherever they are, checked against what was uploaded."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

from sindico_platform.blobs.stores import ByteStore
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import open_file_server
from sindico_platform.file_transport.errors import FILE_DIFFERS
from sindico_tenants.documents.carrying.schemas import Carriage, Holding


def read_document(
    guard: EgressGuard, store: ByteStore, tenant_id: UUID, holding: Holding
) -> AsyncIterator[bytes]:
    """The bytes as they come, in constant memory.

    Raises:
        Terminal, Transient: the server could not be reached, or what it gave is not what was
            stored there, which is known after the last byte.
    """
    if holding.carriage is not None:
        return _from_server(guard, holding.carriage)
    if holding.blob is None:
        raise ValueError("a document without bytes")
    return read_blob(store, tenant_id, holding.blob)


async def _from_server(guard: EgressGuard, carriage: Carriage) -> AsyncIterator[bytes]:
    digest, size_bytes = hashlib.sha256(), 0
    async with (
        open_file_server(guard, carriage.server) as server,
        aclosing(server.download(carriage.path)) as chunks,
    ):
        async for chunk in chunks:
            digest.update(chunk)
            size_bytes += len(chunk)
            yield chunk
    if digest.hexdigest() != carriage.sha256:
        raise FILE_DIFFERS.error(
            host=carriage.server.host, read_bytes=size_bytes, written_bytes=carriage.size_bytes
        )
