"""Reads of support sessions of the bound tenant."""

from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.identity.models import SupportSession
from sindico_platform.identity.support_sessions.errors import SupportSessionNotFound
from sindico_platform.identity.support_sessions.schemas import SupportSessionOut
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest

ORDERS = Keyset(SupportSession.id, default="-created_at", created_at=SupportSession.created_at)
READER = StructReader(SupportSessionOut, SupportSession)


async def list_support_sessions(tx: Tx, request: PageRequest) -> Page[SupportSessionOut]:
    """One page, newest first."""
    return await READER.page(tx, ORDERS, request, [SupportSession.tenant_id == tx.tenant_id])


async def lock_support_session(tx: Tx, session_id: UUID) -> SupportSession:
    """Raises: SupportSessionNotFound when the bound tenant has none of this id."""
    key = (tx.tenant_id, session_id)
    session = await tx.session.get(SupportSession, key, with_for_update=True)
    if session is None:
        raise SupportSessionNotFound
    return session
