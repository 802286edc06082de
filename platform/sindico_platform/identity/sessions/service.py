"""Opens, keeps and closes console sessions.

A session ends 12 hours after it was last seen (`SESSION_IDLE`) and in any case after 7 days.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, update

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity.authentication.service import SESSION_IDLE, Principal
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import Session, SupportSession

SESSION_LIFETIME = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""How stale `last_seen_at` may be; a write for every page would be too much."""
MAX_AGENT_LENGTH = 200


async def open_session(
    tx: Tx,
    *,
    user_id: UUID,
    address: str,
    user_agent: str,
    support: SupportSession | None = None,
) -> Credential:
    """Start a session for a user who has just proven to be it.

    Args:
        support: the support session in which staff act as the user; it ends with that.

    Returns:
        The credential, for the cookie; it is not kept.
    """
    await _forget_expired(tx, user_id)
    credential = Credential.generate(tx.tenant_id, tx.new_id())
    tx.session.add(
        Session(
            tenant_id=tx.tenant_id,
            id=credential.id,
            user_id=user_id,
            digest=credential.digest,
            address=address,
            user_agent=user_agent[:MAX_AGENT_LENGTH],
            created_at=tx.now,
            last_seen_at=tx.now,
            expires_at=support.ends_at if support else tx.now + SESSION_LIFETIME,
            support_session_id=support.id if support else None,
        )
    )
    await tx.session.flush()
    return credential


async def close_session(tx: Tx, *, session_id: UUID) -> None:
    """End a session. Repeating the call, or naming one that does not exist, changes nothing."""
    session = await tx.session.get(Session, (tx.tenant_id, session_id))
    if session is None or session.revoked_at is not None:
        return
    session.revoked_at = tx.now
    await tx.session.flush()
    await audit.record(tx, "user:sign-out", target_type="user", target_id=session.user_id)


async def close_sessions_of_user(tx: Tx, *, user_id: UUID, besides: UUID | None = None) -> None:
    """End every session of a user, except the one that asks for it."""
    statement = update(Session).where(
        Session.tenant_id == tx.tenant_id, Session.user_id == user_id, Session.revoked_at.is_(None)
    )
    if besides:
        statement = statement.where(Session.id != besides)
    await tx.session.execute(statement.values(revoked_at=tx.now))


def is_stale(principal: Principal) -> bool:
    """Whether `touch_session` is due."""
    return principal.at - principal.seen_at > SEEN_EVERY


async def touch_session(tx: Tx, *, session_id: UUID) -> None:
    """Note that a session is in use."""
    await tx.session.execute(
        update(Session)
        .where(Session.tenant_id == tx.tenant_id, Session.id == session_id)
        .values(last_seen_at=tx.now)
    )


def csrf_token(credential: Credential) -> str:
    """What a page of this session sends back with every change.

    Made from the session's secret, which scripts and other sites cannot read; it does not give the
    secret away, and ends with the session.
    """
    mac = hmac.digest(credential.secret.reveal().encode(), b"csrf", "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


async def _forget_expired(tx: Tx, user_id: UUID) -> None:
    dead = (Session.expires_at < tx.now) | (Session.last_seen_at < tx.now - SESSION_IDLE)
    await tx.session.execute(
        delete(Session).where(Session.tenant_id == tx.tenant_id, Session.user_id == user_id, dead)
    )
