"""The writer of what carrying a file changes; each function is one side of a step at a server."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.blobs import queries as blob_queries
from sindico_platform.blobs import service as blobs
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.secrets import KeyRing
from sindico_tenants.documents import jobs as document_jobs
from sindico_tenants.documents import queries
from sindico_tenants.documents.carrying.schemas import Carriage, Holding
from sindico_tenants.documents.errors import (
    DocumentHeldByCustomer,
    DocumentIsLink,
    server_changed,
)
from sindico_tenants.documents.models import PURPOSE, Document, DocumentKind, DocumentState
from sindico_tenants.documents.targets import demand_server
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.queries import find_settings_held
from sindico_tenants.ftp_settings.reaching import open_secrets, place_of, reach_stored
from sindico_tenants.ftp_settings.schemas import TransferMethod
from sindico_tenants.ftp_settings.service import note_use
from sindico_tenants.server_settings.schemas import Scope


async def begin_storing(tx: Tx, keys: KeyRing, *, document_id: UUID) -> Carriage | None:
    """What is to be carried where; None if nothing is, any more.

    Raises:
        FileServerMissing: the settings were removed meanwhile.
    """
    document = await queries.lock_file(tx, document_id)
    if document is None:
        return None
    if document.state == DocumentState.REMOVED:
        await _remove_again(tx, document)  # an attempt before may have left the file
        return None
    if document.state != DocumentState.WAITING or document.blob_id is None:
        return None
    settings = await demand_server(tx, Scope(document.company_id, document.branch_id))
    document.transfer_method = settings.transfer_method
    document.ftp_settings_id, document.folder = settings.id, settings.folder
    await tx.session.flush()
    if settings.transfer_method == TransferMethod.CUSTOMER:  # changed since the upload
        return None
    return replace(_carriage(document, settings, keys), blob_id=document.blob_id)


async def finish_storing(tx: Tx, carriage: Carriage) -> None:
    """Note that every byte is on the server, and let go of those kept here. Repeatable.

    Raises:
        Transient: ``file-server-changed``, the bytes are on a server that no longer counts.
    """
    document = await queries.lock_file(tx, carriage.document_id)
    if document is None or document.state != DocumentState.WAITING:
        if document is not None and document.state == DocumentState.REMOVED:
            await _remove_again(tx, document)
        return
    await _demand_same_server(tx, carriage)
    await settle(tx, document)
    await note_use(tx, settings_id=carriage.settings_id)
    await _record(tx, "store", document, stored_name=carriage.path)


async def settle(tx: Tx, document: Document) -> None:
    """The file is where it belongs: let go of the bytes kept here."""
    document.state, document.reason, document.stored_at = DocumentState.STORED, None, tx.now
    document.revision += 1
    if document.blob_id is not None:
        await blobs.remove_blob(tx, blob_id=document.blob_id)
        document.blob_id = None
    await tx.session.flush()


async def fail_storing(tx: Tx, *, document_id: UUID, reason: dict[str, Any]) -> None:
    """Give up for now; the bytes stay, so that it can be begun again."""
    document = await queries.lock_file(tx, document_id)
    if document is not None and document.state == DocumentState.REMOVED:
        await _remove_again(tx, document)
    if document is None or document.state != DocumentState.WAITING:
        return
    document.state, document.reason = DocumentState.FAILED, reason
    document.revision += 1
    await tx.session.flush()
    await _record(tx, "fail", document, code=reason["code"])


async def mark_failure_told(tx: Tx, *, document_id: UUID) -> Document | None:
    """Note that people are told of a file that is not stored; gives it the first time only."""
    document = await queries.lock_file(tx, document_id)
    if document is None or document.state != DocumentState.FAILED or document.overdue_at:
        return None
    document.overdue_at = tx.now
    await tx.session.flush()
    return document


async def begin_removal(tx: Tx, keys: KeyRing, *, document_id: UUID) -> Carriage | None:
    """What is to be removed where; None where we reach nothing."""
    document = await queries.lock_file(tx, document_id)
    if document is None or document.state != DocumentState.REMOVED:
        return None
    settings = await queries.find_settings(tx, document)
    if settings is None or settings.host is None:
        return None
    return _carriage(document, settings, keys)


async def finish_removal(tx: Tx, *, document_id: UUID) -> None:
    """The file is gone: what is left of the document holds no company or branch back."""
    document = await queries.lock_file(tx, document_id)
    if document is not None and document.state == DocumentState.REMOVED:
        document.company_id = document.branch_id = None
        await tx.session.flush()


async def begin_reading(tx: Tx, keys: KeyRing, *, document_id: UUID) -> Holding:
    """Where the bytes of a document are.

    Raises:
        DocumentNotFound: no such document.
        DocumentIsLink: it has none.
        DocumentHeldByCustomer: they are where we do not reach.
    """
    document = await queries.get_document(tx, document_id)
    if document.kind == DocumentKind.LINK:
        raise DocumentIsLink(url=document.url)
    filename, content_type = document.filename or "", document.content_type or ""
    if document.blob_id is not None:
        blob = await blob_queries.get_blob(tx, document.blob_id, purpose=PURPOSE)
        return Holding(filename=filename, content_type=content_type, blob=blob)
    settings = await queries.find_settings(tx, document)
    if settings is None or settings.host is None:
        raise DocumentHeldByCustomer(stored_name=document.stored_name)
    await note_use(tx, settings_id=settings.id)
    carriage = _carriage(document, settings, keys)
    return Holding(filename=filename, content_type=content_type, carriage=carriage)


async def _demand_same_server(tx: Tx, carriage: Carriage) -> None:
    """The settings are still of the server that has the file, and stay so with this transaction."""
    settings, server = await find_settings_held(tx, carriage.settings_id), carriage.server
    stored_at = (server.host, server.port, server.username, server.connection.value)
    if settings is None or place_of(settings) != stored_at:
        raise server_changed()


async def _remove_again(tx: Tx, document: Document) -> None:
    await jobs.add(tx, document_jobs.remove_document_file, document_id=document.id)


def _carriage(document: Document, settings: FtpSettings, keys: KeyRing) -> Carriage:
    server = reach_stored(settings, open_secrets(settings, keys))
    folder = settings.folder if document.folder is None else document.folder
    return Carriage(
        document_id=document.id,
        server=replace(server, folder=folder),
        path=document.stored_name or "",
        settings_id=settings.id,
        sha256=document.sha256 or "",
        size_bytes=document.size_bytes or 0,
    )


async def _record(tx: Tx, verb: str, document: Document, **told: Any) -> None:
    await audit.record(
        tx, f"document:{verb}", target_type="document", target_id=document.id, **told
    )
