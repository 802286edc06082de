"""Documents through either door: taken in once, and given back from wherever they lie."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Stream

from sindico_api.context import Context
from sindico_api.downloads import send_file
from sindico_api.once import REPLAYED, Once
from sindico_platform.blobs import service as blobs
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.blobs.transfer import read_blob, write_blob
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_provisioning.document_notices.service import watch_document
from sindico_tenants.documents import service
from sindico_tenants.documents.carrying.reading import read_document
from sindico_tenants.documents.carrying.service import begin_reading
from sindico_tenants.documents.fields import clean_content_type, clean_filename
from sindico_tenants.documents.models import PURPOSE, Document
from sindico_tenants.documents.schemas import Target

MAX_UPLOAD_BYTES = service.MAX_FILE_BYTES + 64_000
"""Of a request; the rest of the form is small."""
PIECE_BYTES = 1 << 18
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}
"""What a customer's file may do in a browser: nothing."""

T = TypeVar("T")


async def take_document(
    context: Context,
    actor: Actor,
    *,
    target: Target,
    file: UploadFile | None,
    name: str | None = None,
    description: str | None = None,
    key: str | None = None,
    answer: Callable[[Document], Response[T]],
) -> Response[T]:
    """Store a file and have it carried to its server; once per key.

    Raises:
        FileServerMissing: naming who has no file server; no byte is kept.
        InvalidInput, AttachedRecordNotFound, NotAllowed: as `service.add_file`.
        BlobTooLarge: it has more than `service.MAX_FILE_BYTES`.
    """
    try:
        async with context.uow.begin(actor) as tx:
            await service.demand_place(tx, target, name=name, description=description)
        if file is None or not file.filename:
            raise InvalidInput(field_error("file", "file-missing", "Choose a file."))
        blob = await _store(context, actor, file)
    finally:
        if file is not None:
            await file.close()
    said = f"{target} {name!r} {description!r} {blob.filename!r} {blob.sha256}"

    async def add(tx: Tx) -> Response[T]:
        document = await service.add_file(
            tx, target=target, blob=blob, name=name, description=description
        )
        await watch_document(tx, document_id=document.id)
        return answer(document)

    return await _add_once(_once(context, actor, said, key), blob, add)


async def _store(context: Context, actor: Actor, file: UploadFile) -> BlobOut:
    return await write_blob(
        context.uow,
        context.blobs,
        actor,
        _pieces(file),
        purpose=PURPOSE,
        filename=clean_filename(file.filename),
        content_type=clean_content_type(file.content_type),
        expires_at=None,
        max_bytes=service.MAX_FILE_BYTES,
    )


def _once(context: Context, actor: Actor, said: str, key: str | None) -> Once:
    return Once(
        context=context,
        actor=actor,
        method="POST",
        path="/api/v1/documents",
        body=said.encode(errors="replace"),
        key=key,
    )


async def _add_once(
    once: Once, blob: BlobOut, add: Callable[[Tx], Awaitable[Response[T]]]
) -> Response[T]:
    """Without a document that keeps it, the blob goes."""
    try:
        response = await once.run(add)
    except Exception:
        await _drop(once, blob)
        raise
    if REPLAYED in response.headers:
        await _drop(once, blob)
    return response


async def send_document(context: Context, actor: Actor, document_id: UUID) -> Stream:
    """Answer with a document's bytes, from here or through its file server.

    Raises:
        DocumentNotFound, DocumentIsLink, DocumentHeldByCustomer: there are none to be had.
        Terminal, Transient: the server could not be reached or has not got the file.
    """
    async with context.uow.begin(actor) as tx:
        holding = await begin_reading(tx, context.secrets, document_id=document_id)
    chunks = read_document(context.guard, context.blobs, actor.tenant_id, holding)
    return await _send(holding.filename, holding.content_type, chunks)


async def send_blob(context: Context, actor: Actor, blob: BlobOut) -> Stream:
    """Answer with a document's bytes that wait here."""
    chunks = read_blob(context.blobs, actor.tenant_id, blob)
    return await _send(blob.filename, blob.content_type, chunks)


async def _send(filename: str, content_type: str, chunks: AsyncIterator[bytes]) -> Stream:
    # What goes wrong before the first byte can still be told as a problem.
    first = await anext(chunks, b"")

    async def everything() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    stream = send_file(filename, content_type, everything())
    stream.headers.update(SAFE_HEADERS)
    return stream


async def _drop(once: Once, blob: BlobOut) -> None:
    async with once.context.uow.begin(once.actor) as tx:
        await blobs.remove_blob(tx, blob_id=blob.id)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece
