"""Files that the customer's server fetches: what waits, the signed address, the confirmation."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.blobs import queries as blobs
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.secrets import KeyRing, Mac, SealingKeyUnknown
from sindico_tenants.documents import queries
from sindico_tenants.documents.carrying.service import settle
from sindico_tenants.documents.errors import (
    PickupAddressExpired,
    PickupDiffers,
    PickupNotFound,
)
from sindico_tenants.documents.models import PURPOSE, Document, DocumentState
from sindico_tenants.documents.schemas import PickupOut
from sindico_tenants.ftp_settings.schemas import TransferMethod
from sindico_tenants.ftp_settings.service import note_use

ADDRESS_SECONDS = 3600
SIGNED_FOR = "document-pickup"


async def list_pickups(
    tx: Tx, keys: KeyRing, *, request: PageRequest, base: str
) -> Page[PickupOut]:
    """What waits for the customer's server, oldest first, each with a signed address.

    Args:
        base: the address under which pickups are, without a slash at the end.
    """
    found = await queries.list_waiting(tx, request=request)
    until = tx.now + timedelta(seconds=ADDRESS_SECONDS)
    return Page(
        items=[_show(row, sign(keys, row, until), base) for row in found.items],
        next_cursor=found.next_cursor,
    )


async def begin_pickup(tx: Tx, keys: KeyRing, *, document_id: UUID, signature: str) -> BlobOut:
    """The bytes that wait, for the bearer of a good address.

    Raises:
        PickupNotFound: nothing of that id waits.
        PickupAddressExpired: the signature is wrong or too old.
    """
    document = await queries.lock_waiting(tx, document_id)
    if not _is_signed(keys, document, signature, tx.now):
        raise PickupAddressExpired
    if document.blob_id is None:
        raise PickupNotFound(document_id=str(document_id))
    document.fetched_at = tx.now
    await tx.session.flush()
    return await blobs.get_blob(tx, document.blob_id, purpose=PURPOSE)


async def confirm_pickup(tx: Tx, *, document_id: UUID, sha256: str) -> None:
    """The customer's server has the file; ours is let go of. Repeatable.

    Raises:
        PickupNotFound: nothing of that id waits.
        PickupDiffers: other bytes arrived; they keep waiting.
    """
    arrived = sha256.strip().lower()
    confirmed = await queries.find_confirmed(tx, document_id)
    if confirmed is not None and confirmed.sha256 == arrived:
        return
    document = await queries.lock_waiting(tx, document_id)
    if document.sha256 != arrived:
        raise PickupDiffers(sha256=document.sha256)
    await settle(tx, document)
    if document.ftp_settings_id is not None:
        await note_use(tx, settings_id=document.ftp_settings_id)
    await audit.record(tx, "document:confirm", target_type="document", target_id=document_id)


async def mark_overdue(tx: Tx, *, document_id: UUID) -> Document | None:
    """Note that a file has waited too long; gives it the first time only."""
    document = await queries.lock_file(tx, document_id)
    if (
        document is None
        or document.state != DocumentState.WAITING
        or document.transfer_method != TransferMethod.CUSTOMER
        or document.overdue_at is not None
    ):
        return None
    document.overdue_at = tx.now
    await tx.session.flush()
    return document


def sign(keys: KeyRing, document: Document, until: datetime) -> str:
    """What makes an address good for this file until then."""
    seconds = int(until.timestamp())
    mac = keys.mac_with_key_id(SIGNED_FOR, _bound(document, seconds))
    return f"{seconds}.{mac.key_id}.{urlsafe_b64encode(mac.digest).decode()}"


def _is_signed(keys: KeyRing, document: Document, signature: str, now: datetime) -> bool:
    try:
        until, key_id, digest = signature.split(".")
        seconds, mac = int(until), Mac(key_id, urlsafe_b64decode(digest))
        is_ours = keys.verify_mac(SIGNED_FOR, _bound(document, seconds), mac)
    except (ValueError, binascii.Error, SealingKeyUnknown):
        return False
    return is_ours and seconds > now.timestamp()


def _bound(document: Document, seconds: int) -> bytes:
    return document.tenant_id.bytes + document.id.bytes + str(seconds).encode()


def _show(row: Document, signature: str, base: str) -> PickupOut:
    return PickupOut(
        id=row.id,
        filename=row.filename or "",
        stored_name=row.stored_name or "",
        folder=row.folder or "",
        content_type=row.content_type or "",
        size_bytes=row.size_bytes or 0,
        sha256=row.sha256 or "",
        company_id=row.company_id,
        branch_id=row.branch_id,
        waiting_since=row.created_at,
        fetched_at=row.fetched_at,
        content_url=f"{base}/{row.id}/content?signature={signature}",
    )
