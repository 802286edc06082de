"""The only writer of what people do with documents; carrying files is the jobs' part.

Nothing here reaches a server.
"""

from typing import Any
from uuid import UUID

from msgspec import UNSET

from sindico_platform.audit import service as audit
from sindico_platform.blobs import service as blobs
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.jobs import service as jobs
from sindico_platform.revisions import demand_revision
from sindico_tenants.documents import jobs as document_jobs
from sindico_tenants.documents import queries
from sindico_tenants.documents.errors import DocumentNotFailed
from sindico_tenants.documents.fields import clean_filename, demand_fields, stored_name_of
from sindico_tenants.documents.models import Document, DocumentKind, DocumentState
from sindico_tenants.documents.schemas import DocumentEditIn, LinkIn, Target
from sindico_tenants.documents.targets import demand_server, demand_target
from sindico_tenants.ftp_settings.schemas import TransferMethod
from sindico_tenants.server_settings.schemas import Scope

MAX_FILE_BYTES = 2 << 30


async def demand_place(
    tx: Tx, target: Target, *, name: str | None, description: str | None
) -> None:
    """Refuse an upload before its bytes are read.

    Raises:
        FileServerMissing: naming who has no file server.
        AttachedRecordNotFound, NotAllowed, InvalidInput: see `targets.demand_target`.
    """
    demand_fields(name=name, description=description)
    await demand_server(tx, await demand_target(tx, target))


async def add_file(
    tx: Tx, *, target: Target, blob: BlobOut, name: str | None, description: str | None
) -> Document:
    """Take a file on whose bytes are in a blob; a job or the customer's server carries it.

    Raises:
        FileServerMissing, AttachedRecordNotFound, NotAllowed, InvalidInput: as `demand_place`.
    """
    demand_fields(name=name, description=description)
    if blob.size_bytes == 0:
        raise InvalidInput(field_error("file", "file-empty", "The file is empty."))
    scope = await demand_target(tx, target)
    settings = await demand_server(tx, scope)
    document_id, filename = tx.new_id(), clean_filename(blob.filename)
    document = _new(
        tx,
        document_id,
        target,
        scope,
        kind=DocumentKind.FILE,
        state=DocumentState.WAITING,
        name=name.strip() if name else filename,
        description=description or None,
        filename=filename,
        content_type=blob.content_type,
        size_bytes=blob.size_bytes,
        sha256=blob.sha256,
        blob_id=blob.id,
        transfer_method=settings.transfer_method,
        ftp_settings_id=settings.id,
        folder=settings.folder,
        stored_name=stored_name_of(document_id, filename),
    )
    await _add(tx, document)
    if settings.transfer_method == TransferMethod.APPLICATION:
        await jobs.add(tx, document_jobs.store_document, document_id=document_id)
    return document


async def add_link(tx: Tx, *, data: LinkIn) -> Document:
    """Keep a link; it needs no file server (R-074).

    Raises:
        AttachedRecordNotFound, NotAllowed, InvalidInput: see `targets.demand_target`.
    """
    demand_fields(name=data.name, description=data.description, url=data.url)
    target = Target(
        resource=data.resource,
        record_id=data.record_id,
        company_id=data.company_id,
        branch_id=data.branch_id,
    )
    document = _new(
        tx,
        tx.new_id(),
        target,
        await demand_target(tx, target),
        kind=DocumentKind.LINK,
        state=DocumentState.STORED,
        name=data.name.strip(),
        description=data.description or None,
        url=data.url,
        stored_at=tx.now,
    )
    await _add(tx, document)
    return document


async def edit_document(
    tx: Tx, *, document_id: UUID, data: DocumentEditIn, revision: int | None = None
) -> Document:
    """Change name, description or a link's address; the file itself stays as it is.

    Raises:
        DocumentNotFound: no such document.
        ChangedMeanwhile: it has another revision than `revision`.
        InvalidInput: listing every field that is wrong.
    """
    document = await queries.get_document(tx, document_id, lock=True)
    demand_revision(document.revision, revision)
    wanted = {
        name: value
        for name in ("name", "description", "url")
        if (value := getattr(data, name)) is not UNSET
    }
    if "url" in wanted and document.kind != DocumentKind.LINK:
        raise InvalidInput(field_error("url", "not-a-link", "Only links have an address."))
    demand_fields(**wanted)
    if "name" in wanted:
        wanted["name"] = wanted["name"].strip()
    changes = {
        name: (getattr(document, name), value)
        for name, value in wanted.items()
        if getattr(document, name) != value
    }
    if changes:
        for name, (_before, value) in changes.items():
            setattr(document, name, value)
        _touch(tx, document)
        await tx.session.flush()
        await _record(tx, "change", document, changes=changes)
    return document


async def remove_document(tx: Tx, *, document_id: UUID, revision: int | None = None) -> None:
    """Make a document unreadable at once; a job removes its file from the server.

    Raises:
        DocumentNotFound: no such document.
        ChangedMeanwhile: it has another revision than `revision`.
    """
    document = await queries.get_document(tx, document_id, lock=True)
    demand_revision(document.revision, revision)
    document.state = DocumentState.REMOVED
    if document.blob_id is not None:
        await blobs.remove_blob(tx, blob_id=document.blob_id)
        document.blob_id = None
    if document.kind == DocumentKind.FILE:
        await jobs.add(tx, document_jobs.remove_document_file, document_id=document_id)
    else:
        document.company_id = document.branch_id = None
    _touch(tx, document)
    await tx.session.flush()
    await _record(tx, "delete", document, name=document.name)


async def retry_document(tx: Tx, *, document_id: UUID) -> Document:
    """Send a file again that was given up; by the settings that count now.

    Raises:
        DocumentNotFound: no such document.
        DocumentNotFailed: it is stored or on its way.
        FileServerMissing: no file server is configured any more.
    """
    document = await queries.get_document(tx, document_id, lock=True)
    if document.state != DocumentState.FAILED:
        raise DocumentNotFailed
    settings = await demand_server(tx, Scope(document.company_id, document.branch_id))
    document.state, document.reason, document.overdue_at = DocumentState.WAITING, None, None
    document.ftp_settings_id, document.folder = settings.id, settings.folder
    document.transfer_method = settings.transfer_method
    _touch(tx, document)
    await tx.session.flush()
    if settings.transfer_method == TransferMethod.APPLICATION:
        await jobs.add(tx, document_jobs.store_document, document_id=document_id)
    await _record(tx, "retry", document)
    return document


def _new(tx: Tx, document_id: UUID, target: Target, scope: Scope, **values: Any) -> Document:
    return Document(
        tenant_id=tx.tenant_id,
        id=document_id,
        resource=target.resource,
        record_id=target.record_id,
        company_id=scope.company_id,
        branch_id=scope.branch_id,
        revision=1,
        created_at=tx.now,
        created_by=tx.actor.id,
        created_by_name=tx.actor.name,
        updated_at=tx.now,
        updated_by=tx.actor.id,
        **values,
    )


async def _add(tx: Tx, document: Document) -> None:
    tx.session.add(document)
    await tx.session.flush()
    facts = {"name": document.name, "kind": document.kind}
    await _record(tx, "create", document, **facts)


def _touch(tx: Tx, document: Document) -> None:
    document.revision += 1
    document.updated_at, document.updated_by = tx.now, tx.actor.id


async def _record(tx: Tx, verb: str, document: Document, **told: Any) -> None:
    await audit.record(
        tx, f"document:{verb}", target_type="document", target_id=document.id, **told
    )
